import assert from "node:assert/strict";

Deno.test("a handshake that has failed holds no memory any more", async () => {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--v8-flags=--expose-gc",
      "--allow-all",
      new URL("failed_handshakes.ts", import.meta.url).pathname,
    ],
  }).output();
  const octets = Number(new TextDecoder().decode(stdout));
  assert.ok(
    stdout.length > 0 && octets < 1024,
    `${octets} octets each; ${new TextDecoder().decode(stderr)}`,
  );
});
