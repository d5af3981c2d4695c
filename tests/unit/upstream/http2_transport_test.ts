import assert from "node:assert/strict";
import { Http2Transport } from "../../../src/upstream/http2_transport.ts";
import { latin1, octetsOf } from "../../support/octet_reader.ts";

/** A connection whose reads and writes are answered by the test. */
class FakeConnection {
  readonly written: string[] = [];
  #reads: PromiseWithResolvers<number | null>[] = [];
  #buffers: Uint8Array[] = [];
  #writes: PromiseWithResolvers<number>[] = [];
  closed = 0;

  read(buffer: Uint8Array): Promise<number | null> {
    const resolver = Promise.withResolvers<number | null>();
    this.#reads.push(resolver);
    this.#buffers.push(buffer);
    return resolver.promise;
  }

  get reading(): number {
    return this.#reads.length;
  }

  /** Answers the oldest read. */
  give(text: string | null | Error): void {
    const buffer = this.#buffers.shift()!;
    const read = this.#reads.shift()!;
    if (text instanceof Error) return read.reject(text);
    if (text !== null) buffer.set(octetsOf(text));
    read.resolve(text === null ? null : text.length);
  }

  write(octets: Uint8Array): Promise<number> {
    this.written.push(latin1(octets));
    const resolver = Promise.withResolvers<number>();
    this.#writes.push(resolver);
    return resolver.promise;
  }

  /** Answers the oldest write. */
  take(count: number | Error): void {
    const write = this.#writes.shift()!;
    if (count instanceof Error) write.reject(count);
    else write.resolve(count);
  }

  close(): void {
    this.closed++;
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("what is written while a write is under way leaves with the next one, and stays as it was", async () => {
  const connection = new FakeConnection();
  const transport = new Http2Transport(connection);
  const octets = octetsOf("abc");
  assert.ok(transport.write(octets));
  octets.fill(0);
  transport.write(octetsOf("de"));
  transport.write(octetsOf("f"));
  let ended = false;
  const end = transport.end().then(() => ended = true);
  assert.deepEqual(connection.written, ["abc"]);
  connection.take(1);
  await turn();
  connection.take(2);
  await turn();
  assert.deepEqual(connection.written, ["abc", "bc", "def"]);
  assert.ok(!ended);
  connection.take(3);
  await end;
});

Deno.test("whoever writes is told to stop, and when to go on", async () => {
  const connection = new FakeConnection();
  const transport = new Http2Transport(connection);
  const large = new Uint8Array(64 * 1024);
  assert.ok(transport.write(octetsOf("a")));
  assert.ok(!transport.write(large));
  let drained = false;
  const room = transport.drained().then(() => drained = true);
  await turn();
  assert.ok(!drained);
  connection.take(1);
  await room;
});

Deno.test("an interrupted read answers null, and loses nothing that comes later", async () => {
  const connection = new FakeConnection();
  const transport = new Http2Transport(connection);
  const read = transport.read();
  transport.interrupt();
  assert.equal(await read, null);
  connection.give("late");
  await turn();
  assert.equal(latin1((await transport.read())!), "late");
  assert.equal(connection.reading, 0);
  assert.ok(!transport.gone);
});

Deno.test("the application's end is told once, after what it sent", async () => {
  for (const end of [null, new Error("reset")]) {
    const connection = new FakeConnection();
    const transport = new Http2Transport(connection);
    let told = 0;
    transport.onGone = () => told++;
    const first = transport.read();
    connection.give("last");
    assert.equal(latin1((await first)!), "last");
    const second = transport.read();
    assert.equal(told, 0);
    connection.give(end);
    assert.equal(await second, null);
    assert.equal(await transport.read(), null);
    transport.destroy();
    assert.equal(told, 1);
  }
});

Deno.test("an application that takes nothing any more can still be read from", async () => {
  const connection = new FakeConnection();
  const transport = new Http2Transport(connection);
  transport.write(octetsOf("a"));
  connection.take(new Error("broken pipe"));
  await turn();
  assert.ok(transport.write(octetsOf("b")));
  assert.deepEqual(connection.written, ["a"]);
  const read = transport.read();
  connection.give("what it had said");
  assert.equal(latin1((await read)!), "what it had said");
});

Deno.test("destroy() closes once, and lets nobody wait", async () => {
  const connection = new FakeConnection();
  const transport = new Http2Transport(connection);
  transport.write(octetsOf("a"));
  transport.write(new Uint8Array(64 * 1024));
  const waits = [transport.read(), transport.drained(), transport.end()];
  transport.destroy();
  transport.destroy();
  await Promise.all(waits);
  assert.equal(connection.closed, 1);
});
