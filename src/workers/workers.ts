import type { Config } from "../config/config.ts";
import { sharesOf } from "../config/shared_limits.ts";
import type { ConnectionNumbers, DataPlane, Values } from "../data_plane.ts";
import type { Deadlines } from "../deadlines.ts";
import type { InForce } from "../followed_store.ts";
import type { Logger } from "../log.ts";
import type { LineSink } from "../log/line_writer.ts";
import type { Observations } from "../observations/observations.ts";
import { Agreement, type ChangeRules } from "./agreement.ts";
import { freePort } from "./free_port.ts";
import type { Dialogue, Kind, Question, Recipes } from "./messages.ts";
import { Replacements } from "./replacements.ts";
import { Reports } from "./reports.ts";
import {
  type Spawn,
  spawnThread,
  WorkerLink,
  WorkerSilent,
} from "./worker_link.ts";

/**
 * How long a worker is waited for that is asked to do something, in milliseconds:
 * the others must not go by old trust for longer because of it.
 */
const ANSWER_MS = 10_000;
/** How long one may take to begin, in milliseconds: it reads the largest of files. */
const BEGIN_MS = 120_000;
/** How long it may take to end beyond what its connections may, in milliseconds. */
const DRAIN_GRACE_MS = 5_000;

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
 * files does so here, once for all of them; see {@linkcode Agreement}. A worker
 * that ends, or of which nobody knows what it has in force, has its place taken.
 */
export class Workers implements DataPlane {
  readonly #config: Config;
  readonly #options: WorkersOptions;
  readonly #agreement: Agreement;
  readonly #links = new Set<WorkerLink>();
  /** Those that have not begun yet: changes do not concern them. */
  readonly #beginning = new Set<WorkerLink>();
  readonly #reports: Reports;
  readonly #replacements: Replacements;
  /** Changes and beginnings, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #address: Deno.NetAddr | undefined;
  #started = false;
  #ending = false;

  constructor(config: Config, options: WorkersOptions) {
    this.#config = config;
    this.#options = options;
    const { count, deadlines, log, observations } = options;
    this.#reports = new Reports({
      wanted: count,
      links: this.#links,
      deadlines,
      observations,
    });
    this.#replacements = new Replacements({
      deadlines,
      begin: (index) => this.#takePlace(index),
    });
    this.#agreement = new Agreement({
      askAll: (question, ask) => this.#askAll(question, ask),
      inTurn: (act) => {
        // Those that serve must not wait for one that would, and begins anew.
        if (this.#started) this.#giveUpBeginning();
        return this.#inTurn(act);
      },
      refuseLockout: config.refuseLockout,
      log,
    });
  }

  get applied(): DataPlane["applied"] {
    return this.#agreement.applied;
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
    rules: ChangeRules<Values[K]>,
  ): InForce<Values[K], Recipes[K]> {
    return this.#agreement.inForce(kind, rules);
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
    this.#started = true;
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
    this.#replacements.cancel();
    this.#giveUpBeginning();
  }

  #giveUpBeginning(): void {
    for (const link of this.#beginning) link.terminate();
  }

  /**
   * Asks all workers, and gives what they answer. One that fails is ended, since
   * nobody knows what it has in force. One that does not answer in time, or still
   * owes an answer, is not waited for: it does what it was asked, in its order,
   * when it comes to it, and where trust shrinks lets nobody in before.
   */
  async #askAll<Q extends Question>(
    question: Q,
    ask: Dialogue[Q]["ask"],
    timeoutMs = ANSWER_MS,
  ): Promise<Dialogue[Q]["answer"][]> {
    const answers: Dialogue[Q]["answer"][] = [];
    await Promise.all([...this.#links].map(async (link) => {
      const { late } = link;
      const answer = link.ask(question, ask, timeoutMs);
      // At the end it has the time of all: what it has in hand is to be finished.
      if (late && question !== "drain") return void answer.catch(() => {});
      try {
        answers.push(await answer);
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
        ...this.#agreement.state,
      }, BEGIN_MS);
    } catch (error) {
      link.terminate();
      throw error;
    } finally {
      this.#beginning.delete(link);
    }
    this.#links.add(link);
    this.#replacements.begun(index);
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
    this.#replacements.plan(link.index);
  }

  /** Never rejects. */
  async #takePlace(index: number): Promise<void> {
    const { log } = this.#options;
    try {
      await this.#inTurn(async () => {
        if (!this.#ending) await this.#begin(index);
      });
      if (this.#ending) return;
      log.info("a worker took the place of another", { worker: index });
    } catch (error) {
      if (this.#ending) return;
      log.error("a worker cannot begin", { worker: index, error });
      this.#replacements.plan(index);
    }
  }

  /** Nobody may begin with one value while another gets into force. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }
}
