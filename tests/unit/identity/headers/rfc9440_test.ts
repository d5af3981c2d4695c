import assert from "node:assert/strict";
import { rfc9440Lines } from "../../../../src/identity/headers/rfc9440.ts";
import { exampleFacts, RFC_9440 } from "./facts.ts";
import { readByteSequences } from "./readers.ts";

const WITH = { certificates: true };

Deno.test("rfc9440Lines() writes the fields of RFC 9440 appendix A", () => {
  const chain = [RFC_9440.intermediate, RFC_9440.root];
  const lines = rfc9440Lines({
    ...exampleFacts,
    chain: chain.map((base64) => Uint8Array.fromBase64(base64)),
  }, WITH);
  assert.deepEqual(lines, [
    ["Client-Cert", `:${RFC_9440.client}:`],
    ["Client-Cert-Chain", `:${RFC_9440.intermediate}:, :${RFC_9440.root}:`],
  ]);
});

Deno.test("rfc9440Lines() writes no Client-Cert-Chain for an empty list (RFC 9651 §3.1)", () => {
  assert.deepEqual(
    rfc9440Lines({ ...exampleFacts, chain: [] }, WITH),
    [["Client-Cert", `:${RFC_9440.client}:`]],
  );
});

Deno.test("rfc9440Lines() writes octets of any number that are read again", () => {
  for (let length = 0; length < 5; length++) {
    const leaf = new Uint8Array(length).fill(0xff);
    const [[, value] = ["", ""]] = rfc9440Lines(
      { ...exampleFacts, leaf },
      WITH,
    );
    assert.deepEqual(
      readByteSequences(value).map((der) => der.toString("hex")),
      [
        leaf.toHex(),
      ],
    );
  }
});

Deno.test("rfc9440Lines() writes nothing without certificates", () => {
  assert.deepEqual(rfc9440Lines(exampleFacts, { certificates: false }), []);
});
