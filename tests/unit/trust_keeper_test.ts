import assert from "node:assert/strict";
import { ClientAccess } from "../../src/client_access.ts";
import { Connections, type LiveConnection } from "../../src/connections.ts";
import { Deadlines } from "../../src/deadlines.ts";
import { AccessRules } from "../../src/identity/access_rules.ts";
import { Peers } from "../../src/identity/peers.ts";
import { guardAgainstLockout } from "../../src/lockout.ts";
import type { LogFields, Logger } from "../../src/log.ts";
import { Tally } from "../../src/tally.ts";
import { establish, type Standing } from "../../src/tls/standing.ts";
import { type Grounds, REFUSED, TrustKeeper } from "../../src/trust_keeper.ts";
import { parseCertificate } from "../../src/x509/certificate.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { NOW, root, VALID } from "./material/material_fixture.ts";
import { trusting } from "./tls/admission_fixture.ts";

const material = await trusting(root);
const current = { material, generation: 1, sequence: 1 };

/** A client whose SPIFFE ID ends with its name. */
function client(name: string): Standing {
  const { der } = root.issue({ ...VALID, uris: [`spiffe://acme/${name}`] });
  const leaf = parseCertificate(der);
  const judged = establish({ leaf, intermediates: [] }, { material, now: NOW });
  assert.ok(judged.ok);
  return judged.standing;
}

const a = client("a");
const b = client("b");

/** Peers of these ids, each with the SPIFFE ID of that name. */
function peers(...names: readonly string[]): Peers {
  return new Peers({
    peers: names.map((id) => ({ id, spki: [], spiffe: `spiffe://acme/${id}` })),
    unpinned: "refuse",
  }, NOW);
}

class Kept {
  readonly told: [message: string, fields: LogFields | undefined][] = [];
  readonly tally = new Tally();
  readonly log: Logger;
  readonly refuseLockout: boolean;
  readonly deadlines = new Deadlines(new ManualClock());
  readonly access = new ClientAccess({ rules: AccessRules.NONE, audit: false });
  readonly connections: Connections<Grounds> = new Connections<Grounds>({
    deadlines: this.deadlines,
    drainMs: 0,
    now: () => NOW,
    rejudge: (grounds) => this.keeper.rejudge(grounds),
    onExpired() {},
  });
  readonly keeper: TrustKeeper;

  constructor(first: Peers, { refuseLockout = false } = {}) {
    const tell = (message: string, fields?: LogFields) =>
      void this.told.push([message, fields]);
    this.log = { debug: tell, info: tell, warning: tell, error: tell };
    this.refuseLockout = refuseLockout;
    this.keeper = new TrustKeeper({
      connections: this.connections,
      access: this.access,
      deadlines: this.deadlines,
      tally: this.tally,
      now: () => NOW,
    });
    this.keeper.begin(current);
    this.access.pin(first);
  }

  /** A connection of a client that is in. Says whether it was revoked. */
  enter(standing: Standing): () => boolean {
    const judged = this.access.judge(standing, NOW);
    assert.ok("standing" in judged);
    return this.#add(judged);
  }

  /** A connection whose every request is refused. */
  refuse(): () => boolean {
    return this.#add(REFUSED);
  }

  #add(grounds: Grounds): () => boolean {
    let revoked = false;
    const connection: LiveConnection = {
      retire() {},
      revoke: () => void (revoked = true),
      destroy() {},
    };
    this.connections.add(connection, grounds);
    return () => revoked;
  }

  /** As where peers get into force. Gives how many connections end, where trust shrinks. */
  swap(
    before: Peers,
    after: Peers,
    { asked = false } = {},
  ): number | undefined {
    const { log, refuseLockout } = this;
    const effect = this.keeper.effectOf({ peers: after });
    guardAgainstLockout(effect, { asked, refuseLockout, log });
    const narrower = after.isNarrowerThan(before);
    return this.keeper.peersSwapped(
      { material: after, generation: narrower ? 2 : 1, sequence: 2 },
      { material: before, generation: 1, sequence: 1 },
    );
  }
}

Deno.test("TrustKeeper revokes the connections of a peer that is gone, and says how many", () => {
  const kept = new Kept(peers("a", "b"));
  const [gone, again, stays] = [kept.enter(a), kept.enter(a), kept.enter(b)];
  assert.equal(kept.swap(peers("a", "b"), peers("b")), 2);
  assert.deepEqual([gone(), again(), stays()], [true, true, false]);
  assert.equal(kept.tally.get("connections_retired", "trust"), 2);
  assert.deepEqual(kept.told, [
    ["new trust refuses clients that are connected now", {
      clients: 2,
      refused: 1,
    }],
  ]);
});

Deno.test("TrustKeeper judges those who come by the new peers at once", () => {
  const kept = new Kept(peers("a"));
  kept.swap(peers("a"), peers("b"));
  const judged = kept.access.judge(a, NOW);
  assert.equal("code" in judged && judged.code, "ACCESS_NOT_PINNED");
  kept.enter(b);
});

Deno.test("TrustKeeper with refuseLockout does not take peers that refuse all who are connected, unless asked", () => {
  const kept = new Kept(peers("a", "b"), { refuseLockout: true });
  const revoked = kept.enter(a);
  assert.throws(() => kept.swap(peers("a", "b"), peers("b")), {
    code: "LOCKOUT",
  });
  assert.equal(revoked(), false);
  kept.swap(peers("a", "b"), peers("b"), { asked: true });
  assert.equal(revoked(), true);
});

Deno.test("TrustKeeper does not count refused connections among those locked out, nor ends them", () => {
  const kept = new Kept(peers("a"), { refuseLockout: true });
  const revoked = kept.refuse();
  kept.swap(peers("a"), peers());
  assert.equal(revoked(), false);
  assert.deepEqual(kept.told, []);
});

Deno.test("TrustKeeper leaves no timer behind", () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const kept = new Kept(peers());
  const keeper = new TrustKeeper({
    connections: kept.connections,
    access: kept.access,
    deadlines,
    tally: kept.tally,
    now: () => NOW,
  });
  keeper.begin(current);
  assert.equal(clock.running, 1);
  keeper.end();
  assert.equal(clock.running, 0);
});
