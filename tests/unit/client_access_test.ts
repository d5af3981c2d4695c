import assert from "node:assert/strict";
import {
  type Admittance,
  ClientAccess,
  reconsider,
  refusalUnder,
  type Trust,
} from "../../src/client_access.ts";
import { AccessRules } from "../../src/identity/access_rules.ts";
import { type Peer, Peers } from "../../src/identity/peers.ts";
import type { TlsMaterial } from "../../src/material/tls_material.ts";
import { establish, type Standing } from "../../src/tls/standing.ts";
import { parseCertificate } from "../../src/x509/certificate.ts";
import { rulesOf } from "./identity/client_fixture.ts";
import { NOW, other, root, VALID } from "./material/material_fixture.ts";
import { trusting } from "./tls/admission_fixture.ts";

const SPIFFE = "spiffe://acme/a";
const { der } = root.issue({ ...VALID, commonName: "a", uris: [SPIFFE] });

function standingUnder(material: TlsMaterial): Standing {
  const leaf = parseCertificate(der);
  const judged = establish({ leaf, intermediates: [] }, { material, now: NOW });
  assert.ok(judged.ok);
  return judged.standing;
}

function pinned(
  peers: readonly Omit<Peer, "spki">[],
  rest: { unpinned?: "refuse" | "accept"; bootstrapUntil?: number } = {},
): Peers {
  return new Peers({
    unpinned: "refuse",
    ...rest,
    peers: peers.map((peer) => ({ spki: [], ...peer })),
  }, NOW);
}

const A = pinned([{ id: "a", spiffe: SPIFFE }]);
const RENAMED = pinned([{ id: "b", spiffe: SPIFFE }]);
const NOBODY = pinned([]);

function accessOf(
  { rules = AccessRules.NONE, audit = false }: {
    rules?: AccessRules;
    audit?: boolean;
  } = {},
): ClientAccess {
  return new ClientAccess({ rules, audit });
}

/** What came of judging: an admittance, or this test is over. */
function admitted(access: ClientAccess, standing: Standing): Admittance {
  const judged = access.judge(standing, NOW);
  assert.ok("standing" in judged);
  return judged;
}

const material = await trusting(root);
const standing = standingUnder(material);

function trust(access: ClientAccess, peers?: Peers): Trust {
  return { material, policy: access.policyWith(peers), now: NOW };
}

Deno.test("ClientAccess gives the connections of one client one admittance", () => {
  const access = accessOf();
  assert.equal(admitted(access, standing), admitted(access, standing));
});

Deno.test("ClientAccess judges anew after pins have come", () => {
  const access = accessOf();
  assert.equal(admitted(access, standing).verdict.peer, undefined);
  access.pin(A);
  assert.equal(admitted(access, standing).verdict.peer, "a");
  access.pin(RENAMED);
  assert.equal(admitted(access, standing).verdict.peer, "b");
  access.pin(NOBODY);
  const judged = access.judge(standing, NOW);
  assert.equal("code" in judged && judged.code, "ACCESS_NOT_PINNED");
});

Deno.test("ClientAccess judges anew when a verdict's time is over", () => {
  const access = accessOf();
  access.pin(pinned([], { bootstrapUntil: NOW + 1000 }));
  assert.equal(admitted(access, standing).notAfter, NOW + 1000);
  const judged = access.judge(standing, NOW + 1001);
  assert.equal("code" in judged && judged.code, "ACCESS_NOT_PINNED");
});

Deno.test("an admittance lasts no longer than the certificates", () => {
  const access = accessOf();
  const until = standing.notAfter + 1000;
  access.pin(pinned([], { bootstrapUntil: until }));
  assert.equal(admitted(access, standing).notAfter, standing.notAfter);
});

Deno.test("ClientAccess with audit lets in whom its rules refuse, and says why it would not", () => {
  const rules = rulesOf({ cn: "b" });
  const { verdict } = admitted(accessOf({ rules, audit: true }), standing);
  assert.equal(verdict.wouldRefuse?.code, "ACCESS_NOT_ALLOWED");
  const judged = accessOf({ rules }).judge(standing, NOW);
  assert.equal("code" in judged && judged.code, "ACCESS_NOT_ALLOWED");
});

Deno.test("reconsider() gives the same object where nothing has changed", () => {
  const access = accessOf();
  access.pin(A);
  const admittance = admitted(access, standing);
  assert.equal(reconsider(admittance, trust(access, A)), admittance);
  // By which pin or rule makes no difference, for the application is told the same.
  const alike = pinned([{ id: "a", spiffe: SPIFFE }, {
    id: "c",
    spiffe: "spiffe://acme/c",
  }]);
  assert.equal(reconsider(admittance, trust(access, alike)), admittance);
});

Deno.test("reconsider() gives nothing where the application was told of another peer, or of none", () => {
  const access = accessOf();
  const open = pinned([], { unpinned: "accept" });
  for (
    const [before, after] of [
      [A, RENAMED],
      [A, open],
      [open, A],
      [A, NOBODY],
      [A, undefined],
    ]
  ) {
    access.pin(before ?? open);
    const admittance = admitted(access, standing);
    assert.equal(reconsider(admittance, trust(access, after)), undefined);
  }
});

Deno.test("reconsider() gives nothing where the certificate's CA is gone", async () => {
  const access = accessOf();
  const admittance = admitted(access, standing);
  const shrunk = { ...trust(access), material: await trusting(other) };
  assert.equal(reconsider(admittance, shrunk), undefined);
  assert.equal(refusalUnder(admittance, shrunk), "PATH_NOT_FOUND");
});

Deno.test("reconsider() takes over another time to end, which may be later or sooner", () => {
  const access = accessOf();
  const bootstrap = (until: number) => pinned([], { bootstrapUntil: until });
  access.pin(bootstrap(NOW + 5000));
  const admittance = admitted(access, standing);
  for (const until of [NOW + 9000, NOW + 1000]) {
    const now = reconsider(admittance, trust(access, bootstrap(until)));
    assert.equal(now?.notAfter, until);
  }
});

Deno.test("refusalUnder() says why a client would be refused, or nothing", () => {
  const access = accessOf();
  const admittance = admitted(access, standing);
  assert.equal(refusalUnder(admittance, trust(access, A)), undefined);
  // Another name is no refusal: it may come again.
  assert.equal(refusalUnder(admittance, trust(access, RENAMED)), undefined);
  assert.equal(
    refusalUnder(admittance, trust(access, NOBODY)),
    "ACCESS_NOT_PINNED",
  );
});
