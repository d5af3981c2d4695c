import assert from "node:assert/strict";
import { get, ok } from "../support/messages.ts";
import { createAuthority } from "../support/pki.ts";
import { createCrl } from "../support/pki_crl.ts";
import type { RawClient } from "../support/raw_client.ts";
import { root } from "../support/sidecar.ts";
import { bundle, kept, onCue, removed, TrustScene } from "./trust_scene.ts";

const LOCKOUT = "new trust refuses clients that are connected now";
const REFUSE = { settings: { REFUSE_LOCKOUT: "true" } };

/** Whether the connection is there still: it serves a request. */
async function isServed(client: RawClient): Promise<boolean> {
  await client.send(get()).catch(() => {});
  return await client.until("in") !== undefined;
}

Deno.test("a bundle that refuses some of the clients connected now is taken, and warned of with their number", async () => {
  await using scene = await TrustScene.set(ok("in"), REFUSE);
  const twice = removed.issue();
  const lost = [await scene.served(twice), await scene.served(removed.issue())];
  const safe = await scene.served(kept.issue());
  await scene.trust(kept);
  const { level, fields } = await scene.sidecar.event(LOCKOUT);
  assert.deepEqual([level, fields], ["warning", { clients: 3, refused: 2 }]);
  for (const client of lost) assert.equal((await client.rest()).text, "");
  assert.ok(await isServed(safe));
});

Deno.test("a bundle that refuses all clients connected now is taken, and warned of, where REFUSE_LOCKOUT is false", async () => {
  await using scene = await TrustScene.set(ok("in"));
  const lost = await scene.served(removed.issue());
  await scene.trust(kept);
  const { fields } = await scene.sidecar.event(LOCKOUT);
  assert.deepEqual(fields, { clients: 1, refused: 1 });
  assert.equal((await lost.rest()).text, "");
});

Deno.test("REFUSE_LOCKOUT keeps the old bundle where a new one refuses all clients connected now, until a reload is asked for", async () => {
  await using scene = await TrustScene.set(ok("in"), REFUSE);
  const clients = [
    await scene.served(removed.issue()),
    await scene.served(removed.issue()),
  ];
  const { fields } = await scene.reject({ "ca/ca.crt": bundle([kept]) });
  assert.equal(fields["code"], "LOCKOUT");
  assert.match(String(fields["error"]), /all of the 2 clients/);
  for (const client of clients) assert.ok(await isServed(client));
  assert.ok(await isServed(await scene.connect(removed.issue())));

  const reloaded = scene.sidecar.nextEvent("material reloaded");
  scene.sidecar.sidecar.reload();
  await reloaded;
  for (const client of clients) assert.equal((await client.rest()).text, "");
  assert.equal(await isServed(await scene.connect(removed.issue())), false);
  assert.ok(await isServed(await scene.connect(kept.issue())));
});

Deno.test("REFUSE_LOCKOUT does not keep a CRL from ending the only client that is connected: it is named, and so meant", async () => {
  await using scene = await TrustScene.set(ok("in"), REFUSE);
  const serial = Uint8Array.of(0x31);
  const revoked = await scene.served(kept.issue({ serial }));
  const { pem } = createCrl(kept, { entries: [{ serial }] });
  await scene.reload({ "ca/crl.pem": pem });
  assert.equal((await revoked.rest()).text, "");
});

Deno.test("REFUSE_LOCKOUT does not count clients that lost trust before", async () => {
  const { script, asked, go } = onCue(ok("in"));
  await using scene = await TrustScene.set(script, REFUSE);
  const lost = await scene.connect(removed.issue());
  await lost.send(get());
  await asked;
  await scene.reject({ "ca/ca.crt": bundle([kept]) });
  const reloaded = scene.sidecar.nextEvent("material reloaded");
  scene.sidecar.sidecar.reload();
  await reloaded;
  // It still finishes its request, and no trust of its own is left to lose.
  await scene.trust(kept, createAuthority({ commonName: "Third" }));
  go();
  assert.equal((await lost.response()).content, "in");
});

Deno.test("REFUSE_LOCKOUT takes any bundle while no client is connected", async () => {
  await using scene = await TrustScene.set(ok("in"), REFUSE);
  const { fields } = await scene.trust(kept);
  assert.equal(fields["trust_generation"], 2);
  assert.ok(await isServed(await scene.connect(kept.issue())));
});

Deno.test("a client that has lost trust already, and has its last request in hand, locks nobody out", async () => {
  const { script, asked, go } = onCue(ok("in"));
  await using scene = await TrustScene.set(script, REFUSE);
  const lost = await scene.connect(removed.issue());
  await lost.send(get());
  await asked;
  await scene.reject({ "ca/ca.crt": bundle([kept]) });
  const reloaded = scene.sidecar.nextEvent("material reloaded");
  scene.sidecar.sidecar.reload();
  await reloaded;
  const warnings = scene.sidecar.events.length;

  const renewed = root.issue({ commonName: "renewed", ips: ["127.0.0.1"] });
  await scene.reload({
    "certs/tls.crt": renewed.chainPem,
    "certs/tls.key": renewed.keyPem,
  });
  const told = scene.sidecar.events.slice(warnings);
  assert.ok(told.every(({ level }) => level === "info"));
  go();
  assert.equal((await lost.response()).content, "in");
});
