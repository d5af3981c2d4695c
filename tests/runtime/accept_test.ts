import assert from "node:assert/strict";

/** Runs in a process of its own that may open few descriptors. */
const PROGRAM = `
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const { port } = listener.addr;
const held = [];
const accepted = [];
const iteration = (async () => {
  try {
    for await (const connection of listener) accepted.push(connection);
    return "ended";
  } catch (error) {
    return error.message;
  }
})();
while (true) {
  try {
    held.push(await Deno.connect({ hostname: "127.0.0.1", port }));
  } catch {
    break;
  }
}
const outcome = await Promise.race([
  iteration,
  new Promise((resolve) => setTimeout(() => resolve("goes on"), 1000)),
]);
for (const connection of [...held, ...accepted]) connection.close();
const client = await Deno.connect({ hostname: "127.0.0.1", port });
const again = await listener.accept().then(() => true, () => false);
console.log(JSON.stringify({ outcome, again }));
Deno.exit(0);
`;

Deno.test({
  name:
    "for await on a listener ends at EMFILE, and accept() works again afterwards",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const child = new Deno.Command("sh", {
      args: [
        "-c",
        `ulimit -n 64 && exec "$0" run --no-config --allow-net -`,
        Deno.execPath(),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(PROGRAM));
    await writer.close();
    const { stdout, stderr } = await child.output();
    const text = new TextDecoder().decode(stdout);
    assert.ok(text, new TextDecoder().decode(stderr));
    assert.deepEqual(
      JSON.parse(text),
      { outcome: "Too many open files (os error 24)", again: true },
      "reconsider the accept loop in src/net",
    );
  },
});
