import assert from "node:assert/strict";
import fc from "fast-check";
import { FieldKind } from "../../../src/http/field_name.ts";
import { FieldSection } from "../../../src/http/field_section.ts";
import { fieldName } from "../../support/http_arbitrary.ts";
import { octetsOf } from "../../support/octet_reader.ts";

/** The kind of a field name, by way of a section with that one line. */
function kindOf(name: string): number {
  const fields = new FieldSection({
    invalid: "FIELD_INVALID",
    tooLarge: "FIELDS_TOO_LARGE",
  });
  const bytes = octetsOf(`${name}: x\r\n\r\n`);
  fields.rebase(bytes, 0);
  assert.equal(fields.parse(0, bytes.length), bytes.length);
  return fields.kind(0);
}

const KNOWN: Readonly<Record<string, number>> = {
  "Host": FieldKind.HOST,
  "Content-Length": FieldKind.CONTENT_LENGTH,
  "Transfer-Encoding": FieldKind.TRANSFER_ENCODING,
  "Connection": FieldKind.CONNECTION,
  "TE": FieldKind.TE,
  "Expect": FieldKind.EXPECT,
  "Date": FieldKind.DATE,
  "Keep-Alive": FieldKind.HOP_BY_HOP,
  "Proxy-Connection": FieldKind.HOP_BY_HOP,
  "Proxy-Authenticate": FieldKind.HOP_BY_HOP,
  "Proxy-Authorization": FieldKind.HOP_BY_HOP,
  "Upgrade": FieldKind.HOP_BY_HOP,
  "HTTP2-Settings": FieldKind.HOP_BY_HOP,
  "Forwarded": FieldKind.CLIENT_CLAIM,
  "X-Real-IP": FieldKind.CLIENT_CLAIM,
  "X-Client-CN": FieldKind.CLIENT_CLAIM,
  "X-Client-Subject": FieldKind.CLIENT_CLAIM,
  "X-Client-": FieldKind.CLIENT_CLAIM,
  "X-Client-Anything-Else": FieldKind.CLIENT_CLAIM,
  "X-Forwarded-For": FieldKind.CLIENT_CLAIM,
  "X-Forwarded-Proto": FieldKind.CLIENT_CLAIM,
  "X-Forwarded-Host": FieldKind.CLIENT_CLAIM,
  "X-Forwarded-Client-Cert": FieldKind.CLIENT_CLAIM,
  "X-SSL-Client-S-DN": FieldKind.CLIENT_CLAIM,
  "X-SSL-Cert": FieldKind.CLIENT_CLAIM,
  "SSL-Client-Verify": FieldKind.CLIENT_CLAIM,
  "Client-Cert": FieldKind.CLIENT_CLAIM,
  "Client-Cert-Chain": FieldKind.CLIENT_CLAIM,
  "Client-Certificate": FieldKind.CLIENT_CLAIM,
};

const letterCase = fc.func(fc.boolean());

/** The name with its letters in any case. */
const recased = fc.tuple(fc.constantFrom(...Object.keys(KNOWN)), letterCase)
  .map(([name, upper]) => ({
    name,
    spelled: [...name].map((letter, at) =>
      upper(at) ? letter.toUpperCase() : letter.toLowerCase()
    ).join(""),
  }));

Deno.test("fieldKind() knows each name that a proxy acts on, in any case", () => {
  for (const [name, kind] of Object.entries(KNOWN)) {
    assert.equal(kindOf(name), kind, name);
  }
  fc.assert(fc.property(recased, ({ name, spelled }) => {
    assert.equal(kindOf(spelled), KNOWN[name]);
  }));
});

Deno.test("fieldKind() takes any other mark in a hyphen's place for a lookalike", () => {
  fc.assert(fc.property(
    recased.filter(({ name }) => name.includes("-")),
    fc.func(fc.constantFrom(..."-_.!#$%&'*+^`|~")),
    ({ name, spelled }, mark) => {
      const respelled = spelled.replace(/-/g, (_, at) => mark(at));
      assert.equal(
        kindOf(respelled),
        respelled === spelled ? KNOWN[name] : FieldKind.LOOKALIKE,
        respelled,
      );
    },
  ));
});

Deno.test("fieldKind() takes a longer or shorter name for another one", () => {
  const others = ["X-Client", "X-Forwardeds", "Hos", "Hosts", "T", "Tee"];
  others.push("Content-Lengt", "Content-Lengthy", "XX-Client-CN", "User_Agent");
  others.push("Client-Cer", "X-SSL-Certs", "X-SSL-Client", "SSL-Client");
  // Of other ends: an application may want them of its clients.
  others.push("Remote-User", "X-Remote-User", "X-User", "Authorization");
  for (const name of others) assert.equal(kindOf(name), FieldKind.OTHER, name);
});

Deno.test("fieldKind() is not fooled by a name with the hash of another", () => {
  // 31 a + b is the same for the octets "st" and "u6", "at" and "c6"; the last
  // one begins with "te", and comes back to its hash eight octets later.
  for (const twin of ["hou6", "dc6e", "tefiiqacna"]) {
    assert.equal(kindOf(twin), FieldKind.OTHER, twin);
  }
});

Deno.test("fieldKind() finds nothing special in any other name", () => {
  fc.assert(fc.property(fieldName, (name) => {
    const plain = name.toLowerCase().replace(/[^a-z0-9]/g, "-");
    const isKnown =
      /^(client-cert|(x-client|x-forwarded|(x-)?ssl-client)-)/.test(plain) ||
      Object.keys(KNOWN).some((known) => known.toLowerCase() === plain);
    assert.equal(kindOf(name) !== FieldKind.OTHER, isKnown, name);
  }));
});
