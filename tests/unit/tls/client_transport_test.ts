import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { TlsClient } from "../../../src/tls/client.ts";
import { octetsOf } from "../../support/octet_reader.ts";
import {
  app,
  contentOf,
  NEVER,
  root,
  TlsServer,
} from "../../support/tls_server.ts";
import { soon } from "../../support/waiting.ts";

Deno.test("ClientTransport sends and receives much, in both directions, whole", async () => {
  const size = 3_000_000;
  await using server = await TlsServer.start((socket) => socket.pipe(socket));
  const transport = await server.connect();
  const sending = (async () => {
    const chunk = new Uint8Array(50_000);
    for (let sent = 0; sent < size; sent += chunk.length) {
      chunk.fill((sent / chunk.length) & 0xff);
      assert.equal(await transport.write(chunk), chunk.length);
      // Nothing may hold on to it now.
      chunk.fill(0xff);
    }
  })();
  const buffer = new Uint8Array(7001);
  for (let received = 0; received < size;) {
    const count = await transport.read(buffer);
    assert.ok(count !== null);
    for (let i = 0; i < count; i++, received++) {
      if (buffer[i] !== Math.floor(received / 50_000)) {
        assert.fail(`octet ${received} is ${buffer[i]}`);
      }
    }
  }
  await sending;
  transport.close();
});

/** Resolves when `value` has not changed for a while. */
async function steady(value: () => number): Promise<number> {
  for (let before = -1; before !== value();) {
    before = value();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return value();
}

Deno.test("ClientTransport does not take more than the server reads", async () => {
  // node:tls would go on reading, paused or not.
  using listener = Deno.listenTls({
    hostname: "127.0.0.1",
    port: 0,
    cert: app.chainPem,
    key: app.keyPem,
  });
  const { port } = listener.addr as Deno.NetAddr;
  const accepting = listener.accept().then(async (accepted) => {
    await accepted.handshake();
    return accepted;
  });
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
  const client = new TlsClient({ anchorsPem: [root.certPem] });
  const transport = await client.secure(tcp, {
    hostname: "app.example",
    signal: NEVER,
  });
  using _accepted = await accepting;
  let taken = 0;
  const writing = (async () => {
    for (;;) taken += await transport.write(new Uint8Array(64 * 1024));
  })().catch(() => {});
  const most = await steady(() => taken);
  assert.ok(most < 64 * 1024 * 1024, `${most}`);
  transport.close();
  await soon(writing, "the write to fail");
});

Deno.test("ClientTransport does not read far ahead of its reader", async () => {
  let written = 0;
  await using server = await TlsServer.start((socket) => {
    const more = () => {
      written += 64 * 1024;
      socket.write(new Uint8Array(64 * 1024), (error) => error || more());
    };
    more();
  });
  const transport = await server.connect();
  await transport.read(new Uint8Array(1));
  const most = await steady(() => written);
  assert.ok(most < 64 * 1024 * 1024, `${most}`);
  transport.close();
});

Deno.test("ClientTransport ends only where the server says so: a cut is an error (RFC 9112 §9.8)", async () => {
  let upstreamPort = 0;
  // Ends the TCP connection in order, and takes no part in TLS.
  const relay = net.createServer((socket) => {
    const upstream = net.connect(upstreamPort, "127.0.0.1");
    socket.on("error", () => {});
    upstream.on("error", () => {});
    socket.pipe(upstream);
    upstream.on("data", (octets) => socket.write(octets));
    cut = () => socket.end();
  });
  let cut = () => {};
  await using server = await TlsServer.start((socket) => socket.write("begun"));
  upstreamPort = server.port;
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const { port } = relay.address() as net.AddressInfo;
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
  const client = new TlsClient({ anchorsPem: [root.certPem] });
  const transport = await client.secure(tcp, {
    hostname: "app.example",
    signal: NEVER,
  });
  const buffer = new Uint8Array(64);
  assert.equal(await transport.read(buffer), 5);
  cut();
  assert.equal(await contentOf(transport), "|closed without close_notify");
  transport.close();
  relay.close();
});

Deno.test("ClientTransport takes an end in order for one, each time", async () => {
  await using server = await TlsServer.start((socket) =>
    void socket.end("hello")
  );
  for (let i = 0; i < 100; i++) {
    const transport = await server.connect();
    assert.equal(await contentOf(transport), "hello");
    assert.equal(await transport.read(new Uint8Array(1)), null);
    transport.close();
  }
});

Deno.test("ClientTransport.close() fails the read under way, and tells the server of the end", async () => {
  const ended = Promise.withResolvers<void>();
  await using server = await TlsServer.start((socket) => {
    socket.resume();
    socket.on("end", () => ended.resolve());
  });
  const transport = await server.connect();
  const reading = transport.read(new Uint8Array(8));
  transport.close();
  transport.close();
  await assert.rejects(reading, { message: "closed" });
  await assert.rejects(transport.write(octetsOf("x")));
  await soon(ended.promise, "the end");
});

Deno.test("ClientTransport.write() of nothing does not lose the next write", async () => {
  await using server = await TlsServer.start((socket) => socket.pipe(socket));
  const transport = await server.connect();
  assert.equal(await transport.write(new Uint8Array(0)), 0);
  assert.equal(await transport.write(octetsOf("hi")), 2);
  const buffer = new Uint8Array(8);
  assert.equal(await transport.read(buffer), 2);
  transport.close();
});
