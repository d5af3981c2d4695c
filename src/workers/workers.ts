import type { Config } from "../config/config.ts";
import { sharesOf } from "../config/shared_limits.ts";
import type { ConnectionNumbers, DataPlane, Values } from "../data_plane.ts";
import type { Deadline, Deadlines } from "../deadlines.ts";
import type { InForce } from "../followed_store.ts";
import { guardAgainstLockout, sumOf } from "../lockout.ts";
import type { Logger } from "../log.ts";
import type { LineSink } from "../log/line_writer.ts";
import type { Observations } from "../observations/observations.ts";
import { freePort } from "./free_port.ts";
import type { Change, Dialogue, Kind, Question, Recipes } from "./messages.ts";
import { Reports } from "./reports.ts";
import { TrustEpoch } from "./trust_epoch.ts";
import {
  type Spawn,
  spawnThread,
  WorkerLink,
  WorkerSilent,
} from "./worker_link.ts";

/** How long a worker may take for what it is asked, in milliseconds. */
const ANSWER_MS = 30_000;
/** How long it may take to end beyond what its connections may, in milliseconds. */
const DRAIN_GRACE_MS = 5_000;
/** When the place of a worker that has ended is taken; twice as late with each that does not begin, at most so late. */
const REPLACE_MS = { first: 250, most: 30_000 } as const;

export interface WorkersOptions {
  readonly count: number;
  readonly deadlines: Deadlines;
  readonly log: Logger;
  readonly accessLog: LineSink;
  readonly observations: Observations;
  /** In place of threads of this program. For tests. */
  readonly spawn?: Spawn;
}

/**
 * Several data planes on one port, each in a thread of its own. What follows
 * files does so here, once for all of them.
 *
 * A new value is made by each worker before any has it in force. Where it takes
 * trust away, the epoch rises before the first does, so that none lets a client
 * in on what another has given up; where a worker cannot make the value, it is
 * ended and another takes its place. A value counts when all have it.
 */
export class Workers implements DataPlane {
  readonly applied: DataPlane["applied"];
  readonly #config: Config;
  readonly #options: WorkersOptions;
  readonly #epoch = new TrustEpoch();
  readonly #links = new Set<WorkerLink>();
  /** Those that have not begun yet: changes do not concern them. */
  readonly #beginning = new Set<WorkerLink>();
  readonly #reports: Reports;
  readonly #replacements = new Set<Deadline>();
  /** What each value can be made of. */
  readonly #recipes = new WeakMap<object, unknown>();
  /** What each kind of value is, for workers to come. */
  readonly #changes = new Map<Kind, Change>();
  /** How many connections the last change of a kind ended. */
  readonly #retired = new Map<Kind, number | undefined>();
  /** Changes and beginnings, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #address: Deno.NetAddr | undefined;
  #ending = false;

  constructor(config: Config, options: WorkersOptions) {
    this.#config = config;
    this.#options = options;
    const { count, deadlines, observations } = options;
    this.#reports = new Reports({
      wanted: count,
      links: this.#links,
      deadlines,
      observations,
    });
    const retired = (kind: Kind) => () => this.#retired.get(kind);
    this.applied = {
      material: retired("material"),
      peers: retired("peers"),
      sealKeys: retired("sealKeys"),
      upstreamTls: retired("upstreamTls"),
    };
  }

  get address(): Deno.NetAddr {
    if (this.#address === undefined) throw new Error("No worker has begun");
    return this.#address;
  }

  get connections(): ConnectionNumbers {
    return this.#reports.connections;
  }

  /** What the monitor port shows of them. */
  get reports(): Reports {
    return this.#reports;
  }

  /** How a value of a kind gets into force: in all workers, and then here. */
  inForce<K extends Kind>(
    kind: K,
    { shrinks, same }: {
      shrinks(before: Values[K], after: Values[K]): boolean;
      same(before: Values[K], after: Values[K]): boolean;
    },
  ): InForce<Values[K], Recipes[K]> {
    let last: Values[K] | undefined;
    return {
      onMade: (value, recipe) => void this.#recipes.set(value, recipe),
      agree: (value, { asked }) =>
        this.#inTurn(async () => {
          if (last !== undefined && same(last, value)) return;
          // Made of what `onMade` told of it, so it is of this kind.
          const change = { kind, recipe: this.#recipes.get(value) } as Change;
          const narrower = last !== undefined && shrinks(last, value);
          await this.#change(change, { asked, narrower });
          this.#changes.set(kind, change);
          last = value;
        }),
      applied: this.applied[kind],
    };
  }

  /**
   * Starts them, when all values have been agreed on. Throws `SidecarError` with
   * `LISTEN_FAILED` where the port cannot be had; then none is left.
   */
  async start(): Promise<void> {
    this.#address = await freePort(this.#config);
    try {
      const places = Array.from(
        { length: this.#options.count },
        (_, index) => index,
      );
      await this.#inTurn(() =>
        Promise.all(places.map((index) => this.#begin(index)))
      );
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#reports.start();
  }

  async drain(): Promise<boolean> {
    this.#startNoMore();
    const timeoutMs = 1000 * this.#config.shutdownTimeoutSecs + DRAIN_GRACE_MS;
    const asked = this.#links.size;
    const finished = await this.#askAll("drain", null, timeoutMs);
    await this.#reports.refresh();
    return finished.length === asked && !finished.includes(false);
  }

  close(): Promise<void> {
    this.#startNoMore();
    this.#reports.end();
    for (const link of this.#links) link.terminate();
    this.#links.clear();
    return Promise.resolve();
  }

  /** Ends what is to take the place of another, too: nobody would ask it to drain. */
  #startNoMore(): void {
    this.#ending = true;
    for (const deadline of this.#replacements) {
      this.#options.deadlines.remove(deadline);
    }
    for (const link of this.#beginning) link.terminate();
  }

  /** Puts a change in force in all workers, or in none: throws `LOCKOUT`. */
  async #change(
    change: Change,
    { asked, narrower }: { asked: boolean; narrower: boolean },
  ): Promise<void> {
    const effects = await this.#askAll("prepare", change);
    try {
      guardAgainstLockout(sumOf(effects.filter((effect) => effect !== null)), {
        asked,
        refuseLockout: this.#config.refuseLockout,
        log: this.#options.log,
      });
    } catch (error) {
      await this.#askAll("discard", null);
      throw error;
    }
    const epoch = narrower ? this.#epoch.rise() : this.#epoch.value;
    const retired = await this.#askAll("commit", { epoch });
    const sum = retired.reduce<number>((sum, count) => sum + (count ?? 0), 0);
    this.#retired.set(change.kind, narrower ? sum : undefined);
  }

  /**
   * Asks all workers, and gives what they answer. One that fails is ended, since
   * nobody knows what it has in force; one that does not answer in time does what
   * it was asked when it comes to it, and is not waited for.
   */
  async #askAll<Q extends Question>(
    question: Q,
    ask: Dialogue[Q]["ask"],
    timeoutMs = ANSWER_MS,
  ): Promise<Dialogue[Q]["answer"][]> {
    const answers: Dialogue[Q]["answer"][] = [];
    await Promise.all([...this.#links].map(async (link) => {
      try {
        answers.push(await link.ask(question, ask, timeoutMs));
      } catch (error) {
        if (link.ended) return;
        this.#options.log.error("a worker did not do what it was asked", {
          worker: link.index,
          question,
          error,
        });
        if (error instanceof WorkerSilent) return;
        link.terminate();
        this.#ended(link, "failed");
      }
    }));
    return answers;
  }

  /** Starts the worker at a place. Rejects where it does not begin. */
  async #begin(index: number): Promise<void> {
    const { count, deadlines, log, accessLog, spawn = spawnThread } =
      this.#options;
    const link = new WorkerLink(index, {
      spawn,
      deadlines,
      log,
      accessLog,
      onEnded: (link, reason) => this.#ended(link, reason),
    });
    this.#beginning.add(link);
    try {
      await link.ask("begin", {
        config: {
          ...this.#config,
          ...sharesOf(this.#config, { index, count }),
        },
        index,
        port: this.address.port,
        epoch: this.#epoch.memory,
        changes: [...this.#changes.values()],
      }, ANSWER_MS);
    } catch (error) {
      link.terminate();
      throw error;
    } finally {
      this.#beginning.delete(link);
    }
    this.#links.add(link);
  }

  /** Has the place of a worker taken that was there, unless all are to end. */
  #ended(link: WorkerLink, reason: string): void {
    if (!this.#links.delete(link) || this.#ending) return;
    const { log, observations } = this.#options;
    observations.tally.add("workers_replaced", "ended");
    log.error("a worker has ended, and another takes its place", {
      worker: link.index,
      reason,
    });
    this.#replace(link.index, REPLACE_MS.first);
  }

  #replace(index: number, delayMs: number): void {
    const { deadlines, log } = this.#options;
    const deadline = deadlines.add(async () => {
      deadlines.remove(deadline);
      this.#replacements.delete(deadline);
      try {
        await this.#inTurn(async () => {
          if (!this.#ending) await this.#begin(index);
        });
        if (this.#ending) return;
        log.info("a worker took the place of another", { worker: index });
      } catch (error) {
        if (this.#ending) return;
        log.error("a worker cannot begin", { worker: index, error });
        this.#replace(index, Math.min(2 * delayMs, REPLACE_MS.most));
      }
    });
    this.#replacements.add(deadline);
    deadline.arm(delayMs);
  }

  /** Nobody may begin with one value while another gets into force. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }
}
