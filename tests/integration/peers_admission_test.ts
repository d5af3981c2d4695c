import assert from "node:assert/strict";
import { statusOf } from "../support/followed_scene.ts";
import { fieldValues, get } from "../support/messages.ts";
import { hasOpenssl, Openssl } from "../support/openssl.ts";
import { Receiver } from "../support/receiver.ts";
import { client, root } from "../support/sidecar.ts";
import {
  peersFile,
  peersOf,
  peersScene,
  RELOADED,
  workload,
} from "./peers_scene.ts";

const BILLING = "spiffe://acme/ns/a/sa/billing";
const SHOP = "spiffe://acme/ns/a/sa/shop";

const billing = root.issue({ commonName: "billing" });
const shop = workload(SHOP);
const PEERS = [
  { id: "billing", keys: [billing], spiffe: BILLING },
  { id: "shop@acme", spiffe: SHOP },
];

Deno.test("a peer is found by its key or by its SPIFFE ID, and the application learns its id", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(receiver.script, peersFile(PEERS));
  await scene.served(billing);
  await scene.served(workload(BILLING, billing.key));
  await scene.served(shop);
  await scene.served(workload(SHOP));
  assert.deepEqual(peersOf(receiver), [
    "billing",
    "billing",
    "shop@acme",
    "shop@acme",
  ]);
  const told = scene.sidecar.events
    .filter(({ message }) => message === "client admitted")
    .map(({ fields }) => [fields["by"], fields["peer"]]);
  assert.deepEqual(told, [
    ["peer-spki", "billing"],
    ["peer-spki", "billing"],
    ["peer-spiffe", "shop@acme"],
    ["peer-spiffe", "shop@acme"],
  ]);
});

Deno.test("a client that is no peer is answered 403, and its claim of an id comes to nothing", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(receiver.script, peersFile(PEERS));
  const unknown = await scene.connect(client);
  await unknown.send(get("/", "X-Client-Id: billing\r\n"));
  const { status, content } = await unknown.response();
  assert.deepEqual([status, content], [403, "ACCESS_NOT_PINNED\n"]);
  assert.deepEqual(await unknown.rest(), { text: "", end: "ended" });
  await scene.sidecar.entry({ "error.type": "ACCESS_NOT_PINNED" });
  assert.equal(scene.application.connections.length, 0);
});

Deno.test("a client enters as one peer alone, whatever id it claims", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(receiver.script, peersFile(PEERS));
  const entered = await scene.connect(shop);
  await entered.send(
    get("/", "X-Client-Id: billing\r\nX_Client_Id: billing\r\n") +
      get("/", "Connection: X-Client-Id\r\n"),
  );
  for (let time = 0; time < 2; time++) {
    assert.equal((await entered.response()).status, 200);
  }
  assert.deepEqual(peersOf(receiver), ["shop@acme", "shop@acme"]);
  assert.doesNotMatch(receiver.requests[0]?.head ?? "", /billing/);
});

for (
  const [name, identity] of [
    ["a pinned SPIFFE ID with another key", workload(BILLING)],
    ["a pinned key with another peer's SPIFFE ID", workload(SHOP, billing.key)],
    [
      "a pinned key with nobody's SPIFFE ID",
      workload("spiffe://acme/other", billing.key),
    ],
    [
      "a pinned SPIFFE ID among others",
      root.issue({ uris: [SHOP, "spiffe://acme/other"] }),
    ],
  ] as const
) {
  Deno.test(`a client with ${name} is cut, its good chain and all rules notwithstanding`, async () => {
    const receiver = new Receiver();
    await using scene = await peersScene(
      receiver.script,
      peersFile(PEERS, { unpinned: "accept" }),
      { ALLOW_URI: "spiffe://acme/**", ACCESS_REFUSE: "403" },
    );
    const cut = await scene.connect(identity);
    await cut.send(get()).catch(() => {});
    assert.equal((await cut.rest()).text, "");
    const { fields } = await scene.sidecar.event("connection refused");
    assert.equal(fields["code"], "ACCESS_PIN_MISMATCH");
    assert.doesNotMatch(JSON.stringify(fields), /spiffe:/);
    assert.equal(scene.application.connections.length, 0);
    assert.deepEqual(scene.sidecar.entries, []);
  });
}

for (const version of ["-tls1_2", "-tls1_3"]) {
  Deno.test({
    name:
      `a client whose SPIFFE ID is pinned to another key is cut, also when it resumes a session from before (${version})`,
    ignore: !hasOpenssl,
    async fn() {
      const receiver = new Receiver();
      await using scene = await peersScene(
        receiver.script,
        peersFile([], { unpinned: "accept" }),
        {
          ALLOW_URI: "spiffe://acme/**",
        },
      );
      await using openssl = await Openssl.create(workload(BILLING));
      const target = {
        port: scene.sidecar.port,
        input: get("/", "Connection: close\r\n"),
      };
      const first = await openssl.run(target, version, "-sess_out", "session");
      assert.match(first.output, /HTTP\/1\.1 200 OK\r\n/);
      await scene.put(peersFile(PEERS), RELOADED);
      const again = await openssl.run(target, version, "-sess_in", "session");
      assert.ok(again.resumed, "or nothing was tried");
      const anew = await openssl.run(target, version);
      assert.ok(!anew.resumed);
      for (const { output } of [again, anew]) {
        assert.doesNotMatch(output, /HTTP\/1/);
      }
      assert.deepEqual(scene.refusals, [
        "ACCESS_PIN_MISMATCH",
        "ACCESS_PIN_MISMATCH",
      ]);
      assert.equal(receiver.requests.length, 1);
    },
  });
}

Deno.test("a peer enters whatever the rules say, and others by the rules where unpinned is accept", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(
    receiver.script,
    peersFile(PEERS, { unpinned: "accept" }),
    { ALLOW_CN: "allowed" },
  );
  await scene.served(shop);
  await scene.served(root.issue({ commonName: "allowed" }));
  assert.equal(await statusOf(await scene.connect(client)), 403);
  await scene.sidecar.entry({ "error.type": "ACCESS_NOT_ALLOWED" });
  assert.deepEqual(peersOf(receiver), ["shop@acme", ""]);
});

Deno.test("an unpinned client that a rule allows is refused all the same where unpinned is refuse", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(receiver.script, peersFile(PEERS), {
    ALLOW_CN: "allowed",
  });
  const allowed = await scene.connect(root.issue({ commonName: "allowed" }));
  assert.equal(await statusOf(allowed), 403);
  await scene.sidecar.entry({ "error.type": "ACCESS_NOT_PINNED" });
});

Deno.test("ACCESS_MODE=audit lets in whom the pins refuse, as nobody", async () => {
  const receiver = new Receiver();
  await using scene = await peersScene(receiver.script, peersFile(PEERS), {
    ACCESS_MODE: "audit",
  });
  await scene.served(client);
  await scene.served(workload(BILLING));
  await scene.served(shop);
  assert.deepEqual(peersOf(receiver), ["", "", "shop@acme"]);
  const told = scene.sidecar.events
    .filter(({ message }) => message === "client would be refused")
    .map(({ fields }) => fields["code"]);
  assert.deepEqual(told, ["ACCESS_NOT_PINNED", "ACCESS_PIN_MISMATCH"]);
});

Deno.test("until bootstrapUntil an unknown client is let in with a warning, and then its connection ends and it is refused", async () => {
  const receiver = new Receiver();
  const until = Date.now() + 1500;
  const bootstrapUntil = new Date(until).toISOString();
  await using scene = await peersScene(
    receiver.script,
    peersFile(PEERS, { bootstrapUntil }),
  );
  const known = await scene.served(billing);
  const unknown = await scene.served(client);
  // Whoever claims to be a peer is not unknown.
  const liar = await scene.connect(workload(BILLING));
  assert.equal(await statusOf(liar), 0);
  assert.ok(Date.now() < until, "the machine is too slow for this test");
  const { level, fields } = await scene.sidecar.event(
    "client let in until peers are pinned",
  );
  assert.equal(level, "warning");
  assert.equal(fields["until"], bootstrapUntil);
  assert.match(String(fields["spki"]), /^[0-9a-f]{64}$/);
  assert.match(String(fields["subject_hash"]), /^[0-9a-f]{16}$/);

  assert.equal((await unknown.rest()).text, "");
  assert.ok(Date.now() >= until, "it ended too early");
  assert.equal(await statusOf(await scene.connect(client)), 403);
  await scene.sidecar.entry({ "error.type": "ACCESS_NOT_PINNED" });
  assert.equal(await statusOf(known), 200);
  assert.deepEqual(peersOf(receiver), ["billing", "", "billing"]);
});

Deno.test("while the bootstrap is on the rules hold for unknown clients", async () => {
  const receiver = new Receiver();
  const bootstrapUntil = new Date(Date.now() + 3_600_000).toISOString();
  await using scene = await peersScene(
    receiver.script,
    peersFile(PEERS, { bootstrapUntil }),
    { ALLOW_CN: "allowed" },
  );
  await scene.served(root.issue({ commonName: "allowed" }));
  const refused = await scene.connect(client);
  await refused.send(get());
  const { head, content } = await refused.response();
  assert.equal(content, "ACCESS_NOT_ALLOWED\n");
  assert.deepEqual(fieldValues(head, "connection"), ["close"]);
});
