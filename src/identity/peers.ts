/** A client that is known by its key, by its SPIFFE ID, or by both. */
export interface Peer {
  /** What the application knows it by: 1 to 128 of `[A-Za-z0-9._:/@-]`. */
  readonly id: string;
  /** SHA-256 of the SubjectPublicKeyInfo of each of its keys, in lower-case hex; none where its SPIFFE ID alone tells. */
  readonly spki: readonly string[];
  readonly spiffe?: string;
}

/** What `PEERS_FILE` says, checked: no id, pin or SPIFFE ID stands twice, and each peer has one of the two. */
export interface PeersParts {
  readonly peers: readonly Peer[];
  /** Whether the other rules decide on a client that is no peer, or it is refused. */
  readonly unpinned: "refuse" | "accept";
  /** Until when such a client is not refused yet, in milliseconds since the epoch. */
  readonly bootstrapUntil?: number;
}

/** What of a client is compared with the pins; a `ClientIdentity` has it. */
export interface PeerClaim {
  /** SHA-256 of its SubjectPublicKeyInfo, in lower-case hex. */
  readonly spki: string;
  readonly spiffeId?: string;
  /** All its URI SANs. With several there is no SPIFFE ID, and one of them may look like that of a peer. */
  readonly uris: readonly string[];
}

/** What the pins say of a client. */
export type PeerVerdict =
  /** It is the peer with the id `peer`. */
  | {
    readonly kind: "accepted";
    readonly by: "spki" | "spiffe";
    readonly peer: string;
  }
  /** It is nobody's key and nobody's SPIFFE ID. */
  | {
    readonly kind: "unpinned";
    /** Whether such clients are refused, once no bootstrap lets them in any more. */
    readonly refuse: boolean;
    readonly bootstrap: boolean;
    /** When that ends, in milliseconds since the epoch; Infinity where it is not on. */
    readonly until: number;
  }
  /** It claims to be a peer and is not, whatever else speaks for it. `detail` quotes nothing of its certificate. */
  | { readonly kind: "rejected"; readonly detail: string };

/** The pins as a status page shows them. */
export interface PeersDescription {
  readonly unpinned: "refuse" | "accept";
  /** RFC 3339 */
  readonly bootstrapUntil?: string;
  readonly peers: readonly {
    readonly id: string;
    /** How many keys are pinned. */
    readonly pins: number;
    readonly spiffe?: string;
  }[];
}

/** The pinned peers. Immutable, and asked in constant time. */
export class Peers {
  /**
   * From when on the same file makes for other verdicts, in milliseconds since
   * the epoch: `bootstrapUntil`, as long as that was to come at the construction
   * and matters; otherwise Infinity.
   */
  readonly changesAt: number;
  readonly #parts: PeersParts;
  readonly #byPin = new Map<string, Peer>();
  readonly #bySpiffe = new Map<string, Peer>();
  /** Until when unknown clients are not refused, as of the construction; -Infinity where they are. */
  readonly #openUntil: number;

  /** @param now Milliseconds since the epoch. */
  constructor(parts: PeersParts, now: number) {
    const { peers, unpinned, bootstrapUntil = -Infinity } = parts;
    this.#parts = parts;
    for (const peer of peers) {
      for (const pin of peer.spki) this.#byPin.set(pin, peer);
      if (peer.spiffe !== undefined) this.#bySpiffe.set(peer.spiffe, peer);
    }
    this.#openUntil = unpinned === "accept"
      ? Infinity
      : now < bootstrapUntil
      ? bootstrapUntil
      : -Infinity;
    this.changesAt = this.#openUntil === -Infinity ? Infinity : this.#openUntil;
    Object.freeze(this);
  }

  /**
   * Finds the peer that a client is. A key that is pinned tells, unless the
   * certificate names another peer or another SPIFFE ID than that peer's. A
   * peer's SPIFFE ID tells where that peer has no pins. With another key it is a
   * claim that does not hold, and so it is beside other URIs, where it is no
   * SPIFFE ID (X509-SVID §2) but may be read as one.
   *
   * @param now Milliseconds since the epoch.
   */
  judge(claim: PeerClaim, now: number): PeerVerdict {
    const { spki, spiffeId } = claim;
    const owner = this.#byPin.get(spki);
    const named = this.#namedBy(claim, owner);
    if (owner !== undefined) {
      if (named !== undefined && named !== owner) {
        return rejected(
          `the key is that of peer ${owner.id}, the SPIFFE ID that of peer ${named.id}`,
        );
      }
      if (
        spiffeId !== undefined && owner.spiffe !== undefined &&
        spiffeId !== owner.spiffe
      ) {
        return rejected(
          `the key is that of peer ${owner.id}, the SPIFFE ID is not`,
        );
      }
      return { kind: "accepted", by: "spki", peer: owner.id };
    }
    if (named === undefined) return this.#unpinned(now);
    if (named.spki.length > 0) {
      return rejected(
        `the SPIFFE ID is that of peer ${named.id}, the key is not`,
      );
    }
    if (spiffeId === undefined) {
      return rejected(
        `the SPIFFE ID is that of peer ${named.id}, but not the only URI`,
      );
    }
    return { kind: "accepted", by: "spiffe", peer: named.id };
  }

  /**
   * Whether somebody who was accepted under `before`, by the pins or as unknown,
   * may not be under these, or would be another peer. True where that depends on
   * what certificates there are.
   */
  isNarrowerThan(before: Peers): boolean {
    if (this.#openUntil < before.#openUntil) return true;
    for (const [pin, { id }] of before.#byPin) {
      if (this.#byPin.get(pin)?.id !== id) return true;
    }
    for (const [spiffe, { id }] of before.#bySpiffe) {
      if (this.#bySpiffe.get(spiffe)?.id !== id) return true;
    }
    // What was there is there still, so more of them means new ones: an unknown
    // client may be a peer now, a peer may have what is another's now, and where
    // a SPIFFE ID was enough, a key may be asked for.
    const acceptsUnknown = before.#openUntil > -Infinity;
    const hasNewPin = this.#byPin.size > before.#byPin.size;
    const hasNewSpiffe = this.#bySpiffe.size > before.#bySpiffe.size;
    const needsNoPin = before.#parts.peers.some(({ spki }) =>
      spki.length === 0
    );
    const needsNoSpiffe = before.#byPin.size > 0;
    return hasNewPin && (acceptsUnknown || needsNoPin) ||
      hasNewSpiffe && (acceptsUnknown || needsNoSpiffe);
  }

  describe(): PeersDescription {
    const { unpinned, bootstrapUntil, peers } = this.#parts;
    return {
      unpinned,
      ...(bootstrapUntil !== undefined &&
        { bootstrapUntil: new Date(bootstrapUntil).toISOString() }),
      peers: peers.map(({ id, spki, spiffe }) => ({
        id,
        pins: spki.length,
        ...(spiffe !== undefined && { spiffe }),
      })),
    };
  }

  /** The peer whose SPIFFE ID is among the URIs; another than `owner` if there is one. */
  #namedBy({ spiffeId, uris }: PeerClaim, owner?: Peer): Peer | undefined {
    if (spiffeId !== undefined) return this.#bySpiffe.get(spiffeId);
    let named: Peer | undefined;
    for (const uri of uris) {
      const peer = this.#bySpiffe.get(uri);
      if (peer !== undefined && (named === undefined || named === owner)) {
        named = peer;
      }
    }
    return named;
  }

  #unpinned(now: number): PeerVerdict {
    const { unpinned, bootstrapUntil = -Infinity } = this.#parts;
    const refuse = unpinned === "refuse";
    const bootstrap = refuse && now < bootstrapUntil;
    const until = bootstrap ? bootstrapUntil : Infinity;
    return { kind: "unpinned", refuse, bootstrap, until };
  }
}

function rejected(detail: string): PeerVerdict {
  return { kind: "rejected", detail };
}
