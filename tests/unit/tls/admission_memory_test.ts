import assert from "node:assert/strict";
import { createAuthority } from "../../support/pki.ts";
import { generateKey } from "../../support/pki_keys.ts";
import { NOW, other, root, VALID } from "../material/material_fixture.ts";
import { Client, Guarded, issue } from "./admission_fixture.ts";

Deno.test("judge() searches the path of a leaf once, and admits it from memory after that", async () => {
  const guarded = await Guarded.create(root);
  const leaf = issue({ commonName: "alice" });
  const client = new Client(leaf);
  const first = guarded.judge(client);
  assert.deepEqual(guarded.judge(client), first);
  assert.deepEqual(guarded.judge(new Client(leaf)), first);
  assert.equal(client.searches, 1);
});

Deno.test("judge() admits from memory although another CA left and one came", async () => {
  const guarded = await Guarded.create(root, other);
  const client = new Client(issue());
  guarded.judge(client);
  await guarded.swap(root, createAuthority({ ...VALID, commonName: "New" }));
  assert.equal(guarded.verdict(client), "admitted");
  assert.equal(client.searches, 1);
});

Deno.test("judge() refuses a remembered client whose CA left, and admits it when the CA is back", async () => {
  const guarded = await Guarded.create(root, other);
  const client = new Client(issue());
  assert.equal(guarded.verdict(client), "admitted");
  await guarded.swap(other);
  assert.equal(guarded.verdict(client), "PATH_NOT_FOUND");
  await guarded.swap(root);
  assert.equal(guarded.verdict(client), "admitted");
});

Deno.test("judge() refuses a remembered client whose CA was renewed under another key", async () => {
  const guarded = await Guarded.create(root);
  const client = new Client(issue());
  assert.equal(guarded.verdict(client), "admitted");
  await guarded.swap(createAuthority({ ...VALID, commonName: "Root" }));
  assert.equal(guarded.verdict(client), "PATH_NOT_FOUND");
});

Deno.test("judge() leads a remembered client to another CA where one leads on", async () => {
  const key = generateKey();
  const byRoot = root.issueAuthority({ ...VALID, commonName: "Cross", key });
  const byOther = other.issueAuthority({ ...VALID, commonName: "Cross", key });
  const client = new Client(byRoot.issue(VALID).der, [byRoot.der, byOther.der]);
  const guarded = await Guarded.create(root, other);
  assert.equal(guarded.verdict(client), "admitted");
  await guarded.swap(other);
  assert.equal(guarded.verdict(client), "admitted");
  await guarded.swap(root);
  assert.equal(guarded.verdict(client), "admitted");
  assert.equal(client.searches, 3);
});

Deno.test("judge() forgets a client when its certificate ends", async () => {
  const guarded = await Guarded.create(root);
  const client = new Client(issue({ notAfter: NOW + 60_000 }));
  assert.equal(guarded.verdict(client), "admitted");
  guarded.now = NOW + 60_000;
  assert.equal(guarded.verdict(client), "admitted");
  guarded.now++;
  assert.equal(guarded.verdict(client), "LEAF_EXPIRED");
});

Deno.test("judge() forgets a client when an intermediate of its path ends", async () => {
  const middle = root.issueAuthority({ ...VALID, notAfter: NOW + 60_000 });
  const client = new Client(middle.issue(VALID).der, [middle.der]);
  const guarded = await Guarded.create(root);
  assert.equal(guarded.verdict(client), "admitted");
  guarded.now = NOW + 60_001;
  assert.equal(guarded.verdict(client), "PATH_REFUSED");
});

Deno.test("judge() forgets a client when its CA ends, though the CA is still in the bundle", async () => {
  const brief = createAuthority({ ...VALID, notAfter: NOW + 60_000 });
  const client = new Client(brief.issue(VALID).der);
  const guarded = await Guarded.create(brief);
  assert.equal(guarded.verdict(client), "admitted");
  guarded.now = NOW + 60_001;
  assert.equal(guarded.verdict(client), "PATH_REFUSED");
});

Deno.test("judge() forgets a client when the clock is set back to before its certificate", async () => {
  const guarded = await Guarded.create(root);
  const client = new Client(issue({ notBefore: NOW }));
  assert.equal(guarded.verdict(client), "admitted");
  guarded.now--;
  assert.equal(guarded.verdict(client), "LEAF_NOT_YET_VALID");
});

Deno.test("judge() admits nobody by a clock that does not know the time", async () => {
  const guarded = await Guarded.create(root);
  const client = new Client(issue());
  assert.equal(guarded.verdict(client), "admitted");
  guarded.now = NaN;
  assert.equal(guarded.verdict(client), "LEAF_EXPIRED");
});

Deno.test("judge() remembers no more than 4096 leaves, and drops the one used longest ago", async () => {
  const key = generateKey("Ed25519");
  const fast = createAuthority({ ...VALID, key });
  const client = () => new Client(fast.issue({ ...VALID, key }).der);
  const guarded = await Guarded.create(fast);
  const first = client();
  const second = client();
  guarded.judge(first);
  guarded.judge(second);
  for (let others = 2; others < 4096; others++) guarded.judge(client());
  guarded.judge(first);
  assert.equal(first.searches, 1, "remembered while there is room");
  guarded.judge(client());
  guarded.judge(first);
  assert.equal(first.searches, 1, "kept: it was used last");
  assert.equal(guarded.verdict(second), "admitted");
  assert.equal(second.searches, 2, "dropped, and admitted all the same");
});
