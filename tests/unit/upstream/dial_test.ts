import assert from "node:assert/strict";
import { join } from "node:path";
import type { Transport } from "../../../src/upstream/connection.ts";
import {
  dial,
  type Sockets,
  type UpstreamAddress,
} from "../../../src/upstream/dial.ts";
import { FakeTcp } from "../../support/fake_tcp.ts";
import { temporaryDirectory } from "../../support/files.ts";
import { octetsOf } from "../../support/octet_reader.ts";

const timeoutMs = 20_000;

function tcpAddress(
  hostname: string,
  scheme: "http" | "https" = "http",
): UpstreamAddress {
  return { scheme, hostname, port: 8080 };
}

/** Connects where `accepts` says so, and notes what was tried. */
function fakeSockets(accepts: (where: string) => boolean) {
  const tried: string[] = [];
  const tcp = new FakeTcp();
  const connect = (where: string) => {
    tried.push(where);
    return accepts(where)
      ? Promise.resolve(tcp)
      : Promise.reject(new Error(`refused by ${where}`));
  };
  const sockets: Sockets = {
    tcp: ({ hostname, port }) => connect(`${hostname} ${port}`),
    unix: connect,
  };
  return { tried, tcp, sockets };
}

Deno.test("dial() connects to a host as it is named, each time anew", async () => {
  const { tried, tcp, sockets } = fakeSockets(() => true);
  for (const _ of [1, 2]) {
    const address = tcpAddress("app.example");
    assert.equal(await dial(address, { timeoutMs, sockets }), tcp);
  }
  assert.deepEqual(tried, ["app.example 8080", "app.example 8080"]);
});

Deno.test("dial() tries both loopback addresses for localhost", async () => {
  const { tried, tcp, sockets } = fakeSockets((at) => at === "::1 8080");
  const address = tcpAddress("localhost");
  assert.equal(await dial(address, { timeoutMs, sockets }), tcp);
  assert.deepEqual(tried, ["127.0.0.1 8080", "::1 8080"]);
});

Deno.test("dial() tries no second address where the first one answers", async () => {
  const { tried, sockets } = fakeSockets(() => true);
  await dial(tcpAddress("localhost"), { timeoutMs, sockets });
  assert.equal(tried.length, 1);
});

Deno.test("dial() says why it could not connect, to the first address", async () => {
  const { sockets } = fakeSockets(() => false);
  const dialling = dial(tcpAddress("localhost"), { timeoutMs, sockets });
  await assert.rejects(dialling, {
    name: "SidecarError",
    code: "UPSTREAM_CONNECT_FAILED",
    message: "Cannot connect to the application at localhost port 8080: " +
      "refused by 127.0.0.1 8080",
  });
});

Deno.test("dial() connects to the path of a Unix socket", async () => {
  const { tried, tcp, sockets } = fakeSockets(() => true);
  const address: UpstreamAddress = { scheme: "unix", path: "/run/app.sock" };
  assert.equal(await dial(address, { timeoutMs, sockets }), tcp);
  assert.deepEqual(tried, ["/run/app.sock"]);
});

Deno.test("dial() says which Unix socket it could not connect to", async () => {
  const { sockets } = fakeSockets(() => false);
  const address: UpstreamAddress = { scheme: "unix", path: "/run/app.sock" };
  await assert.rejects(dial(address, { timeoutMs, sockets }), {
    code: "UPSTREAM_CONNECT_FAILED",
    message: "Cannot connect to the application at /run/app.sock: " +
      "refused by /run/app.sock",
  });
});

Deno.test("dial() puts TLS on the connection for https alone", async () => {
  const { tcp, sockets } = fakeSockets(() => true);
  const secured = new FakeTcp();
  const names: string[] = [];
  const tls = {
    secure(given: Transport, { hostname }: { hostname: string }) {
      assert.equal(given, tcp);
      names.push(hostname);
      return Promise.resolve(secured);
    },
  };
  const options = { timeoutMs, sockets, tls };
  assert.equal(await dial(tcpAddress("localhost", "https"), options), secured);
  assert.deepEqual(names, ["localhost"], "as it was named, not as it resolved");
  assert.equal(await dial(tcpAddress("localhost"), options), tcp);
  assert.equal(names.length, 1);
});

Deno.test("dial() makes no plain connection where TLS is missing", async () => {
  const { tried, sockets } = fakeSockets(() => true);
  const address = tcpAddress("app.example", "https");
  await assert.rejects(dial(address, { timeoutMs, sockets }), {
    code: "UPSTREAM_CONNECT_FAILED",
    message: "Cannot connect to the application at app.example port 8080: " +
      "no TLS material is loaded",
  });
  assert.deepEqual(tried, []);
});

Deno.test("dial() says why TLS failed", async () => {
  const { sockets } = fakeSockets(() => true);
  const tls = { secure: () => Promise.reject(new Error("it is not trusted")) };
  const address = tcpAddress("app.example", "https");
  await assert.rejects(dial(address, { timeoutMs, sockets, tls }), {
    code: "UPSTREAM_TLS_FAILED",
    message: "Cannot make TLS with the application at app.example port 8080: " +
      "it is not trusted",
  });
});

Deno.test("dial() gives up after its time, and closes what comes too late", async () => {
  const connecting = Promise.withResolvers<FakeTcp>();
  const sockets: Sockets = {
    tcp: () => connecting.promise,
    unix: () => connecting.promise,
  };
  const addresses = [
    tcpAddress("app.example"),
    tcpAddress("localhost"),
    { scheme: "unix", path: "/app" } as const,
  ];
  for (const address of addresses) {
    await assert.rejects(dial(address, { timeoutMs: 10, sockets }), {
      code: "UPSTREAM_CONNECT_FAILED",
      message: /: it took longer than 0\.01 s$/,
    });
  }
  const tcp = new FakeTcp();
  connecting.resolve(tcp);
  await connecting.promise;
  assert.ok(tcp.closed >= addresses.length);
});

Deno.test("dial() limits the time that TLS may take too", async () => {
  const { sockets } = fakeSockets(() => true);
  const tls = {
    secure: (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  };
  const address = tcpAddress("app.example", "https");
  await assert.rejects(dial(address, { timeoutMs: 10, sockets, tls }), {
    code: "UPSTREAM_TLS_FAILED",
    message: /: it took longer than 0\.01 s$/,
  });
});

for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test(`dial() finds an application that listens on ${hostname} alone as localhost`, async () => {
    using listener = Deno.listen({ hostname, port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const accepting = listener.accept();
    const address = { scheme: "http", hostname: "localhost", port } as const;
    const dialled = await dial(address, { timeoutMs });
    using accepted = await accepting;
    await dialled.write(octetsOf("hi"));
    dialled.close();
    assert.equal(await accepted.read(new Uint8Array(8)), 2);
  });
}

Deno.test("dial() makes connections that send small writes at once", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const accepting = listener.accept();
  const address = { scheme: "http", hostname: "127.0.0.1", port } as const;
  const dialled = await dial(address, { timeoutMs });
  using accepted = await accepting;
  const answering = (async () => {
    const buffer = new Uint8Array(64);
    let unanswered = 0;
    for (let count; (count = await accepted.read(buffer)) !== null;) {
      unanswered += count;
      for (; unanswered >= 2; unanswered -= 2) {
        await accepted.write(octetsOf("!"));
      }
    }
  })();
  const since = performance.now();
  for (let i = 0; i < 50; i++) {
    await dialled.write(octetsOf("a"));
    await dialled.write(octetsOf("b"));
    await dialled.read(new Uint8Array(8));
  }
  const ms = performance.now() - since;
  dialled.close();
  await answering;
  assert.ok(ms < 50 * 20, `each took ${ms / 50} ms`);
});

Deno.test("dial() connects to a Unix socket", async () => {
  await using directory = await temporaryDirectory({});
  const path = join(directory.path, "app.sock");
  using listener = Deno.listen({ transport: "unix", path });
  const accepting = listener.accept();
  const dialled = await dial({ scheme: "unix", path }, { timeoutMs });
  using accepted = await accepting;
  await dialled.write(octetsOf("hi"));
  dialled.close();
  assert.equal(await accepted.read(new Uint8Array(8)), 2);
});
