import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { TcpStream } from "../../../src/net/tcp_stream.ts";
import { FakeTcp, settled } from "../../support/fake_tcp.ts";
import { latin1 } from "../../support/octet_reader.ts";

/** A stream that is read as TLS reads it: at once, whatever comes. */
function flowing() {
  const tcp = new FakeTcp();
  const stream = new TcpStream(tcp);
  const seen = { text: "", ended: false, errors: [] as Error[] };
  stream.on("data", (octets: Buffer) => seen.text += latin1(octets));
  stream.on("end", () => seen.ended = true);
  stream.on("error", (error: Error) => seen.errors.push(error));
  return { tcp, stream, seen };
}

async function close(stream: TcpStream): Promise<void> {
  const closed = once(stream, "close");
  stream.destroy();
  await closed;
}

Deno.test("TcpStream reads what arrives, in order, to the end", async () => {
  const { tcp, stream, seen } = flowing();
  tcp.arrive("ab", "c", "x".repeat(10_000), null);
  await once(stream, "end");
  assert.equal(seen.text, `abc${"x".repeat(10_000)}`);
  assert.equal(tcp.closed, 0, "it may still be answered");
  await close(stream);
  assert.equal(tcp.closed, 1);
});

Deno.test("TcpStream reads nothing more while it is held, but for the read under way", async () => {
  const { tcp, stream, seen } = flowing();
  tcp.arrive("a");
  await settled();
  stream.hold();
  tcp.arrive("b");
  await settled();
  assert.equal(seen.text, "ab");
  assert.equal(tcp.reading, false);
  tcp.arrive("c");
  await settled();
  assert.equal(seen.text, "ab", "c stays in the socket");
  stream.release();
  stream.release();
  await settled();
  assert.equal(seen.text, "abc");
  await close(stream);
});

Deno.test("TcpStream stops reading when nobody takes what it read", async () => {
  const tcp = new FakeTcp();
  const stream = new TcpStream(tcp);
  stream.on("readable", () => {});
  for (let i = 0; i < 100; i++) tcp.arrive("x".repeat(4096));
  await settled();
  assert.ok(stream.readableLength <= 3 * 4096, `${stream.readableLength}`);
  assert.equal(tcp.reading, false);
  await close(stream);
});

Deno.test("TcpStream keeps what was not taken at once as it came", async () => {
  const tcp = new FakeTcp();
  const stream = new TcpStream(tcp);
  let text = "";
  stream.on("readable", () => {});
  tcp.arrive("a".repeat(100));
  await settled();
  tcp.arrive("b".repeat(100), null);
  await settled();
  for (let part; (part = stream.read() as Buffer | null) !== null;) {
    text += latin1(part);
  }
  assert.equal(text, "a".repeat(100) + "b".repeat(100));
  await close(stream);
});

Deno.test("TcpStream reads into larger memory while much arrives, and small again after", async () => {
  const { tcp, stream } = flowing();
  tcp.arrive("x".repeat(2 * 1024 + 4096 + 16 * 1024 + 64 * 1024));
  await settled();
  tcp.arrive("x");
  await settled();
  tcp.arrive("x");
  await settled();
  assert.deepEqual(
    tcp.readSizes,
    [2, 4, 16, 64, 64, 4, 4].map((kib) => kib * 1024),
  );
  await close(stream);
});

Deno.test("TcpStream writes all, however little a write takes", async () => {
  const { tcp, stream } = flowing();
  tcp.writeLimit = 3;
  stream.cork();
  stream.write("0123456");
  stream.write("789");
  stream.uncork();
  stream.end("!");
  await once(stream, "finish");
  assert.equal(tcp.written, "0123456789!");
  assert.equal(tcp.writesClosed, 1);
  assert.equal(tcp.closed, 0, "the other side may still send");
  await close(stream);
});

Deno.test("TcpStream closes its connection once, whatever ends it", async () => {
  const endings: Readonly<
    Record<string, (tcp: FakeTcp, stream: TcpStream) => void>
  > = {
    "a failed read": (tcp) => tcp.arrive(new Error("reset")),
    "a failed write": (tcp, stream) => {
      tcp.breakWrites(new Error("reset"));
      stream.write("x");
    },
    "destroy()": (_, stream) => stream.destroy(),
    "destroy() twice, with an error": (_, stream) => {
      stream.destroy(new Error("no more"));
      stream.destroy();
    },
    "both ends in order": (tcp, stream) => {
      tcp.arrive(null);
      stream.end();
    },
  };
  for (const [what, end] of Object.entries(endings)) {
    const { tcp, stream } = flowing();
    const closed = once(stream, "close").catch(() => {});
    end(tcp, stream);
    await closed;
    await settled();
    assert.equal(tcp.closed, 1, what);
    assert.equal(stream.destroyed, true, what);
  }
});

Deno.test("TcpStream tells why it ended where the connection broke", async () => {
  const { tcp, stream, seen } = flowing();
  const reset = new Error("reset");
  const closed = once(stream, "close").catch(() => {});
  tcp.arrive("a", reset);
  await closed;
  await settled();
  assert.equal(seen.text, "a");
  assert.deepEqual(seen.errors, [reset]);
  assert.equal(seen.ended, false, "a reset is no end in order");
});

Deno.test("TcpStream drops what arrives after it was destroyed", async () => {
  const { tcp, stream, seen } = flowing();
  await settled();
  assert.equal(tcp.reading, true);
  await close(stream);
  await settled();
  assert.equal(seen.text, "");
  assert.deepEqual(seen.errors, []);
});
