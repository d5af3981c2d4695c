import assert from "node:assert/strict";
import { attempt } from "../support/attempt.ts";
import { TestDoor } from "../support/door.ts";
import { Relay } from "../support/relay.ts";
import { client, root } from "../support/sidecar.ts";
import { hasTcpTable, serverDescriptors } from "../support/tcp_table.ts";
import { eventually, soon } from "../support/waiting.ts";

const LIMIT = TestDoor.HANDSHAKE_TIMEOUT_MS;

/** How late a deadline may be: two sweeps. */
const LATE = 500;

/** The head of a TLS record (RFC 8446 §5.1) that says a ClientHello of 256 octets follows. */
const HALF_A_HELLO = Uint8Array.of(22, 3, 1, 1, 0, 1, 0, 0, 252, 3, 3);

/** Reads until the server closes. A reset is a close, too. */
async function closed(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(4096);
  const read = async () => {
    while (await connection.read(buffer) !== null);
  };
  await soon(read().catch(() => {}), "the server to close");
}

/** Resolves when nothing of a door's connections is left. */
async function nothingLeft(door: TestDoor): Promise<void> {
  await door.handshaking(0);
  assert.equal(door.clock.running, 0, "a timer runs for nothing");
  if (!hasTcpTable) return;
  await eventually(
    async () => await serverDescriptors(door.port) === 0,
    "descriptors to be closed",
  );
}

Deno.test("a client that connects and says nothing is closed when its time is over, and not before", async () => {
  await using door = await TestDoor.open();
  using connection = await door.connect();
  await door.handshaking(1);
  door.clock.advance(LIMIT - 1);
  assert.equal(door.door.handshaking, 1);
  door.clock.advance(1 + LATE);
  await closed(connection);
  assert.deepEqual(door.refusals, [{
    code: "HANDSHAKE_TIMEOUT",
    detail: "the handshake took too long",
    address: "127.0.0.1",
  }]);
  await nothingLeft(door);
});

Deno.test("a client that stops within its hello is closed when its time is over", async () => {
  await using door = await TestDoor.open();
  using connection = await door.connect();
  await connection.write(HALF_A_HELLO);
  await door.handshaking(1);
  door.clock.advance(LIMIT + LATE);
  await closed(connection);
  assert.deepEqual(door.refusals.map(({ code }) => code), [
    "HANDSHAKE_TIMEOUT",
  ]);
  await nothingLeft(door);
});

Deno.test("a client gets no more time by sending an octet now and then", async () => {
  await using door = await TestDoor.open();
  using connection = await door.connect();
  await door.handshaking(1);
  for (const octet of HALF_A_HELLO.subarray(0, 10)) {
    await connection.write(Uint8Array.of(octet));
    door.clock.advance((LIMIT + LATE) / 10);
  }
  await closed(connection);
  assert.deepEqual(door.refusals.map(({ code }) => code), [
    "HANDSHAKE_TIMEOUT",
  ]);
  await nothingLeft(door);
});

Deno.test("a client that does not answer the server's hello is closed when its time is over", async () => {
  await using door = await TestDoor.open();
  await using relay = new Relay(door.port);
  const attempted = attempt({ port: relay.port, identity: client });
  await soon(relay.holding, "the client's answer");
  door.clock.advance(LIMIT + LATE);
  await soon(attempted, "the client to be closed");
  assert.deepEqual(door.refusals.map(({ code }) => code), [
    "HANDSHAKE_TIMEOUT",
  ]);
  assert.equal(door.admitted.length, 0);
  await nothingLeft(door);
});

Deno.test("an admitted connection is not closed when a handshake would have to be done", async () => {
  await using door = await TestDoor.open();
  const attempted = attempt({ port: door.port, identity: client });
  await eventually(() => door.admitted.length === 1, "admission");
  door.clock.advance(10 * LIMIT);
  const [connection] = door.admitted;
  assert.ok(connection);
  assert.match(
    new TextDecoder().decode(await connection.read() ?? undefined),
    /^GET \/ /,
  );
  connection.write(new TextEncoder().encode("late"));
  connection.end();
  const { answer } = await soon(attempted, "the client to be closed");
  assert.equal(answer, "late");
  assert.deepEqual(door.refusals, []);
  await nothingLeft(door);
});

Deno.test("a client that ends its side before its hello is closed at once", async () => {
  await using door = await TestDoor.open();
  using connection = await door.connect();
  await connection.closeWrite();
  await closed(connection);
  assert.deepEqual(door.refusals.map(({ code }) => code), ["HANDSHAKE_FAILED"]);
  await nothingLeft(door);
});

Deno.test("a client that ends its side within its hello is closed at once", async () => {
  await using door = await TestDoor.open();
  using connection = await door.connect();
  await connection.write(HALF_A_HELLO);
  await connection.closeWrite();
  await closed(connection);
  assert.deepEqual(door.refusals.map(({ code }) => code), ["HANDSHAKE_FAILED"]);
  await nothingLeft(door);
});

const GARBAGE: Record<string, Uint8Array<ArrayBuffer>> = {
  "an HTTP request": new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
  "a record of no known type": Uint8Array.of(99, 3, 1, 0, 1, 0),
  "a record that is too long": Uint8Array.of(22, 3, 1, 0xff, 0xff, 0),
  "application data": Uint8Array.of(23, 3, 3, 0, 1, 0),
  "an alert": Uint8Array.of(21, 3, 1, 0, 2, 2, 40),
  "a hello of junk": Uint8Array.of(22, 3, 1, 0, 5, 1, 0, 0, 1, 0xff),
  "octets without meaning": crypto.getRandomValues(new Uint8Array(4096))
    // Not by chance a handshake record, which may ask for more.
    .with(0, 0),
};

for (const [name, octets] of Object.entries(GARBAGE)) {
  Deno.test(`a client that begins with ${name} is closed at once`, async () => {
    await using door = await TestDoor.open();
    using connection = await door.connect();
    await connection.write(octets);
    await closed(connection);
    assert.deepEqual(door.refusals.map(({ code }) => code), [
      "HANDSHAKE_FAILED",
    ]);
    assert.equal(door.admitted.length, 0);
    await nothingLeft(door);
  });
}

Deno.test("a client that leaves in the middle of the handshake leaves nothing behind", async () => {
  await using door = await TestDoor.open();
  {
    await using relay = new Relay(door.port);
    void attempt({ port: relay.port, identity: client });
    await soon(relay.holding, "the client's answer");
  }
  await nothingLeft(door);
  assert.deepEqual(door.refusals.map(({ code }) => code), ["HANDSHAKE_FAILED"]);
});

/** How a TLS 1.2 handshake is refused when the last octet of one of the client's records is altered. */
async function refusalOfAltered(
  isIt: (type: number, message: number) => boolean,
): Promise<string | undefined> {
  await using door = await TestDoor.open();
  await using relay = new Relay(door.port, (octets) => {
    const view = new DataView(octets.buffer, octets.byteOffset);
    for (let at = 0, end; at + 5 < octets.length; at = end) {
      end = at + 5 + view.getUint16(at + 3);
      if (isIt(view.getUint8(at), view.getUint8(at + 5))) {
        view.setUint8(end - 1, view.getUint8(end - 1) ^ 1);
      }
    }
  });
  const { port } = relay;
  const attempted = attempt({ port, identity: client, version: "TLSv1.2" });
  relay.release();
  await soon(attempted, "the refusal");
  await nothingLeft(door);
  assert.equal(door.admitted.length, 0);
  return door.refusals[0]?.detail;
}

Deno.test("a client that does not prove that the key is its own is refused (RFC 5246 §7.4.8)", async () => {
  // With TLS 1.2 the CertificateVerify is in the clear. Nobody looking at its
  // signature, the Finished that covers it would be what does not decrypt.
  const certificateVerify = await refusalOfAltered(
    (type, message) => type === 22 && message === 15,
  );
  assert.match(certificateVerify ?? "", /^it did not prove to hold the key/);
  let isNext = false;
  const finished = await refusalOfAltered((type) => {
    const isFinished = isNext;
    isNext = type === 20;
    return isFinished;
  });
  assert.match(finished ?? "", /decrypt/);
});

Deno.test("a record that was tampered with ends the connection, and nothing else", async () => {
  await using door = await TestDoor.open();
  await using relay = new Relay(door.port);
  const attempted = attempt({ port: relay.port, identity: client });
  relay.release();
  await eventually(() => door.admitted.length === 1, "admission");
  const [connection] = door.admitted;
  assert.ok(await connection?.read(), "the request");
  await relay.inject(Uint8Array.of(23, 3, 3, 0, 20, ...new Uint8Array(20)));
  assert.equal(await soon(connection!.read(), "the end"), null);
  await soon(attempted, "the client to be closed");
  await nothingLeft(door);
});

Deno.test("a door that closes cuts the handshakes that are under way", async () => {
  await using door = await TestDoor.open();
  using silent = await door.connect();
  using halfway = await door.connect();
  await halfway.write(HALF_A_HELLO);
  await door.handshaking(2);
  door.door.close();
  await closed(silent);
  await closed(halfway);
  await nothingLeft(door);
});

Deno.test("a fault within the guard refuses the connection and ends nothing else", async () => {
  let faults = 1;
  await using door = await TestDoor.open(() => {
    if (faults-- > 0) throw new RangeError("a fault");
  });
  const { port } = door;
  await soon(attempt({ port, identity: client }), "the refusal");
  assert.deepEqual(door.refusals.map(({ code }) => code), ["INTERNAL"]);
  assert.equal(door.admitted.length, 0);
  await nothingLeft(door);

  const attempted = attempt({ port, identity: client });
  await eventually(() => door.admitted.length === 1, "admission");
  door.admitted[0]?.destroy();
  await soon(attempted, "the end");
});

Deno.test("the guard is given the leaf, and after it what came with it", async () => {
  const upper = root.issueAuthority({ commonName: "Upper" });
  const lower = upper.issueAuthority({ commonName: "Lower" });
  const identity = lower.issue({ commonName: "leaf" });
  const seen: string[] = [];
  await using door = await TestDoor.open((presented) => {
    assert.equal(presented.authorized, true);
    assert.ok(presented.leaf);
    seen.push(...[presented.leaf, ...presented.intermediates()].map(hex));
  });
  const attempted = attempt({ port: door.port, identity });
  await eventually(() => door.admitted.length === 1, "admission");
  const facts = door.admitted[0]?.facts;
  assert.equal(facts?.standing.client.commonName, "leaf");
  assert.equal(facts?.address, "127.0.0.1");
  assert.equal(facts?.tlsVersion, "TLSv1.3");
  assert.equal(facts?.resumed, false);
  door.admitted[0]?.destroy();
  await soon(attempted, "the end");
  // The runtime adds the root that it knows.
  const sent = [identity, lower, upper, root];
  assert.deepEqual(seen, sent.map(({ der }) => hex(der)));
});

function hex(octets: Uint8Array): string {
  return new Uint8Array(octets).toHex();
}
