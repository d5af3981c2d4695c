import assert from "node:assert/strict";
import { Deadlines } from "../../../src/deadlines.ts";
import { SidecarError } from "../../../src/errors.ts";
import { UpstreamConnection } from "../../../src/upstream/connection.ts";
import { LargeBuffers } from "../../../src/upstream/large_buffers.ts";
import { FakeTcp, settled } from "../../support/fake_tcp.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { latin1, octetsOf } from "../../support/octet_reader.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

function fixture() {
  const clock = new ManualClock();
  const tcp = new FakeTcp();
  const destroyed: UpstreamConnection[] = [];
  const connection = new UpstreamConnection(tcp, {
    deadlines: new Deadlines(clock),
    largeBuffers: new LargeBuffers(),
    onDestroyed: (which) => destroyed.push(which),
  });
  return { clock, tcp, connection, destroyed };
}

/** Takes a whole response, and returns its content. */
async function response(connection: UpstreamConnection): Promise<string> {
  await connection.readHead("GET");
  connection.body.begin(connection.head.framing);
  let content = "";
  for (;;) {
    const piece = connection.body.take();
    if (piece === null) return content;
    if (piece === undefined) await connection.body.more();
    else content += latin1(piece);
  }
}

Deno.test("UpstreamConnection serves one request after the other", async () => {
  const { tcp, connection } = fixture();
  for (const reused of [false, true]) {
    connection.begin();
    assert.equal(connection.reused, reused);
    assert.equal(connection.heard, false);
    tcp.arrive(OK);
    assert.equal(await response(connection), "hi");
    assert.equal(connection.heard, true);
    assert.equal(connection.reusable, true);
    connection.rest(1000);
  }
  connection.destroy();
});

Deno.test("UpstreamConnection.send() sends all, however little a write takes", async () => {
  const { tcp, connection } = fixture();
  tcp.writeLimit = 3;
  await connection.send(octetsOf("0123456789"));
  assert.equal(tcp.written, "0123456789");
  connection.destroy();
});

Deno.test("UpstreamConnection is not used again after what can't be trusted", async () => {
  const spoilt = {
    "a response that says so":
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
    "octets after the response": `${OK}HTTP/1.1 200 OK\r\n`,
    "HTTP/1.0": "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
  };
  for (const [what, octets] of Object.entries(spoilt)) {
    const { tcp, connection } = fixture();
    connection.begin();
    tcp.arrive(octets);
    assert.equal(await response(connection), "hi");
    assert.equal(connection.reusable, false, what);
    connection.destroy();
  }
});

Deno.test("UpstreamConnection closes itself when the application ends it at rest", async () => {
  const endings = {
    "its end": null,
    "a reset": new Error("reset"),
    "octets": OK,
  };
  for (const [what, ending] of Object.entries(endings)) {
    const { tcp, connection, destroyed } = fixture();
    connection.begin();
    tcp.arrive(OK);
    await response(connection);
    connection.rest(1000);
    tcp.arrive(ending);
    await settled();
    assert.equal(connection.destroyed, true, what);
    assert.deepEqual(destroyed, [connection]);
    assert.equal(tcp.closed, 1);
  }
});

Deno.test("UpstreamConnection closed under us before a word is heard says so", async () => {
  for (const ending of [null, new Error("reset")]) {
    const { tcp, connection } = fixture();
    connection.begin();
    tcp.arrive(ending);
    await assert.rejects(async () => await connection.readHead("GET"), {
      code: "UPSTREAM_CLOSED",
    });
    assert.equal(connection.heard, false);
    connection.destroy();
  }
});

Deno.test("UpstreamConnection that is closed within a head was heard", async () => {
  const { tcp, connection } = fixture();
  connection.begin();
  tcp.arrive("HTTP/1.1 2", null);
  await assert.rejects(async () => await connection.readHead("GET"), {
    code: "UPSTREAM_CLOSED",
  });
  assert.equal(connection.heard, true);
  connection.destroy();
});

Deno.test("UpstreamConnection does not take a body until close for whole after a reset", async () => {
  const { tcp, connection } = fixture();
  connection.begin();
  tcp.arrive("HTTP/1.1 200 OK\r\n\r\nhi", new Error("reset"));
  await assert.rejects(response(connection), { code: "UPSTREAM_CLOSED" });
  connection.destroy();
});

Deno.test("UpstreamConnection that is too slow is closed, and says that it was", async () => {
  const { clock, tcp, connection, destroyed } = fixture();
  connection.begin();
  connection.arm(1000);
  const head = connection.readHead("GET");
  clock.advance(2000);
  await assert.rejects(async () => await head, { code: "UPSTREAM_TIMEOUT" });
  assert.equal(tcp.closed, 1);
  assert.equal(destroyed.length, 1);
});

Deno.test("UpstreamConnection.destroy() closes once, and fails what is under way", async () => {
  const { clock, tcp, connection, destroyed } = fixture();
  connection.begin();
  const head = connection.readHead("GET");
  connection.destroy();
  connection.destroy();
  await assert.rejects(async () => await head, { code: "UPSTREAM_CLOSED" });
  assert.equal(tcp.closed, 1);
  assert.equal(destroyed.length, 1);
  assert.equal(clock.running, 0, "its deadline is gone");
});

Deno.test("UpstreamConnection tells the fault of its transport where that has a code", async () => {
  const { tcp, connection } = fixture();
  connection.begin();
  tcp.arrive(new SidecarError("UPSTREAM_TLS_FAILED", "an alert"));
  await assert.rejects(async () => await connection.readHead("GET"), {
    code: "UPSTREAM_TLS_FAILED",
  });
  connection.destroy();
});

Deno.test("UpstreamConnection reads into larger memory while a body flows, and small at rest", async () => {
  const { tcp, connection } = fixture();
  const content = "x".repeat(200 * 1024);
  connection.begin();
  tcp.arrive(
    `HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n${content}`,
  );
  assert.equal((await response(connection)).length, content.length);
  assert.equal(tcp.readSizes[0], 16 * 1024);
  assert.equal(tcp.readSizes.at(-1), 64 * 1024);
  connection.rest(1000);
  assert.equal(tcp.readSizes.at(-1), 16 * 1024);
  connection.destroy();
});
