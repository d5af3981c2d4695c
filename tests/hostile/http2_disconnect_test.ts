import assert from "node:assert/strict";
import { GET, Http2Client, POST, rawFrame } from "../support/http2_client.ts";
import { Http2Scene } from "../support/http2_scene.ts";
import { hasTcpTable, serverDescriptors } from "../support/tcp_table.ts";
import { eventually } from "../support/waiting.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** In which state a client leaves. */
const LEAVING: Readonly<Record<string, (client: Http2Client) => unknown>> = {
  "at once": () => {},
  "after half a frame": (client) =>
    client.send(rawFrame(1, { streamId: 1, payload: "abc" }).subarray(0, 10)),
  "in a header block": (client) =>
    client.send(rawFrame(1, { streamId: 1, payload: "abc" })),
  "with requests under way": (client) => {
    for (let i = 0; i < 10; i++) {
      client.request([...GET.slice(0, 3), [":path", "/silent"]]);
    }
    return client.settled();
  },
  "with responses under way": async (client) => {
    const ids = Array.from({ length: 10 }, () => client.request());
    for (const id of ids) await client.of(1, id);
  },
  "with bodies under way": async (client) => {
    for (let i = 0; i < 10; i++) {
      client.data(client.request(POST, false), "some");
    }
    await client.settled();
  },
  "in a DATA frame": async (client) => {
    const id = client.request(POST, false);
    await client.settled();
    await client.send(
      rawFrame(0, { streamId: id, payload: "x".repeat(100) }).subarray(0, 50),
    );
  },
  "after resets": async (client) => {
    const ids = Array.from({ length: 10 }, () => client.request());
    await client.settled();
    for (const id of ids) client.reset(id);
  },
  "with windows shut": async (client) => {
    client.send(rawFrame(4, { payload: "\0\x04\0\0\0\0" }));
    for (let i = 0; i < 10; i++) client.request();
    await client.settled();
  },
};

Deno.test("clients that vanish in any state leave nothing behind", async (t) => {
  for (const [name, act] of Object.entries(LEAVING)) {
    for (const how of ["closed", "half-closed"]) {
      await t.step(`${name}, ${how}`, async () => {
        await using scene = await Http2Scene.set(async (connection) => {
          const head = await connection.head() ?? "";
          if (head.startsWith("GET / ")) {
            await connection.write(CHUNKED);
            while (await connection.write(`8000\r\n${"x".repeat(0x8000)}\r\n`));
          }
          await connection.rest();
        });
        for (let i = 0; i < 3; i++) {
          using client = await Http2Client.connect(scene.port);
          await act(client);
          if (how === "half-closed") {
            await client.endWrite();
            await client.ended();
          }
        }
        await eventually(() => scene.open === 0, "the connections to end");
        await eventually(
          () => scene.pool.size === scene.pool.idle,
          "the application's connections",
        );
        if (hasTcpTable) {
          await eventually(
            async () => await serverDescriptors(scene.port) === 0,
            "the descriptors",
          );
        }
        assert.deepEqual(scene.unexpected, []);
        for (const { "error.type": code } of scene.entries) {
          assert.equal(code, "CLIENT_GONE");
        }
      });
    }
  }
});
