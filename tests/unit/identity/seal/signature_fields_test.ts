import assert from "node:assert/strict";
import fc from "fast-check";
import {
  readSignature,
  readSignatureInput,
} from "../../../../src/identity/seal/signature_fields.ts";

const PARAMETERS =
  '("x-client-cn" "@method");created=1;nonce="7";keyid="a";alg="hmac-sha256";tag="mtls-sidecar"';
const MAC = `:${"A".repeat(43)}=:`;

Deno.test("readSignatureInput() reads what the sidecar writes", () => {
  assert.deepEqual(readSignatureInput(`seal=${PARAMETERS}`), {
    components: ["x-client-cn", "@method"],
    created: 1,
    sequence: 7n,
    keyId: "a",
    parameters: PARAMETERS,
  });
});

Deno.test("members of other signers are stepped over", () => {
  const fields = [
    `sig1=("@method");created=5, seal=${PARAMETERS}`,
    `seal=${PARAMETERS} ,\tsig1=();keyid="a,b", sig2=?1`,
    String.raw`sig1=();nonce="\", seal=(", seal=${PARAMETERS}`,
    `sealed=(), seal-2=(), seal=${PARAMETERS}`,
  ];
  for (const field of fields) {
    assert.equal(readSignatureInput(field)?.parameters, PARAMETERS, field);
  }
  assert.equal(readSignature(`sig1=:AA==:, seal=${MAC}`), MAC.slice(1, -1));
});

Deno.test("where the sidecar's member is missing that is said, and not more", () => {
  for (const field of ["", 'sig1=("@method")', 'sig1=();nonce="seal=()"']) {
    assert.equal(readSignatureInput(field), undefined, field);
    assert.equal(readSignature(field), undefined, field);
  }
});

Deno.test("readSignatureInput() refuses whatever the sidecar would not write", () => {
  const changes: readonly [string, string][] = [
    ["created=1", "created=01"],
    ["created=1", "created=-1"],
    ["created=1", "created=1.0"],
    ["created=1", "created=1234567890123"],
    ["created=1;", ""],
    ["created=1;", "created=1; "],
    ["created=1;", "created=1;expires=9;"],
    ["created=1;", "created=1;created=1;"],
    ['nonce="7"', "nonce=7"],
    ['nonce="7"', 'nonce="07"'],
    ['nonce="7"', 'nonce="18446744073709551616"'],
    ['nonce="7"', 'nonce="99999999999999999999"'],
    ['nonce="7"', 'nonce=""'],
    ['nonce="7";', ""],
    ['keyid="a"', 'keyid=""'],
    ['keyid="a"', 'keyid="a b"'],
    ['keyid="a"', `keyid="${"a".repeat(65)}"`],
    ["hmac-sha256", "HMAC-SHA256"],
    ["hmac-sha256", "rsa-v1_5-sha256"],
    ['alg="hmac-sha256";', ""],
    ['tag="mtls-sidecar"', 'tag="other"'],
    [';tag="mtls-sidecar"', ""],
    ['tag="mtls-sidecar"', 'tag="mtls-sidecar";x'],
    ['("x-client-cn" "@method")', "()"],
    ['("x-client-cn" "@method")', '("x-client-cn")("@method")'],
    ['"x-client-cn" "@method"', '"x-client-cn"  "@method"'],
    ['"x-client-cn" "@method"', ' "x-client-cn" "@method"'],
    ['"x-client-cn" "@method"', '"x-client-cn" "@method" '],
    ['"x-client-cn" "@method"', '"x-client-cn""@method"'],
    ['"x-client-cn" "@method"', '"X-Client-CN" "@method"'],
    ['"x-client-cn" "@method"', '"@method" "@method"'],
    ['"x-client-cn"', '"x-client-cn";sf'],
    ['"@method"', '"@query-param";name="a"'],
    ['"@method"', '"@method";req'],
    ['"@method"', "@method"],
  ];
  for (const [from, to] of changes) {
    assert.ok(PARAMETERS.includes(from));
    const field = `seal=${PARAMETERS.replace(from, to)}`;
    assert.equal(readSignatureInput(field), null, field);
  }
  for (
    const field of [
      "seal",
      "seal;a=1",
      "seal=",
      `seal=${PARAMETERS}, seal=${PARAMETERS}`,
      `seal=${PARAMETERS}, seal`,
      `seal=${PARAMETERS}, sig1="open`,
      `seal=${PARAMETERS}, ${"x".repeat(20_000)}`,
    ]
  ) assert.equal(readSignatureInput(field), null, field);
  assert.equal(
    readSignatureInput(
      `seal=${PARAMETERS.replace('"7"', '"18446744073709551615"')}`,
    )?.sequence,
    (1n << 64n) - 1n,
  );
});

Deno.test("readSignature() takes the base64 of 32 octets alone", () => {
  assert.equal(readSignature(`seal=${MAC}`), `${"A".repeat(43)}=`);
  for (
    const value of [
      "",
      "::",
      ":AAAA:",
      MAC.slice(1),
      MAC.replace("=", ""),
      MAC.replace("A", "-"),
      `${MAC};a`,
      `"${MAC}"`,
    ]
  ) assert.equal(readSignature(`seal=${value}`), null, value);
});

Deno.test("reading either field never throws", () => {
  const piece = fc.constantFrom(
    "seal=",
    ...PARAMETERS.match(/"[^"]*"|\w+|./g)!,
    ",",
    "\\",
    '"',
    MAC,
  );
  const junk = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(piece).map((pieces) => pieces.join("")),
  );
  fc.assert(fc.property(junk, (field) => {
    readSignatureInput(field);
    readSignature(field);
  }));
});
