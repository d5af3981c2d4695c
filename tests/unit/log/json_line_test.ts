import assert from "node:assert/strict";
import { jsonLine } from "../../../src/log/json_line.ts";

Deno.test("jsonLine() keeps the order of the properties", () => {
  assert.equal(jsonLine({ b: 1, a: "x" }), '{"b":1,"a":"x"}');
});

Deno.test("jsonLine() gives one line that reads back, whatever it holds", () => {
  const text = Array.from(
    { length: 0x2100 },
    (_, code) => String.fromCharCode(code),
  ).join("");
  const line = jsonLine({ text });
  assert.deepEqual(JSON.parse(line), { text });
  assert.doesNotMatch(line, /\p{Cc}|[\u2028\u2029]/u);
});

Deno.test("jsonLine() escapes what forges terminal output or lines", () => {
  assert.equal(
    jsonLine({ a: "\n\u007f\u009b\u2028" }),
    '{"a":"\\n\\u007f\\u009b\\u2028"}',
  );
});

Deno.test("jsonLine() writes an Error as its message and a bigint as digits", () => {
  const record = { error: new TypeError("broken"), size: 2n ** 64n };
  assert.equal(
    jsonLine(record),
    '{"error":"broken","size":"18446744073709551616"}',
  );
});

Deno.test("jsonLine() leaves undefined out", () => {
  assert.equal(jsonLine({ a: undefined, b: null }), '{"b":null}');
});

Deno.test("jsonLine() says what it can of a record that JSON can't express", () => {
  const circle: Record<string, unknown> = {
    time: "t",
    level: "info",
    message: "m\n",
  };
  circle["self"] = circle;
  assert.equal(
    jsonLine(circle),
    '{"time":"t","level":"info","message":"m\\n","unloggable":true}',
  );
});

Deno.test("jsonLine() outlives getters and toJSON methods that throw", () => {
  const fails = () => {
    throw new Error("no");
  };
  assert.equal(jsonLine({ a: { toJSON: fails } }), '{"unloggable":true}');
  const record = Object.defineProperty({}, "message", {
    get: fails,
    enumerable: true,
  });
  assert.equal(jsonLine(record), '{"unloggable":true}');
});
