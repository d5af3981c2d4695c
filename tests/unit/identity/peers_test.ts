import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Peer,
  type PeerClaim,
  Peers,
  type PeersParts,
  type PeerVerdict,
} from "../../../src/identity/peers.ts";

const NOW = 1_000_000;
const BILLING = "spiffe://acme/billing";
const SEARCH = "spiffe://acme/search";
const MAIL = "spiffe://acme/mail";
const UNKNOWN = "spiffe://acme/unknown";

const PEERS: readonly Peer[] = [
  { id: "billing", spki: ["b1", "b2"], spiffe: BILLING },
  { id: "search", spki: ["s1"], spiffe: SEARCH },
  { id: "mail", spki: [], spiffe: MAIL },
  { id: "batch", spki: ["x1"] },
];

function peersOf(parts: Partial<PeersParts> = {}, now = NOW): Peers {
  return new Peers({ peers: PEERS, unpinned: "refuse", ...parts }, now);
}

/** A client with that key and these URI SANs, one of which alone is its SPIFFE ID. */
function client(spki: string, ...uris: string[]): PeerClaim {
  const [spiffeId] = uris;
  return {
    spki,
    uris,
    ...(uris.length === 1 && spiffeId?.startsWith("spiffe://") && { spiffeId }),
  };
}

const accepted = (by: "spki" | "spiffe", peer: string): PeerVerdict => ({
  kind: "accepted",
  by,
  peer,
});
const rejected = (detail: string): PeerVerdict => ({
  kind: "rejected",
  detail,
});
const UNPINNED: PeerVerdict = {
  kind: "unpinned",
  refuse: true,
  bootstrap: false,
  until: Infinity,
};

const CASES: readonly [why: string, who: PeerClaim, verdict: PeerVerdict][] = [
  [
    "a pinned key with its SPIFFE ID",
    client("b1", BILLING),
    accepted("spki", "billing"),
  ],
  [
    "the other key of a rotation",
    client("b2", BILLING),
    accepted("spki", "billing"),
  ],
  ["a pinned key without any URI", client("b1"), accepted("spki", "billing")],
  [
    "a pinned key with a URI of another kind",
    client("b1", "https://acme/x"),
    accepted("spki", "billing"),
  ],
  [
    "a key pinned to a peer without SPIFFE ID",
    client("x1"),
    accepted("spki", "batch"),
  ],
  [
    "the same with a SPIFFE ID that is nobody's",
    client("x1", UNKNOWN),
    accepted("spki", "batch"),
  ],
  [
    "the SPIFFE ID of a peer without pins, with any key",
    client("k", MAIL),
    accepted("spiffe", "mail"),
  ],
  ["an unknown key alone", client("k"), UNPINNED],
  ["an unknown key with an unknown SPIFFE ID", client("k", UNKNOWN), UNPINNED],
  [
    "an unknown key with several unknown URIs",
    client("k", UNKNOWN, "https://acme/x"),
    UNPINNED,
  ],
  [
    "a SPIFFE ID that begins as a peer's does",
    client("k", `${MAIL}/x`),
    UNPINNED,
  ],
  ["a key in other letters", client("B1"), UNPINNED],
  [
    "a pinned SPIFFE ID with another key",
    client("k", BILLING),
    rejected("the SPIFFE ID is that of peer billing, the key is not"),
  ],
  [
    "a pinned SPIFFE ID with another peer's key",
    client("s1", BILLING),
    rejected(
      "the key is that of peer search, the SPIFFE ID that of peer billing",
    ),
  ],
  [
    "a key with the SPIFFE ID of a peer without pins",
    client("b1", MAIL),
    rejected(
      "the key is that of peer billing, the SPIFFE ID that of peer mail",
    ),
  ],
  [
    "a key of no SPIFFE ID with one that is pinned to another",
    client("x1", BILLING),
    rejected(
      "the key is that of peer batch, the SPIFFE ID that of peer billing",
    ),
  ],
  [
    "a pinned key with a SPIFFE ID that is nobody's, where its peer has one",
    client("b1", UNKNOWN),
    rejected("the key is that of peer billing, the SPIFFE ID is not"),
  ],
  [
    "a pinned SPIFFE ID that hides behind another URI, with another key",
    client("k", UNKNOWN, BILLING),
    rejected("the SPIFFE ID is that of peer billing, the key is not"),
  ],
  [
    "the SPIFFE ID of a peer without pins beside another URI",
    client("k", MAIL, "https://acme/x"),
    rejected("the SPIFFE ID is that of peer mail, but not the only URI"),
  ],
  [
    "two peers' SPIFFE IDs with the key of the first",
    client("b1", BILLING, SEARCH),
    rejected(
      "the key is that of peer billing, the SPIFFE ID that of peer search",
    ),
  ],
  [
    "two peers' SPIFFE IDs with the key of the second",
    client("b1", SEARCH, BILLING),
    rejected(
      "the key is that of peer billing, the SPIFFE ID that of peer search",
    ),
  ],
  [
    "a pinned key with its SPIFFE ID beside another URI",
    client("b1", BILLING, "https://acme/x"),
    accepted("spki", "billing"),
  ],
];

for (const [why, who, verdict] of CASES) {
  Deno.test(`Peers.judge() says ${verdict.kind} to ${why}`, () => {
    assert.deepEqual(peersOf().judge(who, NOW), verdict);
  });
}

Deno.test("Peers.judge() rejects an impostor whatever is said of unknown clients", () => {
  for (
    const parts of [{ unpinned: "accept" }, {
      bootstrapUntil: NOW + 1,
    }] as const
  ) {
    const { kind } = peersOf(parts).judge(client("k", BILLING), NOW);
    assert.equal(kind, "rejected");
  }
});

Deno.test("Peers.judge() tells until when the bootstrap lets unknown clients in, and ends it to the millisecond", () => {
  const peers = peersOf({ bootstrapUntil: NOW + 10 });
  const bootstrap = { ...UNPINNED, bootstrap: true, until: NOW + 10 };
  assert.deepEqual(peers.judge(client("k"), NOW), bootstrap);
  assert.deepEqual(peers.judge(client("k"), NOW + 9), bootstrap);
  assert.deepEqual(peers.judge(client("k"), NOW + 10), UNPINNED);
});

Deno.test("Peers.judge() refuses nobody for being unknown where such clients are accepted", () => {
  const verdict = { ...UNPINNED, refuse: false };
  const peers = peersOf({ unpinned: "accept" });
  assert.deepEqual(peers.judge(client("k"), NOW), verdict);
});

Deno.test("Peers.changesAt is the end of the bootstrap, and Infinity where it is over or there is none", () => {
  assert.equal(peersOf().changesAt, Infinity);
  assert.equal(peersOf({ bootstrapUntil: NOW + 1 }).changesAt, NOW + 1);
  assert.equal(peersOf({ bootstrapUntil: NOW }).changesAt, Infinity);
  assert.equal(peersOf({ unpinned: "accept" }).changesAt, Infinity);
});

Deno.test("Peers.describe() shows ids and numbers of pins, not the pins", () => {
  const description = peersOf({ bootstrapUntil: NOW }).describe();
  assert.deepEqual(description, {
    unpinned: "refuse",
    bootstrapUntil: "1970-01-01T00:16:40.000Z",
    peers: [
      { id: "billing", pins: 2, spiffe: BILLING },
      { id: "search", pins: 1, spiffe: SEARCH },
      { id: "mail", pins: 0, spiffe: MAIL },
      { id: "batch", pins: 1 },
    ],
  });
});

const A: Peer = { id: "a", spki: ["1"] };
const A_NAMED: Peer = { ...A, spiffe: "spiffe://t/a" };
const A_NAME: Peer = { id: "a", spki: [], spiffe: "spiffe://t/a" };
const B: Peer = { id: "b", spki: ["2"] };
const B_NAME: Peer = { id: "b", spki: [], spiffe: "spiffe://t/b" };

const CHANGES: readonly [
  what: string,
  narrower: boolean,
  before: Partial<PeersParts>,
  after: Partial<PeersParts>,
][] = [
  ["nothing changes", false, { peers: [A, B_NAME] }, { peers: [A, B_NAME] }],
  ["the order changes", false, { peers: [A, B] }, { peers: [B, A] }],
  ["a peer comes", false, { peers: [A] }, { peers: [A, B] }],
  ["a peer leaves", true, { peers: [A, B] }, { peers: [A] }],
  ["a peer known by its SPIFFE ID leaves", true, { peers: [A, B_NAME] }, {
    peers: [A],
  }],
  ["a peer is renamed", true, { peers: [A] }, { peers: [{ ...A, id: "c" }] }],
  ["a SPIFFE ID moves to another peer", true, { peers: [A_NAME] }, {
    peers: [{ ...A_NAME, id: "c" }],
  }],
  ["a second pin comes", false, { peers: [A] }, {
    peers: [{ ...A, spki: ["1", "2"] }],
  }],
  ["a pin leaves", true, { peers: [{ ...A, spki: ["1", "2"] }] }, {
    peers: [A],
  }],
  ["a peer that had a SPIFFE ID alone is pinned", true, { peers: [A_NAME] }, {
    peers: [A_NAMED],
  }],
  ["a peer loses its SPIFFE ID", true, { peers: [A_NAMED] }, { peers: [A] }],
  ["a pinned peer gets a SPIFFE ID", true, { peers: [A] }, {
    peers: [A_NAMED],
  }],
  ["a pin comes that one known by SPIFFE ID may have", true, {
    peers: [A_NAME],
  }, { peers: [A_NAME, B] }],
  ["a SPIFFE ID comes that a pinned client may have", true, { peers: [A] }, {
    peers: [A, B_NAME],
  }],
  ["unknown clients are refused from now on", true, { unpinned: "accept" }, {}],
  ["unknown clients are accepted from now on", false, {}, {
    unpinned: "accept",
  }],
  ["unknown clients become peers", true, { peers: [], unpinned: "accept" }, {
    peers: [A],
    unpinned: "accept",
  }],
  ["bootstrapped clients become peers", true, {
    peers: [],
    bootstrapUntil: NOW + 9,
  }, { peers: [A_NAME], bootstrapUntil: NOW + 9 }],
  ["a bootstrap begins", false, {}, { bootstrapUntil: NOW + 9 }],
  ["the bootstrap is prolonged", false, { bootstrapUntil: NOW + 8 }, {
    bootstrapUntil: NOW + 9,
  }],
  ["the bootstrap is shortened", true, { bootstrapUntil: NOW + 9 }, {
    bootstrapUntil: NOW + 8,
  }],
  ["the bootstrap is called off", true, { bootstrapUntil: NOW + 9 }, {}],
  ["the end of a bootstrap that is over changes", false, {
    bootstrapUntil: NOW,
  }, {}],
];

for (const [what, narrower, before, after] of CHANGES) {
  Deno.test(`Peers.isNarrowerThan() is ${narrower} where ${what}`, () => {
    assert.equal(peersOf(after).isNarrowerThan(peersOf(before)), narrower);
  });
}

Deno.test("Peers.isNarrowerThan() is true of the same file when its bootstrap has ended in between", () => {
  const parts = { bootstrapUntil: NOW + 1 };
  const before = peersOf(parts);
  const after = peersOf(parts, NOW + 1);
  assert.equal(after.isNarrowerThan(before), true);
  assert.equal(peersOf(parts, NOW + 2).isNarrowerThan(after), false);
});

const KEYS = ["1", "2", "3", "4"];
const URIS = ["spiffe://t/a", "spiffe://t/b", "spiffe://t/c", "spiffe://t/d"];

/** Peers out of a world so small that they often meet: a key or a SPIFFE ID is one peer's, or nobody's. */
const someParts: fc.Arbitrary<PeersParts> = fc.record({
  owners: fc.array(fc.constantFrom("a", "b", "c", ""), {
    minLength: 4,
    maxLength: 4,
  }),
  named: fc.shuffledSubarray(URIS),
  unpinned: fc.constantFrom("refuse", "refuse", "accept"),
  bootstrapUntil: fc.option(fc.constantFrom(NOW - 1, NOW + 1, NOW + 2), {
    nil: undefined,
  }),
}).map(({ owners, named, unpinned, bootstrapUntil }) => ({
  peers: ["a", "b", "c"].map((id, index) => {
    const spiffe = named[index];
    const spki = KEYS.filter((_, key) => owners[key] === id);
    return { id, spki, ...(spiffe !== undefined && { spiffe }) };
  }).filter(({ spki, spiffe }) => spki.length > 0 || spiffe !== undefined),
  unpinned,
  ...(unpinned === "refuse" && bootstrapUntil !== undefined &&
    { bootstrapUntil }),
}));

const CLIENTS = KEYS.flatMap((key) =>
  [[], ...URIS.map((uri) => [uri]), [URIS[0]!, URIS[1]!], [URIS[3]!, URIS[2]!]]
    .map((uris) => client(key, ...uris))
);

/** Whom a client is taken for; undefined where it is refused. */
function takenFor(peers: Peers, who: PeerClaim): string | undefined {
  const verdict = peers.judge(who, NOW);
  if (verdict.kind === "accepted") return `${verdict.by} ${verdict.peer}`;
  if (verdict.kind === "rejected") return undefined;
  return verdict.refuse && !verdict.bootstrap ? undefined : "unknown";
}

Deno.test("Peers.isNarrowerThan() is false only where whoever was accepted still is, as the same peer", () => {
  let broader = 0;
  fc.assert(
    fc.property(someParts, someParts, (parts, other) => {
      const before = new Peers(parts, NOW);
      // Two that have nothing to do with each other are hardly ever broader.
      const after = new Peers(
        { ...other, peers: withThoseOf(parts, other) },
        NOW,
      );
      if (after.isNarrowerThan(before)) return;
      broader++;
      for (const who of CLIENTS) {
        const was = takenFor(before, who);
        if (was !== undefined) assert.equal(takenFor(after, who), was);
      }
    }),
    { numRuns: 5000 },
  );
  assert.ok(broader > 200, `tried on ${broader} changes`);
});

/** The peers of `parts`, and what of `other` does not contradict them. */
function withThoseOf(parts: PeersParts, other: PeersParts): Peer[] {
  const taken = new Set(
    parts.peers.flatMap(({ spki, spiffe }) => [...spki, spiffe]),
  );
  return ["a", "b", "c"].flatMap((id) => {
    const mine = parts.peers.find((peer) => peer.id === id);
    const theirs = other.peers.find((peer) => peer.id === id);
    const spki = [
      ...mine?.spki ?? [],
      ...(theirs?.spki ?? []).filter((pin) => !taken.has(pin)),
    ];
    const added = taken.has(theirs?.spiffe) ? undefined : theirs?.spiffe;
    const spiffe = mine?.spiffe ?? added;
    if (spki.length === 0 && spiffe === undefined) return [];
    return [{ id, spki, ...(spiffe !== undefined && { spiffe }) }];
  });
}
