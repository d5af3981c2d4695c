import assert from "node:assert/strict";
import { upgrades } from "../../../src/config/upgrades.ts";

Deno.test("upgrades takes protocols between commas, in lower case, or none", () => {
  const taken = {
    "websocket": ["websocket"],
    "WebSocket, SPDY/3.1": ["websocket", "spdy/3.1"],
    "none": [],
  };
  for (const [text, value] of Object.entries(taken)) {
    assert.deepEqual(upgrades.parse(text), { value });
  }
  assert.equal(upgrades.format([]), "none");
  assert.equal(upgrades.format(["a", "b/1"]), "a,b/1");
});

Deno.test("upgrades refuses HTTP and TLS, which would go past us, and what is no protocol", () => {
  const refused = ["h2c", "H2C", "h2", "HTTP/2.0", "http", "https", "TLS/1.0"];
  const malformed = ["a,a", "a,", ",", "a b", "a/b/c", "none,a/", "a\r\nb: c"];
  for (const text of [...refused, "websocket,h2c", ...malformed]) {
    assert.ok("expected" in upgrades.parse(text), text);
  }
});
