import assert from "node:assert/strict";
import { faultFields } from "../../../src/log/fault.ts";

Deno.test("faultFields() shows an error's message and stack", () => {
  const fault = new TypeError("Cannot read it");
  assert.deepEqual(faultFields(fault), {
    error: "Cannot read it",
    stack: fault.stack,
  });
});

Deno.test("faultFields() shows nothing of what is no error", () => {
  for (const fault of [{ privateKey: "secret" }, "secret", undefined]) {
    const fields = faultFields(fault);
    assert.equal(fields.error, `a thrown ${typeof fault}`);
    assert.ok(!JSON.stringify(fields).includes("secret"));
  }
});
