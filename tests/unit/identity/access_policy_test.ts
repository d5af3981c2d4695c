import assert from "node:assert/strict";
import {
  AccessPolicy,
  type AccessVerdict,
  type PeerJudge,
  sameVerdict,
} from "../../../src/identity/access_policy.ts";
import { AccessRules } from "../../../src/identity/access_rules.ts";
import type { ClientIdentity } from "../../../src/identity/client_identity.ts";
import type { PeerVerdict } from "../../../src/identity/peers.ts";
import { client, rulesOf } from "./client_fixture.ts";

const NOW = 1_800_000_000_000;
const LATER = NOW + 1000;

const RULES = rulesOf({ cn: "billing", dns: "*.acme" });
const ALLOWED = client({ commonName: "billing" });
const OTHER = client({ commonName: "other" });

function peers(verdict: PeerVerdict): PeerJudge {
  return { judge: () => verdict };
}

function unpinned(
  { bootstrap, refuse }: { bootstrap: boolean; refuse: boolean },
): PeerJudge {
  return peers({ kind: "unpinned", bootstrap, refuse, until: LATER });
}

const ACCEPTED = peers({ kind: "accepted", by: "spki", peer: "web" });
const REJECTED = peers({ kind: "rejected", detail: "why" });
const STRANGER = unpinned({ bootstrap: false, refuse: true });
const BOOTSTRAP = unpinned({ bootstrap: true, refuse: true });
const OPEN = unpinned({ bootstrap: false, refuse: false });
const OPEN_BOOTSTRAP = unpinned({ bootstrap: true, refuse: false });

const ANY: AccessVerdict = { admitted: true, by: "any", until: Infinity };
const BY_CN: AccessVerdict = {
  admitted: true,
  by: "cn",
  rule: "billing",
  until: Infinity,
};
const NOT_ALLOWED: AccessVerdict = {
  admitted: false,
  code: "ACCESS_NOT_ALLOWED",
  detail: "no rule allows it",
  close: false,
};
const NOT_PINNED: AccessVerdict = {
  admitted: false,
  code: "ACCESS_NOT_PINNED",
  detail: "it is none of the pinned peers",
  close: false,
};
const MISMATCH: AccessVerdict = {
  admitted: false,
  code: "ACCESS_PIN_MISMATCH",
  detail: "why",
  close: true,
};
const PINNED: AccessVerdict = {
  admitted: true,
  by: "peer-spki",
  peer: "web",
  until: Infinity,
};

const ADMISSIONS: readonly AccessVerdict[] = [ANY, BY_CN, PINNED];
const REFUSALS: readonly AccessVerdict[] = [NOT_ALLOWED, NOT_PINNED, MISMATCH];

interface Case {
  readonly when: string;
  readonly peers?: PeerJudge;
  /** For a client, where there are no rules, where one allows it, and where none does. */
  readonly verdicts: readonly [
    none: AccessVerdict,
    allowed: AccessVerdict,
    other: AccessVerdict,
  ];
}

const CASES: readonly Case[] = [
  { when: "there are no peers", verdicts: [ANY, BY_CN, NOT_ALLOWED] },
  {
    when: "the client is a pinned peer",
    peers: ACCEPTED,
    verdicts: [PINNED, PINNED, PINNED],
  },
  {
    when: "the client claims to be a pinned peer",
    peers: REJECTED,
    verdicts: [MISMATCH, MISMATCH, MISMATCH],
  },
  {
    when: "strangers are refused",
    peers: STRANGER,
    verdicts: [NOT_PINNED, NOT_PINNED, NOT_PINNED],
  },
  {
    when: "strangers are accepted",
    peers: OPEN,
    verdicts: [ANY, BY_CN, NOT_ALLOWED],
  },
  {
    when: "strangers are accepted, bootstrap or not",
    peers: OPEN_BOOTSTRAP,
    verdicts: [ANY, BY_CN, NOT_ALLOWED],
  },
  {
    when: "only the bootstrap lets strangers in",
    peers: BOOTSTRAP,
    verdicts: [
      { admitted: true, by: "bootstrap", until: LATER },
      { admitted: true, by: "cn", rule: "billing", until: LATER },
      NOT_ALLOWED,
    ],
  },
];

for (const { when, peers, verdicts } of CASES) {
  Deno.test(`decide() with rules and without, when ${when}`, () => {
    const decide = (rules: AccessRules, identity: ClientIdentity) =>
      new AccessPolicy({ rules, ...(peers && { peers }) }).decide(
        identity,
        NOW,
      );
    assert.deepEqual(
      [
        decide(AccessRules.NONE, ALLOWED),
        decide(RULES, ALLOWED),
        decide(RULES, OTHER),
      ],
      verdicts,
    );
  });
}

Deno.test("decide() says that a peer was found by its SPIFFE ID", () => {
  const judge = peers({ kind: "accepted", by: "spiffe", peer: "web" });
  const policy = new AccessPolicy({ rules: RULES, peers: judge });
  const verdict = policy.decide(OTHER, NOW);
  assert.ok(verdict.admitted);
  assert.equal(verdict.by, "peer-spiffe");
});

Deno.test("decide() asks the pins about this client, at this time", () => {
  const asked: unknown[] = [];
  const judge: PeerJudge = {
    judge(...question) {
      asked.push(question);
      return { kind: "rejected", detail: "why" };
    },
  };
  new AccessPolicy({ rules: RULES, peers: judge }).decide(OTHER, NOW);
  assert.deepEqual(asked, [[OTHER, NOW]]);
});

Deno.test("sameVerdict() tells entering from being refused", () => {
  for (const refusal of REFUSALS) {
    for (const admission of ADMISSIONS) {
      assert.equal(sameVerdict(refusal, admission), false);
      assert.equal(sameVerdict(admission, refusal), false);
    }
  }
});

Deno.test("sameVerdict() minds neither by which rule nor until when a client enters", () => {
  const bootstrap: AccessVerdict = {
    admitted: true,
    by: "bootstrap",
    until: LATER,
  };
  const same: readonly AccessVerdict[] = [ANY, BY_CN, bootstrap];
  for (const a of same) {
    for (const b of same) {
      assert.equal(sameVerdict(a, b), true);
    }
  }
  assert.ok(sameVerdict(PINNED, { ...PINNED, by: "peer-spiffe" }));
});

Deno.test("sameVerdict() tells peers from each other and from other clients", () => {
  assert.equal(sameVerdict(PINNED, { ...PINNED, peer: "api" }), false);
  assert.equal(sameVerdict(PINNED, ANY), false);
  assert.equal(sameVerdict(ANY, PINNED), false);
});

Deno.test("sameVerdict() tells refusals for different reasons, and what follows from them", () => {
  assert.ok(sameVerdict(MISMATCH, { ...MISMATCH, detail: "another" }));
  assert.equal(sameVerdict(NOT_ALLOWED, NOT_PINNED), false);
  assert.equal(sameVerdict(NOT_PINNED, MISMATCH), false);
  assert.equal(sameVerdict(MISMATCH, { ...MISMATCH, close: false }), false);
});

Deno.test("AccessPolicy in audit lets everyone in, and says who would be refused and why", () => {
  for (const peers of [STRANGER, REJECTED]) {
    const policy = new AccessPolicy({ rules: RULES, peers, audit: true });
    const enforced = new AccessPolicy({ rules: RULES, peers });
    const refusal = enforced.decide(OTHER, NOW);
    assert.ok(!refusal.admitted);
    const { code, detail } = refusal;
    assert.deepEqual(policy.decide(OTHER, NOW), {
      admitted: true,
      by: "audit",
      until: Infinity,
      wouldRefuse: { code, detail },
    });
  }
  const policy = new AccessPolicy({ rules: RULES, audit: true });
  assert.deepEqual(policy.decide(ALLOWED, NOW), BY_CN);
});
