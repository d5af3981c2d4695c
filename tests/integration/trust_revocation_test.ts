import assert from "node:assert/strict";
import { get, ok } from "../support/messages.ts";
import { createAuthority } from "../support/pki.ts";
import { createCrl } from "../support/pki_crl.ts";
import type { RawClient } from "../support/raw_client.ts";
import { kept, onCue, removed, TrustScene } from "./trust_scene.ts";

const FIRST = Uint8Array.of(0x21, 0x01);
const SECOND = Uint8Array.of(0x21, 0x02);

/** A CRL of {@linkcode kept} that names these serial numbers. */
function revoking(...serials: Uint8Array[]): string {
  return createCrl(kept, { entries: serials.map((serial) => ({ serial })) })
    .pem;
}

/** A CRL of {@linkcode kept} that has expired, and names nobody. */
function expired(): string {
  const now = Date.now();
  return createCrl(kept, {
    thisUpdate: now - 7_200_000,
    nextUpdate: now - 60_000,
  })
    .pem;
}

async function isServed(client: RawClient): Promise<boolean> {
  await client.send(get()).catch(() => {});
  return await client.until("in") !== undefined;
}

Deno.test("a CRL that appears, and one that grows, end the connections of those it names, who are refused from then on", async () => {
  await using scene = await TrustScene.set(ok("in"));
  const identities = [
    kept.issue({ serial: FIRST }),
    kept.issue({ serial: SECOND }),
  ];
  const [first, second] = [
    await scene.served(identities[0]!),
    await scene.served(identities[1]!),
  ];
  const others = [
    await scene.served(kept.issue()),
    await scene.served(removed.issue()),
  ];

  await scene.reload({ "ca/crl.pem": revoking(FIRST) });
  assert.equal((await first.rest()).text, "");
  assert.ok(await isServed(second));
  assert.equal(await isServed(await scene.connect(identities[0]!)), false);
  assert.deepEqual(scene.refusals, ["LEAF_REVOKED"]);

  await scene.reload({ "ca/crl.pem": revoking(FIRST, SECOND) });
  assert.equal((await second.rest()).text, "");
  assert.equal(await isServed(await scene.connect(identities[1]!)), false);
  assert.deepEqual(scene.refusals, ["LEAF_REVOKED", "LEAF_REVOKED"]);
  for (const client of others) assert.ok(await isServed(client));
});

Deno.test("a CRL that names an intermediate ends the connections of its clients", async () => {
  await using scene = await TrustScene.set(ok("in"));
  const middle = kept.issueAuthority({ serial: FIRST });
  const lost = await scene.served(middle.issue());
  const safe = await scene.served(kept.issueAuthority().issue());
  await scene.reload({ "ca/crl.pem": revoking(FIRST) });
  assert.equal((await lost.rest()).text, "");
  assert.ok(await isServed(safe));
  assert.equal(await isServed(await scene.connect(middle.issue())), false);
  assert.equal(scene.refusals.length, 1);
});

Deno.test("the request in hand of a client that a CRL comes to name is its last", async () => {
  const { script, lines, asked, go } = onCue(ok("in"));
  await using scene = await TrustScene.set(script);
  const lost = await scene.connect(kept.issue({ serial: FIRST }));
  await lost.send(get("/1") + get("/2"));
  await asked;
  await scene.reload({ "ca/crl.pem": revoking(FIRST) });
  go();
  assert.equal((await lost.response()).content, "in");
  assert.deepEqual(await lost.rest(), { text: "", end: "ended" });
  assert.deepEqual(lines, ["GET /1"]);
});

Deno.test("an expired CRL ends the connections of its CA's clients, and those of another CA go on", async () => {
  await using scene = await TrustScene.set(ok("in"));
  const lost = await scene.served(kept.issue());
  const safe = await scene.served(removed.issue());
  await scene.reload({ "ca/crl.pem": expired() });
  assert.equal((await lost.rest()).text, "");
  assert.equal(await isServed(await scene.connect(kept.issue())), false);
  assert.deepEqual(scene.refusals, ["CRL_EXPIRED"]);
  assert.ok(await isServed(safe));
  await scene.reload({ "ca/crl.pem": revoking() });
  assert.ok(
    await isServed(await scene.connect(kept.issue())),
    "after a new one",
  );
});

Deno.test("an expired CRL is warned of, and refuses nobody, where CRL_EXPIRED is warn", async () => {
  const settings = { CRL_EXPIRED: "warn" };
  await using scene = await TrustScene.set(ok("in"), { settings });
  const client = await scene.served(kept.issue());
  const { sidecar } = scene.sidecar;
  await scene.reload({ "ca/crl.pem": expired() });
  assert.ok(await isServed(client));
  assert.ok(await isServed(await scene.connect(kept.issue())));
  assert.equal(sidecar.connections.admitted, 2);
  const warnings = scene.sidecar.events.filter(({ level }) =>
    level === "warning"
  );
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!.message, /crl\.pem.*expired/);
});

Deno.test("a CRL that expires while its CA's clients are connected ends their connections", async () => {
  const nextUpdate = 1000 * Math.ceil(Date.now() / 1000 + 1);
  await using scene = await TrustScene.set(ok("in"), {
    files: { "ca/crl.pem": createCrl(kept, { nextUpdate }).pem },
  });
  const lost = await scene.served(kept.issue());
  const safe = await scene.served(removed.issue());
  assert.equal((await lost.rest()).text, "");
  assert.ok(Date.now() >= nextUpdate);
  assert.equal(await isServed(await scene.connect(kept.issue())), false);
  assert.deepEqual(scene.refusals, ["CRL_EXPIRED"]);
  assert.ok(await isServed(safe));
});

Deno.test("a connection ends when its client's certificate expires, and no new one is let in", async () => {
  const notAfter = 1000 * Math.ceil(Date.now() / 1000 + 1);
  await using scene = await TrustScene.set(ok("in"));
  const identity = kept.issue({ notAfter });
  const lost = await scene.served(identity);
  const safe = await scene.served(kept.issue());
  assert.equal((await lost.rest()).text, "");
  const late = Date.now() - notAfter;
  assert.ok(late >= 0 && late < 5_000, `it ended ${late} ms after notAfter`);
  await scene.sidecar.event("what let a client in expired");
  assert.equal(await isServed(await scene.connect(identity)), false);
  assert.equal(scene.refusals.length, 1);
  assert.ok(await isServed(safe));
});

Deno.test("a request in hand when its client's certificate expires is finished, and is the last", async () => {
  const notAfter = 1000 * Math.ceil(Date.now() / 1000 + 1);
  const { script, lines, asked, go } = onCue(ok("in"));
  await using scene = await TrustScene.set(script);
  const lost = await scene.connect(kept.issue({ notAfter }));
  await lost.send(get("/1") + get("/2"));
  await asked;
  await scene.sidecar.event("what let a client in expired");
  go();
  assert.equal((await lost.response()).content, "in");
  assert.deepEqual(await lost.rest(), { text: "", end: "ended" });
  assert.deepEqual(lines, ["GET /1"]);
});

Deno.test("a connection goes on when an old CA certificate expires that was renewed under its name and key", async () => {
  const old = createAuthority({
    commonName: "Renewed Root",
    notAfter: Date.now() + 2_000,
  });
  const renewed = createAuthority({
    commonName: "Renewed Root",
    key: old.key,
  });
  await using scene = await TrustScene.set(ok("in"), {
    trusting: [old, renewed],
  });
  const client = await scene.served(old.issue());
  // The old one leaves the pool by itself when it expires.
  await scene.sidecar.event("trust shrank");
  await client.send(get());
  assert.equal((await client.response()).content, "in");
  assert.deepEqual(scene.refusals, []);
});
