import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { Http2Scene } from "../support/http2_scene.ts";
import { fieldValues, ok } from "../support/messages.ts";

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

Deno.test("node:http2 as the client: requests at a time, bodies, and an orderly end", async () => {
  await using scene = await echoing();
  const client = http2.connect(scene.url);
  try {
    const texts = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const stream = client.request({
          ":path": `/${i}`,
          ":method": i % 2 === 0 ? "POST" : "GET",
          cookie: ["a=1", "b=2"],
        });
        if (i % 2 === 0) stream.end(BIG);
        else stream.end();
        let text = "";
        stream.setEncoding("latin1").on("data", (part) => text += part);
        await once(stream, "end");
        return text;
      }),
    );
    for (const [i, text] of texts.entries()) {
      assert.ok(text === (i % 2 === 0 ? BIG : `/${i}`), `request ${i}`);
    }
    const goaway = once(client, "goaway");
    scene.sessions[0]!.retire();
    assert.equal((await goaway)[0], 0);
    await once(client, "close");
  } finally {
    client.destroy();
  }
});

Deno.test("node:http2 as the client: what it aborts, and what is broken off", async () => {
  await using scene = await Http2Scene.set(async (connection) => {
    await connection.head();
    await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    await connection.rest();
  });
  const client = http2.connect(scene.url);
  try {
    const stream = client.request();
    stream.on("error", () => {});
    await once(stream, "data");
    stream.close(http2.constants.NGHTTP2_CANCEL);
    assert.equal((await scene.entry())["error.type"], "CLIENT_GONE");
    const broken = client.request();
    const error = once(broken, "error");
    broken.resume();
    await once(broken, "response");
    scene.application!.connections[1]!.destroy();
    await error;
    assert.equal(broken.rstCode, http2.constants.NGHTTP2_INTERNAL_ERROR);
  } finally {
    client.destroy();
  }
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
