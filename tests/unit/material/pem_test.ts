import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import { formatPem, parsePem } from "../../../src/material/pem.ts";

const FILE = "/certs/tls.crt";
/** Base64 of the octets 1 to 6. */
const BODY = "AQIDBAUG";
const BLOCK =
  `-----BEGIN CERTIFICATE-----\n${BODY}\n-----END CERTIFICATE-----\n`;

function parse(text: string) {
  return parsePem(new TextEncoder().encode(text), FILE);
}

function refusal(text: string): string {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof SidecarError);
    assert.equal(error.code, "PEM_INVALID");
    return error.message;
  }
  assert.fail("expected a refusal");
}

Deno.test("parsePem() gives the label, octets and line of each block", () => {
  const key =
    "-----BEGIN EC PRIVATE KEY-----\nBw==\n-----END EC PRIVATE KEY-----\n";
  assert.deepEqual(parse(BLOCK + key), [
    { label: "CERTIFICATE", der: Uint8Array.of(1, 2, 3, 4, 5, 6), line: 1 },
    { label: "EC PRIVATE KEY", der: Uint8Array.of(7), line: 4 },
  ]);
});

Deno.test("parsePem() lets text stand before, between and after blocks", () => {
  const text =
    `subject=CN = é\n  Issuer: -- x\n${BLOCK}\n\ntext\n${BLOCK}end\0`;
  assert.deepEqual(parse(text).map(({ line }) => line), [3, 9]);
});

Deno.test("parsePem() reads CRLF, trailing blanks, short lines and a last line without end", () => {
  const lines = [
    "-----BEGIN X509 CRL----- ",
    "AQID\t",
    "BAUG",
    "-----END X509 CRL-----",
  ];
  const [block] = parse(lines.join("\r\n"));
  assert.deepEqual(block?.der, Uint8Array.of(1, 2, 3, 4, 5, 6));
});

Deno.test("parsePem() reads what formatPem() writes, in lines of at most 64 characters", () => {
  for (const length of [1, 47, 48, 49, 1000]) {
    const der = crypto.getRandomValues(new Uint8Array(length));
    const text = formatPem(der, "PRIVATE KEY");
    assert.deepEqual(parse(text), [{ label: "PRIVATE KEY", der, line: 1 }]);
    assert.ok(text.split("\n").every((line) => line.length <= 64));
  }
});

const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";
const MALFORMED: [name: string, text: string, problem: string][] = [
  ["an empty file", "", ": expected a PEM block, found an empty file"],
  ["a file of text alone", "hello\n", ": expected a PEM block, found none"],
  ["DER", "\x30\x82\x01\x00", ": expected a PEM block, found none"],
  [
    "BEGIN without END",
    `${BLOCK}${BEGIN}\n${BODY}\n`,
    " line 4: expected an END line for the CERTIFICATE",
  ],
  [
    "END without BEGIN",
    `text\n${END}\n`,
    " line 2: expected a BEGIN line before an END line",
  ],
  [
    "END of another label",
    `${BEGIN}\n${BODY}\n-----END X509 CRL-----\n`,
    " line 3: expected the END line of the CERTIFICATE of line 1",
  ],
  [
    "BEGIN within a block",
    `${BEGIN}\n${BODY}\n${BLOCK}`,
    " line 3: expected the END line of line 1 before a BEGIN",
  ],
  [
    "an empty block",
    `${BEGIN}\n${END}\n`,
    " line 1: expected one or more octets in canonical base64",
  ],
  [
    "a foreign character",
    `${BEGIN}\nAQ-D\n${END}\n`,
    " line 2: expected base64",
  ],
  [
    "an empty line within",
    `${BEGIN}\n${BODY}\n\n${BODY}\n${END}\n`,
    " line 3: expected base64",
  ],
  [
    "a header within",
    `${BEGIN}\nName: value\n\n${BODY}\n${END}\n`,
    " line 2: expected base64",
  ],
  ["NUL within", `${BEGIN}\nAQID\0\n${END}\n`, " line 2: expected base64"],
  [
    "padding in the middle",
    `${BEGIN}\nAQ==\nAQID\n${END}\n`,
    " line 1: expected one or more octets in canonical base64",
  ],
  [
    "missing padding",
    `${BEGIN}\nAQ\n${END}\n`,
    " line 1: expected one or more octets in canonical base64",
  ],
  [
    "bits beyond the last octet",
    `${BEGIN}\nAR==\n${END}\n`,
    " line 1: expected one or more octets in canonical base64",
  ],
  [
    "too much padding",
    `${BEGIN}\nAQI==\n${END}\n`,
    " line 1: expected one or more octets in canonical base64",
  ],
  [
    "an indented BEGIN",
    `  ${BLOCK}`,
    " line 1: expected a whole BEGIN or END line",
  ],
  [
    "a byte order mark",
    `\ufeff${BLOCK}`,
    " line 1: expected a whole BEGIN or END line",
  ],
  [
    "text behind END",
    `${BEGIN}\n${BODY}\n${END} x\n`,
    " line 3: expected a whole BEGIN or END line",
  ],
  [
    "a BEGIN behind an END",
    `${BLOCK.trimEnd()}${BLOCK}`,
    " line 3: expected a whole BEGIN or END line",
  ],
  [
    "four dashes",
    `-----BEGIN CERTIFICATE----\n${BODY}\n${END}\n`,
    " line 1: expected a whole BEGIN or END line",
  ],
  [
    "a label in lower case",
    BLOCK.replaceAll("CERTIFICATE", "certificate"),
    " line 1: expected a whole BEGIN or END line",
  ],
];

for (const [name, text, problem] of MALFORMED) {
  Deno.test(`parsePem() refuses ${name}`, () => {
    assert.equal(refusal(text), `Cannot parse "${FILE}"${problem}`);
  });
}

Deno.test("parsePem() never repeats what it read", () => {
  const secret = "c2VjcmV0";
  for (
    const text of [
      `${BEGIN}\n${secret}!\n${END}`,
      `${BEGIN}\n${secret}`,
      `-----BEGIN ${secret}-----\n`,
      `${BEGIN}\n${secret}=\n${END}`,
    ]
  ) {
    assert.doesNotMatch(refusal(text), new RegExp(secret));
  }
});

Deno.test("parsePem() reads 4 MiB of one line without delay", () => {
  const started = performance.now();
  assert.match(
    refusal(`${BEGIN}\n${"A".repeat(4 * 1024 * 1024)}=A\n`),
    /line 2: expected base64/,
  );
  assert.match(refusal("-----BEGIN ".repeat(300_000)), /line 1/);
  assert.match(refusal(`${" ".repeat(4 * 1024 * 1024)}x`), /found none$/);
  assert.ok(performance.now() - started < 5000);
});
