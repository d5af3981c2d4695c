import assert from "node:assert/strict";
import type { TlsMaterial } from "../../../src/material/tls_material.ts";
import type { Issued } from "../../support/pki.ts";
import { generateKey } from "../../support/pki_keys.ts";
import { crlOf, FILE } from "../material/crl_fixture.ts";
import {
  files,
  HOUR,
  load,
  NOW,
  other,
  root,
  VALID,
} from "../material/material_fixture.ts";
import { Client, Guarded } from "./admission_fixture.ts";

/** The material of a sidecar that trusts `authorities` and has these CRLs. */
function material(
  crls: readonly { pem: string }[],
  authorities: readonly Issued[] = [root],
): Promise<TlsMaterial> {
  return load(files({
    "/ca/ca.crt": authorities.map(({ certPem }) => certPem).join(""),
    [FILE]: crls.map(({ pem }) => pem).join(""),
  }));
}

const alice = root.issue({ ...VALID, commonName: "Alice" });
const bob = root.issue({ ...VALID, commonName: "Bob" });

Deno.test("judge() refuses a client that is revoked, and admits the others", async () => {
  const guarded = await Guarded.create(root);
  guarded.store.swap(await material([crlOf(root, { revoked: [alice] })]));
  assert.equal(guarded.verdict(new Client(alice.der)), "LEAF_REVOKED");
  assert.equal(guarded.verdict(new Client(bob.der)), "admitted");
});

Deno.test("judge() refuses a remembered client once it is revoked, and nobody else", async () => {
  const guarded = await Guarded.create(root);
  const clients = [new Client(alice.der), new Client(bob.der)];
  guarded.store.swap(await material([crlOf(root)]));
  for (const client of clients) {
    assert.equal(guarded.verdict(client), "admitted");
  }
  guarded.store.swap(
    await material([crlOf(root, { revoked: [alice], crlNumber: 2 })]),
  );
  assert.deepEqual(clients.map((client) => guarded.verdict(client)), [
    "LEAF_REVOKED",
    "admitted",
  ]);
  assert.equal(clients[1]?.searches, 1, "admitted from memory");
});

Deno.test("judge() refuses a remembered client of the first CRL there is", async () => {
  const guarded = await Guarded.create(root);
  const client = new Client(alice.der);
  assert.equal(guarded.verdict(client), "admitted");
  guarded.store.swap(await material([crlOf(root, { revoked: [alice] })]));
  assert.equal(guarded.verdict(client), "LEAF_REVOKED");
});

Deno.test("judge() admits a client again whose certificate was on hold", async () => {
  const guarded = await Guarded.create(root);
  guarded.store.swap(await material([crlOf(root, { revoked: [alice] })]));
  const client = new Client(alice.der);
  assert.equal(guarded.verdict(client), "LEAF_REVOKED");
  guarded.store.swap(await material([crlOf(root, { crlNumber: 2 })]));
  assert.equal(guarded.verdict(client), "admitted");
});

Deno.test("judge() refuses a client whose intermediate is revoked, remembered or not", async () => {
  const middle = root.issueAuthority({ ...VALID, commonName: "Middle" });
  const revoked = await material([crlOf(root, { revoked: [middle] })]);
  const client = new Client(middle.issue(VALID).der, [middle.der]);
  const guarded = await Guarded.create(root);
  assert.equal(guarded.verdict(client), "admitted");
  guarded.store.swap(revoked);
  assert.equal(guarded.verdict(client), "PATH_REFUSED");
  const stranger = new Client(middle.issue(VALID).der, [middle.der]);
  assert.equal(guarded.verdict(stranger), "PATH_REFUSED");
});

Deno.test("judge() leads a remembered client round an intermediate that is revoked", async () => {
  const key = generateKey();
  const byRoot = root.issueAuthority({ ...VALID, commonName: "Cross", key });
  const byOther = other.issueAuthority({ ...VALID, commonName: "Cross", key });
  const client = new Client(byRoot.issue(VALID).der, [byRoot.der, byOther.der]);
  const guarded = await Guarded.create(root, other);
  assert.equal(guarded.verdict(client), "admitted");
  guarded.store.swap(
    await material([crlOf(root, { revoked: [byRoot] })], [root, other]),
  );
  assert.equal(guarded.verdict(client), "admitted");
  assert.equal(client.searches, 2);
});

Deno.test("judge() refuses the clients of a CA whose CRL has expired, the remembered too", async () => {
  const guarded = await Guarded.create(root, other);
  guarded.store.swap(
    await material([crlOf(root, { nextUpdate: NOW + HOUR / 2 })], [
      root,
      other,
    ]),
  );
  const remembered = new Client(alice.der);
  assert.equal(guarded.verdict(remembered), "admitted");
  guarded.now = NOW + HOUR / 2;
  assert.equal(guarded.verdict(remembered), "admitted");
  guarded.now++;
  assert.equal(guarded.verdict(remembered), "CRL_EXPIRED");
  assert.equal(guarded.verdict(new Client(bob.der)), "CRL_EXPIRED");
  const unconcerned = new Client(other.issue(VALID).der);
  assert.equal(guarded.verdict(unconcerned), "admitted");
});

Deno.test("judge() admits again when the CRL is renewed", async () => {
  const guarded = await Guarded.create(root);
  guarded.store.swap(
    await material([crlOf(root, { nextUpdate: NOW + 1000 })]),
  );
  guarded.now = NOW + 1001;
  const client = new Client(alice.der);
  assert.equal(guarded.verdict(client), "CRL_EXPIRED");
  guarded.store.swap(await material([crlOf(root, { crlNumber: 2 })]));
  assert.equal(guarded.verdict(client), "admitted");
});

Deno.test("judge() refuses a CA of the bundle for its clients when its own issuer revokes it", async () => {
  const middle = root.issueAuthority({ ...VALID, commonName: "Middle" });
  const guarded = await Guarded.create(root, middle);
  const client = new Client(middle.issue(VALID).der);
  assert.equal(guarded.verdict(client), "admitted");
  guarded.store.swap(
    await material([crlOf(root, { revoked: [middle] })], [root, middle]),
  );
  assert.equal(guarded.verdict(client), "PATH_REFUSED");
});

Deno.test("judge() goes by the CRL in force when a handshake ends", async () => {
  const guarded = await Guarded.create(root);
  guarded.store.swap(await material([crlOf(root)]));
  const client = new Client(bob.der);
  assert.equal(guarded.verdict(client), "admitted");
  guarded.store.swap(
    await material([crlOf(root, { revoked: [alice], crlNumber: 2 })]),
  );
  assert.equal(guarded.verdict(client), "admitted");
  guarded.store.swap(
    await material([crlOf(root, { revoked: [alice, bob], crlNumber: 3 })]),
  );
  assert.equal(guarded.verdict(client), "LEAF_REVOKED");
});
