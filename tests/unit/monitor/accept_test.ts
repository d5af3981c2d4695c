import assert from "node:assert/strict";
import fc from "fast-check";
import { preferred } from "../../../src/monitor/accept.ts";

const TEXT = "text/plain", JSON_TYPE = "application/json";

for (
  const [accept, expected] of [
    [undefined, TEXT],
    ["", TEXT],
    ["*/*", TEXT],
    ["application/json", JSON_TYPE],
    ["APPLICATION/JSON", JSON_TYPE],
    ["application/*", JSON_TYPE],
    ["text/plain, application/json", TEXT],
    ["text/plain;q=0.5, application/json", JSON_TYPE],
    ["application/json;q=0.5, */*;q=0.8", TEXT],
    // The more specific range decides, whatever stands in */*.
    ["*/*, text/plain;q=0.1", JSON_TYPE],
    ["application/json;q=0", TEXT],
    ["application/json;charset=utf-8;q=0.9, text/plain; q = 0.2", JSON_TYPE],
    ["application/json;q=nonsense", TEXT],
    ["application/json;q=7", TEXT],
    ["image/png", TEXT],
  ] as const
) {
  Deno.test(`preferred() gives ${expected} for Accept ${accept}`, () => {
    assert.equal(preferred(accept, [TEXT, JSON_TYPE]), expected);
  });
}

Deno.test("preferred() gives one of the offers for any field", () => {
  fc.assert(fc.property(fc.string(), (accept) => {
    assert.ok([TEXT, JSON_TYPE].includes(preferred(accept, [TEXT, JSON_TYPE])));
  }));
});
