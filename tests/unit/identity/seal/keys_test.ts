import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { SidecarError } from "../../../../src/errors.ts";
import { readKeyFile } from "../../../../src/identity/seal/key_file.ts";
import { SealKeys } from "../../../../src/identity/seal/seal_keys.ts";
import { readSealKeys } from "../../../../src/identity/seal/verify.ts";

const HEX = "0123456789abcdef".repeat(4);
const BASE64 = Buffer.alloc(33, 0xfb).toString("base64");

Deno.test("readKeyFile() reads hex and both base64 alphabets, padded or not", () => {
  fc.assert(fc.property(
    fc.uint8Array({ minLength: 32, maxLength: 64 }),
    fc.constantFrom("hex", "HEX", "base64", "base64url", "unpadded"),
    (key, form) => {
      const octets = Buffer.from(key);
      const text = form === "HEX"
        ? octets.toString("hex").toUpperCase()
        : form === "unpadded"
        ? octets.toString("base64").replaceAll("=", "")
        : octets.toString(form as BufferEncoding);
      assert.deepEqual(readKeyFile(text), { keys: [key] });
    },
  ));
});

Deno.test("readKeyFile() steps over comments, empty lines and CR LF", () => {
  const text = `# first signs\r\n\r\n  ${HEX}  \r\n# old\n${BASE64}\n\n`;
  const file = readKeyFile(text);
  assert.ok("keys" in file);
  assert.deepEqual(file.keys.map((key) => key.length), [32, 33]);
  assert.equal(file.keys[0]![0], 0x01);
});

Deno.test("SealKeys.parse() refuses what is no key file, and shows none of it", () => {
  const cases: readonly [string, string][] = [
    ["", "expected a key, found none"],
    ["# nothing\n", "expected a key, found none"],
    ["zz zz", "expected a key in base64 or hex, in line 1"],
    [`${HEX}\n+_${HEX}`, "expected a key in base64 or hex, in line 2"],
    ["A", "expected a key in base64 or hex, in line 1"],
    [HEX.slice(2), "expected a key of 32 to 64 octets, not 31, in line 1"],
    [
      `# x\n${HEX}${HEX}00`,
      "expected a key of 32 to 64 octets, not 65, in line 2",
    ],
    [`${HEX}\n${BASE64}\n${HEX}ff`, "expected at most 2 keys, in line 3"],
    [
      `${HEX}\n${HEX.toUpperCase()}`,
      "expected two keys, found the same one twice",
    ],
  ];
  for (const [text, problem] of cases) {
    assert.throws(() => SealKeys.parse(text), (error) => {
      assert.ok(error instanceof SidecarError);
      assert.equal(error.code, "SEAL_KEY_INVALID");
      assert.equal(error.message, `Cannot read SEAL_KEY_FILE: ${problem}`);
      return true;
    });
    assert.throws(() => readSealKeys(text), {
      name: "TypeError",
      message: `Cannot read the seal's keys: ${problem}`,
    });
  }
});

Deno.test("SealKeys show their keys neither inspected nor as JSON", () => {
  const keys = SealKeys.parse(HEX);
  const shown = Deno.inspect(keys, { depth: 10, showHidden: true }) +
    JSON.stringify(keys) + String(keys);
  assert.match(shown, /count/);
  assert.doesNotMatch(shown, /Int32Array|Uint8Array|0123|\[\s*1, 35/);
  assert.equal(keys.count, 1);
  assert.equal(SealKeys.parse(`${HEX}\n${BASE64}`).count, 2);
});
