import assert from "node:assert/strict";
import type { SecureVersion } from "node:tls";
import { attempt } from "../support/attempt.ts";
import { fieldValues, get, ok } from "../support/messages.ts";
import { createAuthority } from "../support/pki.ts";
import { root } from "../support/sidecar.ts";
import { eventually, soon } from "../support/waiting.ts";
import { kept, onCue, removed, TrustScene } from "./trust_scene.ts";

for (const version of ["TLSv1.2", "TLSv1.3"] satisfies SecureVersion[]) {
  Deno.test(`a new handshake of a client whose CA was removed is refused, and one of another CA is not (${version})`, async () => {
    await using scene = await TrustScene.set(ok("in"));
    const { port } = scene.sidecar;
    const tried = async (identity = removed.issue()) =>
      (await soon(attempt({ port, identity, version }), "its end")).answer;
    assert.match(await tried(), /^HTTP\/1\.1 200 /);
    await scene.trust(kept);
    assert.equal(await tried(), "");
    assert.deepEqual(scene.refusals, ["PATH_NOT_FOUND"]);
    assert.match(await tried(kept.issue()), /^HTTP\/1\.1 200 /);
  });
}

Deno.test("an idle connection ends at once when its client's CA is removed, and those of another CA go on", async () => {
  await using scene = await TrustScene.set(ok("in"));
  const lost = await scene.served(removed.issue());
  const unasked = await scene.connect(removed.issue());
  const safe = await scene.served(kept.issue());
  await scene.trust(kept);
  assert.equal((await lost.rest()).text, "");
  assert.equal((await unasked.rest()).text, "");
  const { fields } = await scene.sidecar.event("trust shrank");
  assert.deepEqual(fields, { trust_generation: 2, retired: 2 });
  await safe.send(get());
  const { head, content } = await safe.response();
  assert.deepEqual([content, fieldValues(head, "connection")], ["in", []]);
  assert.equal(scene.sidecar.sidecar.connections.admitted, 1);
});

Deno.test("a request of which half the head has come is not taken when its client's CA is removed", async () => {
  const { script, lines, go } = onCue(ok("in"));
  go();
  await using scene = await TrustScene.set(script);
  const lost = await scene.served(removed.issue());
  const first = await scene.connect(removed.issue());
  const whole = get("/half");
  for (const client of [lost, first]) await client.send(whole.slice(0, 20));
  await scene.trust(kept);
  for (const client of [lost, first]) {
    // It may learn of the cut by this, or by what it reads.
    await client.send(whole.slice(20)).catch(() => {});
    assert.equal((await client.rest()).text, "");
  }
  assert.deepEqual(lines, ["GET /"]);
});

Deno.test("the request in hand is finished with Connection: close when its client's CA is removed, and those behind it are not served", async () => {
  const { script, lines, asked, go } = onCue(ok("in"));
  await using scene = await TrustScene.set(script);
  const lost = await scene.connect(removed.issue());
  await lost.send(get("/1") + get("/2") + get("/3"));
  await asked;
  await scene.trust(kept);
  go();
  const { head, content } = await lost.response();
  assert.deepEqual([content, fieldValues(head, "connection")], ["in", [
    "close",
  ]]);
  assert.deepEqual(await lost.rest(), { text: "", end: "ended" });
  assert.deepEqual(lines, ["GET /1"]);
});

Deno.test("a request whose body is still coming is finished when its client's CA is removed", async () => {
  const asked = Promise.withResolvers<void>();
  await using scene = await TrustScene.set(async (connection) => {
    await connection.head();
    asked.resolve();
    await connection.write(ok(await connection.octets(8)));
  });
  const lost = await scene.connect(removed.issue());
  await lost.send(
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf",
  );
  await asked.promise;
  await scene.trust(kept);
  await lost.send("more" + get("/2"));
  const { head, content } = await lost.response();
  assert.deepEqual([content, fieldValues(head, "connection")], ["halfmore", [
    "close",
  ]]);
  assert.equal((await lost.rest()).text, "");
  assert.equal(scene.sidecar.entries.length, 1);
});

Deno.test("a response that goes on for ever is cut TRUST_DRAIN_SECS after its client's CA was removed, and that of another client goes on", async () => {
  await using scene = await TrustScene.set(async (connection) => {
    await connection.head();
    await connection.write(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    while (await connection.write("4\r\ntick\r\n")) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }, { settings: { TRUST_DRAIN_SECS: "1" } });
  const lost = await scene.connect(removed.issue());
  const stalled = await scene.connect(removed.issue());
  const safe = await scene.connect(kept.issue());
  for (const client of [lost, stalled, safe]) {
    await client.send(get());
    await client.until("tick");
  }
  await scene.trust(kept);
  const since = performance.now();
  const { end } = await lost.rest();
  const lasted = performance.now() - since;
  assert.notEqual(end, "ended", "or the client would take it for whole");
  assert.ok(lasted > 900 && lasted < 5_000, `it lasted ${lasted} ms`);
  await eventually(
    () => scene.sidecar.sidecar.connections.admitted === 1,
    "the client that reads nothing to be cut",
  );
  for (let more = 0; more < 10; more++) {
    assert.ok(await safe.until("tick") !== undefined);
  }
  safe.close();
});

Deno.test("a CA that was renewed under its name and key does not disturb its clients, and is what they rest on then", async () => {
  await using scene = await TrustScene.set(ok("in"));
  const client = await scene.served(removed.issue());
  const renewed = createAuthority({
    commonName: "Removed Root",
    key: removed.key,
  });
  await scene.trust(renewed, kept);
  const { fields } = await scene.sidecar.event("trust shrank");
  assert.deepEqual(fields, { trust_generation: 2, retired: 0 });
  await client.send(get());
  assert.equal((await client.response()).content, "in");
  await scene.trust(kept);
  assert.equal((await client.rest()).text, "");
});

Deno.test("a bundle that grows, and a new server certificate, disturb nobody", async () => {
  await using scene = await TrustScene.set(ok("in"));
  const client = await scene.served(removed.issue());
  const added = createAuthority({ commonName: "Added Root" });
  await scene.trust(kept, added, removed);
  const next = root.issue({ commonName: "next", ips: ["127.0.0.1"] });
  const { fields } = await scene.reload({
    "certs/tls.crt": next.chainPem,
    "certs/tls.key": next.keyPem,
  });
  assert.equal(fields["trust_generation"], 1);
  await client.send(get());
  const { head } = await client.response();
  assert.deepEqual(fieldValues(head, "connection"), []);
  await scene.served(added.issue());
  assert.deepEqual(scene.refusals, []);
});
