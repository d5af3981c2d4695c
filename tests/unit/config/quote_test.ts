import assert from "node:assert/strict";
import { quote } from "../../../src/config/quote.ts";

Deno.test("quote() leaves an ordinary value as it is", () => {
  assert.equal(quote("80a"), '"80a"');
  assert.equal(quote(""), '""');
  assert.equal(quote("/etc/certs ü"), '"/etc/certs ü"');
});

Deno.test("quote() ends at the first control character", () => {
  assert.equal(quote("a\nINFO forged"), '"a..."');
  assert.equal(quote("\x1b[31mred"), '"..."');
  assert.equal(quote("a\u009b31m"), '"a..."');
});

Deno.test("quote() cuts what is too long", () => {
  assert.equal(quote("a".repeat(80)), `"${"a".repeat(80)}"`);
  assert.equal(quote("a".repeat(81)), `"${"a".repeat(80)}..."`);
});

Deno.test("quote() hides the credentials of a URL", () => {
  assert.equal(quote("http://user:pa@ss@app/x"), '"http://***@app/x"');
  assert.equal(quote("user:secret@app"), '"***@app"');
});

Deno.test("quote() hides query and fragment", () => {
  assert.equal(quote("http://app/?token=secret"), '"http://app/?***"');
  assert.equal(quote("http://app/#secret"), '"http://app/#***"');
});

Deno.test("quote() shows nothing of a PEM block, however it is joined", () => {
  const begin = "-----BEGIN PRIVATE KEY-----";
  for (const end of ["\nMIIE", "\\nMIIE", "MIIE", " MIIE@x"]) {
    assert.doesNotMatch(quote(`${begin}${end}`), /MIIE/);
  }
  assert.equal(quote(`/a ${begin}`), '"/a -----BEGIN..."');
});
