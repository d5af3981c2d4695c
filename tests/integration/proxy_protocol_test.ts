import assert from "node:assert/strict";
import { get } from "../support/messages.ts";
import { octetsOf } from "../support/octet_reader.ts";
import { RawClient, type RawClientOptions } from "../support/raw_client.ts";
import { Scene } from "../support/scene.ts";
import { client, root, TestSidecar } from "../support/sidecar.ts";
import { soon } from "../support/waiting.ts";

const PROXIED = { PROXY_PROTOCOL: "true" };
const V2_BEGIN = "\r\n\r\n\0\r\nQUIT\n";
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/** A client whose connection goes through a balancer that sends `header` first. */
async function through(
  sidecar: TestSidecar,
  header: string,
): Promise<RawClient> {
  using balancer = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = balancer.addr as Deno.NetAddr;
  const options: RawClientOptions = {
    port,
    caCerts: [root.certPem],
    identity: client,
  };
  const [connected] = await Promise.all([
    RawClient.connect(options),
    (async () => {
      const [front, back] = [
        await balancer.accept(),
        await Deno.connect({ hostname: "127.0.0.1", port: sidecar.port }),
      ];
      await back.write(octetsOf(header));
      front.readable.pipeTo(back.writable).catch(() => {});
      back.readable.pipeTo(front.writable).catch(() => {});
    })(),
  ]);
  return connected;
}

Deno.test("the client's address comes from the PROXY protocol header", async (t) => {
  for (
    const [title, header, address] of [
      [
        "version 1",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n",
        "192.0.2.7",
      ],
      [
        "version 1, IPv6",
        "PROXY TCP6 2001:DB8::7 2001:db8::1 4660 443\r\n",
        "2001:db8::7",
      ],
      ["version 1, UNKNOWN", "PROXY UNKNOWN\r\n", "127.0.0.1"],
      [
        "version 2",
        `${V2_BEGIN}\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\x12\x34\x01\xbb`,
        "192.0.2.7",
      ],
      ["version 2, LOCAL", `${V2_BEGIN}\x20\0\0\0`, "127.0.0.1"],
    ] as const
  ) {
    await t.step(title, async () => {
      const heads: (string | undefined)[] = [];
      await using scene = await Scene.set(async (connection) => {
        heads.push(await connection.head());
        await connection.write(ok);
        connection.end();
      }, PROXIED);
      using client = await through(scene.sidecar, header);
      await client.send(get());
      assert.equal((await client.response()).status, 200);
      assert.match(
        heads[0] ?? "",
        new RegExp(`X-Forwarded-For: ${address}\r\n`),
      );
      assert.equal((await scene.sidecar.entry())["client.address"], address);
    });
  }
});

Deno.test("a connection without a PROXY protocol header is refused where one is expected", async () => {
  await using sidecar = await TestSidecar.start({ settings: PROXIED });
  await assert.rejects(async () => {
    using client = await sidecar.connect();
    await client.send(get());
    await client.response();
  });
  const { fields } = await sidecar.event("connection refused");
  assert.equal(fields.code, "PROXY_HEADER_INVALID");
});

Deno.test("a PROXY protocol header is refused where none is expected", async () => {
  await using sidecar = await TestSidecar.start();
  await assert.rejects(
    through(sidecar, "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\n"),
  );
  const { fields } = await sidecar.event("connection refused");
  assert.equal(fields.code, "HANDSHAKE_FAILED");
  assert.equal(fields.client, "127.0.0.1");
});

Deno.test("a PROXY protocol header that does not come is waited for as long as a handshake", async () => {
  await using sidecar = await TestSidecar.start({
    settings: { ...PROXIED, HANDSHAKE_TIMEOUT_SECS: "1" },
  });
  using slow = await Deno.connect({
    hostname: "127.0.0.1",
    port: sidecar.port,
  });
  await slow.write(octetsOf("PROXY "));
  const reading = slow.read(new Uint8Array(8)).catch(() => null);
  assert.equal(await soon(reading, "the end"), null);
  const { fields } = await sidecar.event("connection refused");
  assert.equal(fields.code, "HANDSHAKE_TIMEOUT");
  assert.equal(sidecar.sidecar.connections.handshaking, 0);
});

Deno.test("a balancer that only looks whether the port is open is no invalid header", async () => {
  await using sidecar = await TestSidecar.start({ settings: PROXIED });
  (await Deno.connect({ hostname: "127.0.0.1", port: sidecar.port })).close();
  const { fields } = await sidecar.event("connection refused");
  assert.equal(fields.code, "HANDSHAKE_FAILED");
});
