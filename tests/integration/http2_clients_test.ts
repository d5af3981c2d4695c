import assert from "node:assert/strict";
import { Http2Scene } from "../support/http2_scene.ts";
import { fieldValues, ok } from "../support/messages.ts";
import { soon } from "../support/waiting.ts";

/** Whether a program is there. */
async function has(program: string): Promise<boolean> {
  try {
    await new Deno.Command(program, { args: ["--version"], stdout: "null" })
      .output();
    return true;
  } catch {
    return false;
  }
}

async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command(program, { args })
    .output();
  const text = new TextDecoder().decode(stdout);
  assert.ok(success, `${program}: ${text}${new TextDecoder().decode(stderr)}`);
  return text;
}

const BIG = "0123456789abcdef".repeat(40_000);

/** Answers a POST with its body, and anything else with its path. */
function echoing(): Promise<Http2Scene> {
  return Http2Scene.set(async (connection) => {
    for (let head; (head = await connection.head()) !== undefined;) {
      const length = Number(fieldValues(head, "content-length")[0] ?? 0);
      let body = await connection.octets(length);
      if (fieldValues(head, "transfer-encoding").length > 0) {
        for (
          let size;
          (size = parseInt(await connection.until("\r\n") ?? "", 16)) > 0;
        ) {
          body += await connection.octets(size);
          await connection.octets(2);
        }
        await connection.octets(2);
      }
      await connection.write(ok(body || head.split(" ")[1]));
    }
  });
}

/** Node.js as the client: does `scenario`, and calls `when` once it says that word. */
async function node(
  scene: Http2Scene,
  scenario: "requests" | "aborts",
  when: { readonly word: string; act(): void },
): Promise<void> {
  const script = new URL("../support/node_http2_client.mjs", import.meta.url);
  const child = new Deno.Command("node", {
    args: [script.pathname, scene.url, scenario],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  for await (
    const text of child.stdout.pipeThrough(new TextDecoderStream())
  ) if (text.trim() === when.word) when.act();
  const { success } = await soon(child.status, "node's end");
  assert.ok(success, await stderr);
}

Deno.test({
  name: "node as the client: requests at a time, bodies, and an orderly end",
  ignore: !await has("node"),
  async fn() {
    await using scene = await echoing();
    const retire = () => scene.sessions[0]!.retire();
    await node(scene, "requests", { word: "served", act: retire });
  },
});

Deno.test({
  name: "node as the client: what it aborts, and what is broken off",
  ignore: !await has("node"),
  async fn() {
    await using scene = await Http2Scene.set(async (connection) => {
      await connection.head();
      await connection.write(
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
      );
      await connection.rest();
    });
    const breakOff = () => scene.application!.connections[1]!.destroy();
    await node(scene, "aborts", { word: "begun", act: breakOff });
    await scene.entry({ "error.type": "CLIENT_GONE" });
    await scene.entry({ "error.type": "UPSTREAM_CLOSED" });
  },
});

Deno.test({
  name: "curl as the client",
  ignore: !await has("curl"),
  async fn() {
    await using scene = await echoing();
    const curl = (...args: string[]) =>
      run(
        "curl",
        "-sS",
        "--http2-prior-knowledge",
        "--max-time",
        "20",
        ...args,
      );
    assert.equal(
      await curl("-w", " %{http_code} %{http_version}", `${scene.url}/a`),
      "/a 200 2",
    );
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, BIG);
    const echoed = await curl("--data-binary", `@${file}`, `${scene.url}/`);
    await Deno.remove(file);
    assert.ok(echoed === BIG);
    const { "network.protocol.version": protocol } = await scene.entry();
    assert.equal(protocol, "2");
  },
});

Deno.test({
  name: "nghttp as the client",
  ignore: !await has("nghttp"),
  async fn() {
    await using scene = await echoing();
    const text = await run("nghttp", "-v", `${scene.url}/a`, `${scene.url}/b`);
    assert.match(text, /:status: 200/);
    assert.doesNotMatch(text, /recv RST_STREAM|error_code=(?!NO_ERROR)/);
    // Padded frames, and windows that are opened late.
    await run("nghttp", "-n", "-b", "100", "-w", "10", `${scene.url}/c`);
    assert.equal(scene.entries.length, 3);
  },
});

Deno.test({
  name: "h2load as the client: no request is lost",
  ignore: !await has("h2load"),
  async fn() {
    await using scene = await echoing();
    const text = await run(
      "h2load",
      ...["-n", "2000", "-c", "8", "-m", "50", `${scene.url}/a`],
    );
    assert.match(text, /2000 succeeded, 0 failed, 0 errored/);
    assert.deepEqual(scene.limits, []);
  },
});
