import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSpkiPin } from "../../../src/identity/spki_pin.ts";

const HEX = "fbefff".padEnd(60, "5a") + "beef";
const BASE64 = btoa(String.fromCharCode(...Uint8Array.fromHex(HEX)));

Deno.test("parseSpkiPin() reads a digest in every form as the same", () => {
  assert.match(BASE64, /^\+\+\/\//, "the alphabets are told apart");
  const base64url = BASE64.replaceAll("+", "-").replaceAll("/", "_");
  const forms = [HEX, HEX.toUpperCase(), BASE64, base64url];
  for (const form of [...forms, BASE64.slice(0, 43), base64url.slice(0, 43)]) {
    assert.equal(parseSpkiPin(`sha256:${form}`), HEX, form);
  }
});

Deno.test("parseSpkiPin() reads any digest back from base64 and hex", () => {
  const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(fc.property(digest, (octets) => {
    const hex = octets.toHex();
    assert.equal(parseSpkiPin(`sha256:${octets.toBase64()}`), hex);
    const base64url = octets.toBase64({ alphabet: "base64url" });
    assert.equal(parseSpkiPin(`sha256:${base64url}`), hex);
    assert.equal(parseSpkiPin(`sha256:${hex}`), hex);
  }));
});

const A = "A".repeat(43);
const INVALID: readonly (readonly [why: string, text: string])[] = [
  ["no text", ""],
  ["no digest", "sha256:"],
  ["no algorithm", HEX],
  ["another algorithm", `sha512:${HEX}`],
  ["the algorithm in capitals", `SHA256:${HEX}`],
  ["the separator of browsers' pins", `sha256/${A}=`],
  ["hex that is short", `sha256:${HEX.slice(1)}`],
  ["hex that is long", `sha256:${HEX}0`],
  ["hex with colons", `sha256:${HEX.match(/../g)!.join(":")}`],
  ["base64 that is short", `sha256:${A.slice(1)}`],
  ["base64 that is long", `sha256:${A}A`],
  ["base64 with too much padding", `sha256:${A}==`],
  ["base64 whose last digit has bits to spare", `sha256:${A.slice(1)}B`],
  ["two alphabets at once", `sha256:+-${A.slice(2)}`],
  ["a space", `sha256: ${HEX}`],
  ["a line end", `sha256:${HEX}\n`],
  ["a wildcard", "sha256:*"],
];

for (const [why, text] of INVALID) {
  Deno.test(`parseSpkiPin() refuses ${why}`, () => {
    assert.equal(parseSpkiPin(text), undefined);
  });
}
