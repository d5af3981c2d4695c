import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "../support/files.ts";
import { get } from "../support/messages.ts";
import { TestSidecar } from "../support/sidecar.ts";

/** An HTTP server of the runtime on a Unix socket, which says what it was asked. */
function serveUnix(path: string): Deno.HttpServer<Deno.UnixAddr> {
  return Deno.serve(
    { transport: "unix", path, onListen: () => {} },
    async (request) =>
      new Response(
        `${request.method} ${request.headers.get("host")} ${await request
          .text()}`,
      ),
  );
}

Deno.test("an application on a Unix socket is reached, as localhost", async (t) => {
  await using directory = await temporaryDirectory({});
  const path = join(directory.path, "app.sock");
  await using _application = serveUnix(path);
  for (const prefix of ["unix:", "unix://"]) {
    await t.step(prefix, async () => {
      await using sidecar = await TestSidecar.start({
        upstream: `${prefix}${path}`,
      });
      using client = await sidecar.connect();
      for (const content of ["a", "b".repeat(100_000)]) {
        await client.send(
          `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${content.length}\r\n\r\n${content}`,
        );
        const response = await client.response();
        assert.equal(response.status, 200);
        assert.equal(response.content, `POST localhost ${content}`);
      }
    });
  }
});

Deno.test("an application whose Unix socket is not there is answered for with 502, and found when it comes", async () => {
  await using directory = await temporaryDirectory({});
  const path = join(directory.path, "app.sock");
  await using sidecar = await TestSidecar.start({ upstream: `unix:${path}` });
  using client = await sidecar.connect();
  await client.send(get());
  const refusal = await client.response();
  assert.equal(refusal.status, 502);
  assert.equal(refusal.content, "UPSTREAM_CONNECT_FAILED\n");
  await using _application = serveUnix(path);
  await client.send(get());
  assert.equal((await client.response()).status, 200);
});

Deno.test("an application that was down for many requests is used again with the first after", async () => {
  const reserved = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = reserved.addr as Deno.NetAddr;
  reserved.close();
  await using sidecar = await TestSidecar.start({
    upstream: `http://127.0.0.1:${port}`,
  });
  using client = await sidecar.connect();
  for (let i = 0; i < 30; i++) {
    await client.send(get());
    assert.equal((await client.response()).status, 502);
  }
  await using _application = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    () => new Response("back"),
  );
  await client.send(get());
  const { status, content } = await client.response();
  assert.deepEqual([status, content], [200, "back"]);
});
