import assert from "node:assert/strict";
import { FrameType } from "../../src/http2/frame.ts";
import { H2Error } from "../../src/http2/http2_error.ts";
import type { Script } from "../support/application.ts";
import { GET, type Http2Client, POST } from "../support/http2_client.ts";
import { http2Client } from "../support/http2_sidecar.ts";
import { fieldValues, ok } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";
import { root } from "../support/sidecar.ts";
import { eventually, soon } from "../support/waiting.ts";
import { peersFile, peersScene, RELOADED } from "./peers_scene.ts";
import { kept, removed, TrustScene } from "./trust_scene.ts";

/** An application that answers when it is told to, a request with content after that. */
function onCue(): { script: Script; heads: string[]; go(): void } {
  const cue = Promise.withResolvers<void>();
  const heads: string[] = [];
  return {
    heads,
    go: () => cue.resolve(),
    script: async (connection) => {
      for (let head; (head = await connection.head()) !== undefined;) {
        heads.push(head);
        await cue.promise;
        const [length = "0"] = fieldValues(head, "content-length");
        await connection.write(
          ok(`whole ${await connection.octets(Number(length))}`),
        );
      }
      connection.end();
    },
  };
}

/** A client with three requests in hand, one of which has content still to come. */
async function inHand(
  client: Http2Client,
  heads: readonly string[],
): Promise<{ ids: number[]; upload: number }> {
  const before = heads.length;
  const ids = [client.request(), client.request()];
  const upload = client.request([...POST, ["content-length", "8"]], false);
  await client.data(upload, "half");
  await eventually(() => heads.length === before + 3, "the requests in hand");
  return { ids: [...ids, upload], upload };
}

/** What every client sees whose trust is gone, or who is to leave, with requests in hand. */
async function assertFinished(
  client: Http2Client,
  { ids, upload }: { ids: readonly number[]; upload: number },
): Promise<void> {
  await client.data(upload, "more", true);
  for (const id of ids) {
    const { status, text, ended } = await client.response(id);
    assert.deepEqual(
      [status, text, ended],
      [200, id === upload ? "whole halfmore" : "whole ", true],
    );
  }
  assert.equal(await client.goaway(), H2Error.NO_ERROR);
  assert.equal(client.end, "ended");
}

/** The last GOAWAY that says which request is the last, and a request after it, which is refused. */
async function assertRefusesMore(
  client: Http2Client,
  last: number,
): Promise<void> {
  await client.frame(
    ({ type, lastStreamId }) =>
      type === FrameType.GOAWAY && lastStreamId === last,
    "a GOAWAY that names the last request",
  );
  const { reset } = await client.response(client.request());
  assert.equal(reset, H2Error.REFUSED_STREAM);
}

Deno.test("when its client's CA is removed, a connection's streams in hand are finished and later ones refused; those of another CA go on", async () => {
  const { script, heads, go } = onCue();
  await using scene = await TrustScene.set(script);
  using lost = await http2Client(scene.sidecar, removed.issue());
  using idle = await http2Client(scene.sidecar, removed.issue());
  using safe = await http2Client(scene.sidecar, kept.issue());
  const streams = await inHand(lost, heads);
  const others = await inHand(safe, heads);
  await scene.trust(kept);
  assert.equal(await idle.goaway(), H2Error.NO_ERROR);
  await assertRefusesMore(lost, streams.upload);
  go();
  await assertFinished(lost, streams);
  // What is not the lost client's goes on as if nothing were.
  await safe.data(others.upload, "more", true);
  for (const id of [...others.ids, safe.request()]) {
    assert.equal((await safe.response(id)).status, 200);
  }
  assert.ok(!safe.frames.some(({ type }) => type === FrameType.GOAWAY));
  assert.equal(heads.length, 7);
  for (const client of [lost, idle]) client.close();
  await eventually(
    () => scene.sidecar.sidecar.connections.admitted === 1,
    "the connections to end whose trust is gone",
  );
});

Deno.test("streams that go on for ever are cut TRUST_DRAIN_SECS after their client's CA was removed", async () => {
  await using scene = await TrustScene.set(async (connection) => {
    await connection.head();
    await connection.write(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    while (await connection.write("4\r\ntick\r\n")) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }, { settings: { TRUST_DRAIN_SECS: "1" } });
  using lost = await http2Client(scene.sidecar, removed.issue());
  using safe = await http2Client(scene.sidecar, kept.issue());
  const id = lost.request();
  const other = safe.request();
  await lost.of(FrameType.DATA, id);
  await scene.trust(kept);
  const since = performance.now();
  await lost.ended();
  const lasted = performance.now() - since;
  assert.ok(lasted > 900 && lasted < 5_000, `it lasted ${lasted} ms`);
  assert.equal(lost.result(id).ended, false);
  const before = safe.result(other).text.length;
  await eventually(
    () => safe.result(other).text.length > before + 40,
    "the other client's response to go on",
  );
});

Deno.test("when a peer is no longer pinned, its streams in hand are finished and later ones refused", async () => {
  const { script, heads, go } = onCue();
  const one = root.issue({ commonName: "one" });
  const two = root.issue({ commonName: "two" });
  const both = peersFile([{ id: "one", keys: [one] }, {
    id: "two",
    keys: [two],
  }]);
  await using scene = await peersScene(script, both);
  using lost = await http2Client(scene.sidecar, one);
  using safe = await http2Client(scene.sidecar, two);
  const streams = await inHand(lost, heads);
  await scene.put(peersFile([{ id: "two", keys: [two] }]), RELOADED);
  await assertRefusesMore(lost, streams.upload);
  go();
  await assertFinished(lost, streams);
  assert.equal((await safe.response(safe.request())).status, 200);
});

Deno.test("when its client's certificate expires, a connection's streams in hand are finished and later ones refused", async () => {
  const { script, heads, go } = onCue();
  const notAfter = 1000 * Math.ceil(Date.now() / 1000 + 1.5);
  await using scene = await TrustScene.set(script);
  using lost = await http2Client(scene.sidecar, kept.issue({ notAfter }));
  const streams = await inHand(lost, heads);
  // A request that comes before the sweep that ends the connection is refused by the clock.
  await eventually(() => Date.now() > notAfter, "the certificate's end");
  const late = lost.request();
  assert.equal((await lost.response(late)).reset, H2Error.REFUSED_STREAM);
  await lost.of(FrameType.GOAWAY);
  await eventually(
    () => scene.sidecar.sidecar.connections.admitted === 1,
    "the connection to be there still",
  );
  go();
  await assertFinished(lost, streams);
  assert.equal(heads.length, 3);
});

Deno.test("a certificate that expires ends an idle connection with GOAWAY", async () => {
  const notAfter = 1000 * Math.ceil(Date.now() / 1000 + 1);
  await using scene = await TrustScene.set(ok());
  using lost = await http2Client(scene.sidecar, kept.issue({ notAfter }));
  await lost.response(lost.request());
  assert.equal(await lost.goaway(), H2Error.NO_ERROR);
  assert.ok(Date.now() > notAfter);
});

Deno.test("shutdown says GOAWAY twice, takes what was on its way, and lets streams in hand finish", async () => {
  const { script, heads, go } = onCue();
  await using scene = await Scene.set(script);
  using client = await http2Client(scene.sidecar);
  const streams = await inHand(client, heads);
  const finished = scene.sidecar.shutdown();
  const { lastStreamId } = await client.of(FrameType.GOAWAY);
  assert.equal(lastStreamId, 0x7fff_ffff);
  await assertRefusesMore(client, streams.upload);
  go();
  await assertFinished(client, streams);
  client.close();
  assert.equal(await finished, true);
  assert.equal(scene.sidecar.entries.length, 3);
});

Deno.test("shutdown takes a stream that was sent before its client knew of it", async () => {
  await using scene = await Scene.set(ok("served"));
  // It does not answer the ping that comes with the first GOAWAY.
  using client = await http2Client(scene.sidecar, undefined, { rude: true });
  await client.response(client.request());
  const finished = scene.sidecar.shutdown();
  await client.of(FrameType.GOAWAY);
  assert.equal((await client.response(client.request())).text, "served");
  assert.equal(await client.goaway(), H2Error.NO_ERROR);
  client.close();
  assert.equal(await soon(finished, "the shutdown"), true);
});

for (
  const [name, settings, identity, status] of [
    ["a rule keeps out", { ALLOW_CN: "allowed" }, root.issue(), 403],
    [
      "is not verified",
      { UNVERIFIED: "401" },
      removed.issue(),
      401,
    ],
  ] as const
) {
  Deno.test(`each request of a client that ${name} is answered ${status}, and its connection ends`, async () => {
    await using scene = await Scene.set(ok(), settings);
    using client = await http2Client(scene.sidecar, identity);
    const ids = [
      client.request(),
      client.request([...GET.slice(0, 3), [":path", "/two"]]),
      // Its content is not waited for.
      client.request(POST, false),
    ];
    for (const id of ids) {
      const { status: seen, text } = await client.response(id);
      assert.equal(seen, status);
      assert.match(text, /^[A-Z_]+\n$/);
    }
    assert.equal(await client.goaway(), H2Error.NO_ERROR);
    const entry = await scene.sidecar.entry({ "url.path": "/two" });
    assert.deepEqual([
      entry["http.response.status_code"],
      entry["network.protocol.version"],
    ], [
      status,
      "2",
    ]);
    assert.equal(scene.application.connections.length, 0);
  });
}
