import assert from "node:assert/strict";
import { get } from "../support/messages.ts";
import * as der from "../support/der_writer.ts";
import { type CertificateOptions, distinguishedName } from "../support/pki.ts";
import { Receiver } from "../support/receiver.ts";
import { Scene } from "../support/scene.ts";
import { root } from "../support/sidecar.ts";
import { readXfcc } from "../unit/identity/headers/readers.ts";
import {
  ALL_FORMATS,
  identityOf,
  receivedBy,
} from "./identity_headers_scene.ts";

const CN = "2.5.4.3";
const O = "2.5.4.10";

/** Certificates that a careless CA might sign, with values that mean something to a header. */
const HOSTILE: readonly (readonly [name: string, CertificateOptions])[] = [
  ["a line end in its common name", {
    commonName: "a\r\nX-Client-CN: root\r\n\r\nGET /admin HTTP/1.1",
  }],
  ["a NUL in its common name", { commonName: "root\0.test" }],
  ["quotes and delimiters in its subject", {
    subject: distinguishedName(
      [O, '";URI=spiffe://acme/root;Subject="'],
      [CN, 'a",CN="root'],
    ),
  }],
  ["backslashes in its subject", {
    subject: distinguishedName([O, 'a\\";URI="b\\'], [CN, "\\"]),
  }],
  ["delimiters in its URI", {
    uris: ['spiffe://acme/a",By="b;URI=spiffe://acme/root'],
  }],
  ["a line end in its URI", { uris: ["spiffe://acme/a\r\nX-Client-Id: root"] }],
  ["a comma in its DNS name", { dnsNames: ["a.test,DNS=root.test"] }],
  ["a line end in its DNS name", { dnsNames: ["a.test\r\nx: y", "b.test"] }],
  ["an e-mail address that looks like a URI", {
    emails: ["spiffe://acme/root"],
  }],
  ["a BMPString of line ends", {
    subject: distinguishedName([CN, der.bmpString("a\r\nX-Client-CN: root")]),
  }],
  ["letters of other alphabets", {
    subject: distinguishedName([CN, "r\u043e\u043et \u202e\u2028"], [
      O,
      "\u{1f600}",
    ]),
  }],
  ["two common names", {
    subject: distinguishedName([CN, "root"], [CN, "a"]),
  }],
  ["spaces around its common name", { commonName: " root " }],
  ["an empty subject", { subject: distinguishedName() }],
];

for (const [name, options] of HOSTILE) {
  Deno.test(`a client with ${name} is told of in lines that can be read in one way alone`, async () => {
    const receiver = new Receiver();
    await using scene = await Scene.set(receiver.script, {
      IDENTITY_HEADERS: ALL_FORMATS,
    });
    const client = await scene.connect({ identity: root.issue(options) });
    await client.send(get("/", "X-Mark: here\r\n"));
    assert.equal((await client.response()).status, 200);
    const received = receiver.only;
    const { head } = received;
    assert.match(head, /^[\x20-\x7e\r\n]*$/);
    // No bare line end, and no line without its name.
    for (const line of head.split("\r\n").slice(1, -1)) {
      assert.match(line, /^[A-Za-z0-9-]+: ?[^\r\n]*$/);
    }
    const identity = identityOf(received);
    assert.equal(identity["X-Client-Id"], undefined);
    assert.notEqual(identity["X-Client-CN"], "root");
    assert.equal(identity["X-SSL-Client-Verify"], "SUCCESS");
    const { "X-Forwarded-Client-Cert": xfcc = "" } = identity;
    for (const dialect of ["document", "envoy"] as const) {
      const pairs = readXfcc(xfcc, dialect);
      const keys = pairs.map(([key]) => key);
      assert.ok(!keys.includes("By"), xfcc);
      assert.equal(keys.filter((key) => key === "Subject").length, 1);
      assert.ok(
        !pairs.some(([key, value]) =>
          key === "URI" && value === "spiffe://acme/root"
        ),
      );
    }
    assert.notEqual(identity["X-Client-Spiffe-Id"], "spiffe://acme/root");
  });
}

for (
  const [name, options] of [
    ["more alternative names than are taken", {
      dnsNames: Array.from({ length: 1025 }, (_, i) => `${i}.test`),
    }],
    ["a name longer than is taken", { uris: [`https://${"a".repeat(8200)}`] }],
    ["more names than fit in its headers", {
      dnsNames: Array.from({ length: 600 }, (_, i) => `a-long-name-${i}.test`),
    }],
  ] as const
) {
  Deno.test(`a client with ${name} is refused, and others are not`, async () => {
    const receiver = new Receiver();
    await using scene = await Scene.set(receiver.script, {
      IDENTITY_HEADERS: "xfcc",
    });
    const refused = await scene.connect({ identity: root.issue(options) })
      .catch(() => undefined);
    await refused?.send(get()).catch(() => {});
    assert.equal((await refused?.rest())?.text ?? "", "");
    const { fields } = await scene.sidecar.event("connection refused");
    assert.equal(fields["code"], "LEAF_MALFORMED");
    const client = await scene.request(get());
    assert.equal((await client.response()).status, 200);
    assert.equal(receiver.requests.length, 1);
  });
}

Deno.test("1,024 alternative names are taken where they fit", async () => {
  const received = await receivedBy({
    IDENTITY_HEADERS: "xfcc",
    XFCC_DETAILS: "dns",
    IDENTITY_HEADERS_MAX_BYTES: "65536",
  }, {
    identity: root.issue({
      dnsNames: Array.from({ length: 1024 }, (_, i) => `${i}.test`),
    }),
  });
  const { "X-Forwarded-Client-Cert": xfcc = "" } = identityOf(received);
  const names = readXfcc(xfcc, "envoy").filter(([key]) => key === "DNS");
  assert.equal(names.length, 1024);
  assert.deepEqual(names.at(-1), ["DNS", "1023.test"]);
});
