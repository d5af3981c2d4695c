import assert from "node:assert/strict";
import { nearest } from "../../../src/config/nearest.ts";

const FLAGS = ["--upstream-url", "--cert-dir", "--ca-dir", "--via"];

Deno.test("nearest() finds a word behind a slip", () => {
  assert.equal(nearest("--upstraem-url", FLAGS), "--upstream-url");
  assert.equal(nearest("--cert-dri", FLAGS), "--cert-dir");
  assert.equal(nearest("--vai", FLAGS), "--via");
  assert.equal(nearest("-via", FLAGS), "--via");
});

Deno.test("nearest() prefers the nearer of two", () => {
  assert.equal(nearest("--cadir", FLAGS), "--ca-dir");
  assert.equal(nearest("--cet-dir", FLAGS), "--cert-dir");
});

Deno.test("nearest() reads a variable's spelling as its flag's", () => {
  assert.equal(nearest("--UPSTREAM_URL", FLAGS), "--upstream-url");
});

Deno.test("nearest() finds nothing where nothing is near", () => {
  assert.equal(nearest("--listen", FLAGS), undefined);
  assert.equal(nearest("--via", []), undefined);
  assert.equal(nearest("", FLAGS), undefined);
});

Deno.test("nearest() is quick to refuse an endless word", () => {
  const before = performance.now();
  assert.equal(nearest("x".repeat(10_000_000), FLAGS), undefined);
  // Comparing letter by letter would take many seconds.
  assert.ok(performance.now() - before < 2_000);
});
