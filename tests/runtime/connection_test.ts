import assert from "node:assert/strict";
import { once } from "node:events";
import type { TLSSocket } from "node:tls";
import {
  connect,
  createServer,
  InjectedServer,
  receive,
} from "./injected_server.ts";

Deno.test("handshakeTimeout gives an error and leaves the Duplex open", async () => {
  const tlsServer = createServer(() => {}, { handshakeTimeout: 50 });
  const failed = once(tlsServer, "tlsClientError");
  using injected = new InjectedServer(tlsServer);
  using _silent = await Deno.connect({
    hostname: "127.0.0.1",
    port: injected.port,
  });
  const [error] = await failed;
  assert.equal(error.message, "TLS handshake timeout");
  assert.equal(
    error.code,
    undefined,
    "src/tls may tell the timeout by its code",
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(
    injected.duplexes[0]?.destroyed,
    false,
    "reconsider src/net: the runtime now closes a connection whose handshake took too long",
  );
});

Deno.test("a handshake that cannot be parsed gives an error and destroys the Duplex", async () => {
  const tlsServer = createServer(() => {});
  const failed = once(tlsServer, "tlsClientError");
  using injected = new InjectedServer(tlsServer);
  using stranger = await Deno.connect({
    hostname: "127.0.0.1",
    port: injected.port,
  });
  await stranger.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  await failed;
  assert.equal(
    injected.duplexes[0]?.destroyed,
    true,
    "reconsider src/net: the runtime leaves connections open whose handshake failed",
  );
});

Deno.test("a client that half-closes before its handshake gives no error and leaves the Duplex open", async () => {
  let failures = 0;
  const tlsServer = createServer(() => {});
  tlsServer.on("tlsClientError", () => failures++);
  using injected = new InjectedServer(tlsServer);
  using stranger = await Deno.connect({
    hostname: "127.0.0.1",
    port: injected.port,
  });
  await stranger.closeWrite();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(
    [failures, injected.duplexes[0]?.destroyed],
    [0, false],
    "reconsider src/net: the runtime now notices a client that leaves before its handshake",
  );
});

Deno.test("TLSSocket.pause() does not stop the reading of the Duplex", async () => {
  const paused = Promise.withResolvers<TLSSocket>();
  using injected = new InjectedServer(createServer((socket) => {
    socket.once("data", () => {
      socket.pause();
      paused.resolve(socket);
    });
  }));
  const sender = connect(injected.port);
  const size = 8 << 20;
  sender.write("x");
  await paused.promise;
  sender.write(new Uint8Array(size));
  const duplex = injected.duplexes[0];
  assert.ok(duplex);
  const deadline = Date.now() + 3000;
  while (duplex.octetsRead < size && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(
    duplex.octetsRead >= size,
    "reconsider the bridge's own backpressure in src/net: pause() has come to stop the reading",
  );
  sender.destroy();
});

Deno.test("a zero-byte write loses what is written after it", async () => {
  using injected = new InjectedServer(createServer((socket) => {
    socket.write("before", () => {
      setTimeout(() => {
        socket.write(new Uint8Array(0));
        socket.write("after");
      }, 20);
    });
  }));
  const received = await receive(connect(injected.port), {
    length: 11,
  });
  assert.equal(
    String(received),
    "before",
    "the rule never to write an empty buffer may be dropped",
  );
});

for (const size of [16_384, 65_535, 65_536, 65_537, 131_072, 1 << 20]) {
  Deno.test(`one write of ${size} octets arrives whole`, async () => {
    const sent = crypto.getRandomValues(new Uint8Array(65_536));
    const octets = Uint8Array.from(
      { length: size },
      (_, index) => sent[index % sent.length] ?? 0,
    );
    using injected = new InjectedServer(
      createServer((socket) => socket.write(octets)),
    );
    const received = await receive(connect(injected.port), { length: size });
    assert.ok(
      received.equals(octets),
      "reconsider src/tls and src/http: large writes stall or break, so cut them up",
    );
  });
}

Deno.test("a write on an idle TLSSocket copies its octets, one behind another does not", async () => {
  using injected = new InjectedServer(createServer((socket) => {
    const first = new Uint8Array(1000).fill(1);
    const second = new Uint8Array(1000).fill(2);
    socket.write(first);
    socket.write(second);
    assert.equal(
      socket.writableLength,
      2000,
      "reconsider src/http: writes have come to complete at once",
    );
    first.fill(9);
    second.fill(9);
  }));
  const received = await receive(connect(injected.port), { length: 2000 });
  const why =
    "reconsider when src/http uses a buffer again: before the write's callback only where nothing else was pending";
  assert.deepEqual([received[500], received[1500]], [1, 9], why);
});

Deno.test("Deno.TcpConn.write() of a large buffer may write a part of it", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using reader = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.addr.port,
  });
  using writer = await listener.accept();
  const size = 64 << 20;
  const written = await writer.write(new Uint8Array(size));
  assert.ok(
    written > 0 && written < size,
    "reconsider the loop around write() in src/net: one write now suffices",
  );
  assert.ok(reader.remoteAddr);
});
