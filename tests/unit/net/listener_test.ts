import assert from "node:assert/strict";
import { listen, type ListenOptions } from "../../../src/net/listener.ts";
import { settled } from "../../support/fake_tcp.ts";

type Open = NonNullable<ListenOptions["open"]>;
type OpenListener = ReturnType<Open>;

const PORT = { hostname: "127.0.0.1", port: 0 };

/** A listener whose accepts the test decides: a connection, or an error. */
class ScriptedListener implements OpenListener {
  readonly addr: Deno.NetAddr = { transport: "tcp", hostname: "h", port: 1 };
  closed = 0;
  readonly #script: (Deno.TcpConn | Error)[];
  #waiting: PromiseWithResolvers<Deno.TcpConn> | undefined;

  constructor(script: (Deno.TcpConn | Error)[]) {
    this.#script = script;
  }

  /** How much of the script is left. */
  get left(): number {
    return this.#script.length;
  }

  accept(): Promise<Deno.TcpConn> {
    const next = this.#script.shift();
    if (next === undefined) {
      this.#waiting = Promise.withResolvers();
      return this.#waiting.promise;
    }
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  }

  close(): void {
    this.closed++;
    this.#waiting?.reject(new Deno.errors.BadResource("closed"));
  }
}

/** Stands for a connection; it is only handed on. */
async function connection(): Promise<Deno.TcpConn & Disposable> {
  using listener = Deno.listen(PORT);
  const [dialled, accepted] = await Promise.all([
    Deno.connect({ ...PORT, port: (listener.addr as Deno.NetAddr).port }),
    listener.accept(),
  ]);
  dialled.close();
  return accepted;
}

/** Runs a script of accepts; resolves when `count` connections have come or accepts have failed. */
async function run(script: (Deno.TcpConn | Error)[]) {
  const listener = new ScriptedListener([...script]);
  const done = Promise.withResolvers<void>();
  const accepted: Deno.TcpConn[] = [];
  const failures: string[] = [];
  const waits: number[] = [];
  function check(): void {
    if (accepted.length + waits.length === script.length) done.resolve();
  }
  const { address, stop } = listen({
    ...PORT,
    open: () => listener,
    onConnection(connection) {
      accepted.push(connection);
      check();
    },
    onAcceptError: ({ message }, retryMs) =>
      failures.push(`${message} ${retryMs}`),
    wait(ms) {
      waits.push(ms);
      check();
      return Promise.resolve();
    },
  });
  await done.promise;
  await stop();
  return { address, listener, accepted, failures, waits };
}

function exhausted(): Error {
  return Object.assign(new Error("EMFILE"), { code: "EMFILE" });
}

Deno.test("listen() goes on at once where one connection alone failed", async () => {
  using accepted = await connection();
  const listener = new ScriptedListener([
    ...Array.from({ length: 500 }, () => new Error("ENOTCONN")),
    accepted,
  ]);
  const came = Promise.withResolvers<Deno.TcpConn>();
  const { stop } = listen({
    ...PORT,
    open: () => listener,
    onConnection: came.resolve,
    onAcceptError: () => assert.fail("nothing is exhausted"),
    wait: () => assert.fail("others would be kept waiting"),
  });
  assert.equal(await came.promise, accepted);
  await stop();
});

Deno.test("listen() does not spin where every accept fails", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const { stop } = listen({
    ...PORT,
    open: () =>
      new ScriptedListener(
        Array.from({ length: 1000 }, () => new Error("EINVAL")),
      ),
    onConnection: () => assert.fail("nothing came"),
    onAcceptError: () => {},
    wait(ms) {
      resolve(ms);
      return Promise.resolve();
    },
  });
  assert.equal(await promise, 5);
  await stop();
});

Deno.test("listen() hands on each connection", async () => {
  using first = await connection();
  using second = await connection();
  const { accepted, address, failures } = await run([first, second]);
  assert.deepEqual(accepted, [first, second]);
  assert.deepEqual(failures, []);
  assert.equal(address.port, 1);
});

Deno.test("listen() accepts again after failures, waiting longer each time up to a second", async () => {
  const failures = Array.from({ length: 10 }, () => exhausted());
  const { waits } = await run(failures);
  assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
});

Deno.test("listen() waits little again after a connection came", async () => {
  using accepted = await connection();
  const fault = exhausted();
  const { waits, failures } = await run([fault, fault, accepted, fault]);
  assert.deepEqual(waits, [5, 10, 5]);
  assert.deepEqual(failures, ["EMFILE 5", "EMFILE 10", "EMFILE 5"]);
});

Deno.test("listen() lets a connection wait while there is no room, and accepts no other", async () => {
  using first = await connection();
  using second = await connection();
  const listener = new ScriptedListener([first, second]);
  const accepted: Deno.TcpConn[] = [];
  let hasRoom = false;
  const { resume, stop } = listen({
    ...PORT,
    open: () => listener,
    onConnection: (connection) => accepted.push(connection),
    hasRoom: () => hasRoom,
    onAcceptError: () => assert.fail("nothing failed"),
  });
  await settled();
  resume();
  await settled();
  assert.deepEqual(accepted, [], "there was still no room");
  assert.equal(listener.left, 1, "the second is not accepted");
  hasRoom = true;
  resume();
  await settled();
  assert.deepEqual(accepted, [first, second]);
  await stop();
});

Deno.test("listen().stop() closes a connection that waits for room", async () => {
  const waiting = await connection();
  const { stop } = listen({
    ...PORT,
    open: () => new ScriptedListener([waiting]),
    onConnection: () => assert.fail("there was no room"),
    hasRoom: () => false,
    onAcceptError: () => assert.fail("nothing failed"),
  });
  await settled();
  await stop();
  assert.throws(() => waiting.close(), Deno.errors.BadResource);
});

Deno.test("listen().stop() closes once, and reports no failure", async () => {
  const failures: unknown[] = [];
  const listener = new ScriptedListener([]);
  const { stop } = listen({
    ...PORT,
    open: () => listener,
    onConnection: () => assert.fail("nothing came"),
    onAcceptError: (error) => failures.push(error),
  });
  await Promise.all([stop(), stop()]);
  assert.equal(listener.closed, 1);
  assert.deepEqual(failures, []);
});

Deno.test("listen() refuses a port that is taken, naming it", async () => {
  const first = listen({
    ...PORT,
    onConnection: () => {},
    onAcceptError: () => {},
  });
  const { port } = first.address;
  assert.throws(
    () =>
      listen({
        hostname: "127.0.0.1",
        port,
        onConnection: () => {},
        onAcceptError: () => {},
      }),
    {
      code: "LISTEN_FAILED",
      message: new RegExp(`^Cannot listen on 127\\.0\\.0\\.1 port ${port}: .+`),
    },
  );
  await first.stop();
});

Deno.test("listen() accepts from the system, and nothing more once stopped", async () => {
  const accepted = Promise.withResolvers<Deno.TcpConn>();
  const { address, stop } = listen({
    ...PORT,
    onConnection: (connection) => accepted.resolve(connection),
    onAcceptError: (error) => accepted.reject(error),
  });
  const where = { hostname: address.hostname, port: address.port };
  using _client = await Deno.connect(where);
  using _server = await accepted.promise;
  await stop();
  await assert.rejects(Deno.connect(where), Deno.errors.ConnectionRefused);
});
