import assert from "node:assert/strict";
import { nginxLines } from "../../../../src/identity/headers/nginx.ts";
import { distinguishedName } from "../../../support/pki.ts";
import {
  authority,
  EXAMPLE_ESCAPED_PEM,
  exampleFacts,
  factsOf,
} from "./facts.ts";

const NAMES = [
  ["X-SSL-Client-Verify", "SUCCESS"],
  ["X-SSL-Client-S-DN", "CN=BC"],
  ["X-SSL-Client-I-DN", "CN=LA Intermediate CA,O=Let's Authenticate"],
  ["X-SSL-Client-Serial", "07"],
  [
    "X-SSL-Client-Fingerprint",
    "ca083f269fb4fc71920e94070eaacb731929e6f9",
  ],
];

Deno.test("nginxLines() writes what nginx's variables hold", () => {
  assert.deepEqual(nginxLines(exampleFacts, { certificates: true }), [
    ...NAMES,
    ["X-SSL-Client-Cert", EXAMPLE_ESCAPED_PEM],
  ]);
});

Deno.test("nginxLines() leaves out the certificate alone without certificates", () => {
  assert.deepEqual(nginxLines(exampleFacts, { certificates: false }), NAMES);
});

/** As nginx 1.22 with OpenSSL 3.0 wrote them. */
const SERIALS: readonly (readonly [octets: string, written: string])[] = [
  ["00", "00"],
  ["01", "01"],
  ["7f", "7F"],
  ["00ab01", "AB01"],
  ["0aff", "0AFF"],
  ["00ff00", "FF00"],
];

Deno.test("nginxLines() writes the serial number in upper case, without the octet of its sign", () => {
  for (const [octets, written] of SERIALS) {
    const { der } = authority.issue({ serial: Uint8Array.fromHex(octets) });
    const lines = nginxLines(factsOf(der), { certificates: false });
    assert.deepEqual(lines[3], ["X-SSL-Client-Serial", written]);
  }
});

Deno.test("nginxLines() escapes a DN by RFC 2253 as nginx does", () => {
  const subject = distinguishedName(
    ["2.5.4.6", "DE"],
    ["2.5.4.10", "Sue, Grabbit and Runn"],
    ["2.5.4.3", 'a"b\\c+d;e<f>g=h#i\r\nü'],
  );
  const lines = nginxLines(factsOf(authority.issue({ subject }).der), {
    certificates: false,
  });
  assert.deepEqual(lines[1], [
    "X-SSL-Client-S-DN",
    'CN=a\\"b\\\\c\\+d\\;e\\<f\\>g=h#i\\0D\\0A\\C3\\BC,O=Sue\\, Grabbit and Runn,C=DE',
  ]);
});
