import type { ConnectionNumbers } from "../data_plane.ts";
import type { Deadline, Deadlines } from "../deadlines.ts";
import { CONNECTION_PROTOCOLS } from "../observations/connection_counts.ts";
import type { Observations } from "../observations/observations.ts";
import type { Report } from "./messages.ts";
import type { WorkerLink } from "./worker_link.ts";

/** How often workers are asked, in milliseconds, whether anybody looks or not. */
const EVERY_MS = 1_000;
/** How long whoever looks waits for a worker that does not answer, in milliseconds. */
const PATIENCE_MS = 500;
/** A worker that has said nothing for so long will hardly say anything again, in milliseconds. */
const SILENT_MS = 30_000;

export interface ReportsOptions {
  /** How many there should be. */
  readonly wanted: number;
  /** Those that there are at the moment. */
  readonly links: ReadonlySet<WorkerLink>;
  readonly deadlines: Deadlines;
  /** Where what workers observed is added up. */
  readonly observations: Observations;
}

/** What workers tell of themselves, added up. */
export class Reports {
  readonly #options: ReportsOptions;
  /** The last of each worker. */
  readonly #last = new WeakMap<WorkerLink, Report>();
  /** Workers that have not answered yet, and since when, by the deadlines' clock. */
  readonly #asked = new Map<
    WorkerLink,
    { readonly since: number; readonly answered: Promise<void> }
  >();
  #deadline: Deadline | undefined;

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /** Asks from now on, until `end`. */
  start(): void {
    const { deadlines } = this.#options;
    const deadline = deadlines.add(() => {
      for (const link of this.#options.links) this.#ask(link);
      deadline.arm(EVERY_MS);
    });
    this.#deadline = deadline;
    deadline.arm(EVERY_MS);
  }

  /** Leaves no timer. */
  end(): void {
    if (this.#deadline) this.#options.deadlines.remove(this.#deadline);
  }

  /** How many workers there should be. */
  get wanted(): number {
    return this.#options.wanted;
  }

  /** How many workers there are. */
  get running(): number {
    return this.#options.links.size;
  }

  /** The workers that have said nothing for half a minute. */
  get silent(): number[] {
    const { links, deadlines } = this.#options;
    return [...this.#asked]
      .filter(([link, { since }]) =>
        links.has(link) && deadlines.now - since > SILENT_MS
      )
      .map(([{ index }]) => index);
  }

  /** Of all workers. */
  get connections(): ConnectionNumbers {
    const sum = { admitted: 0, handshaking: 0, tunnels: 0 };
    for (const { connections } of this.#reports()) {
      sum.admitted += connections.admitted;
      sum.handshaking += connections.handshaking;
      sum.tunnels += connections.tunnels;
    }
    return sum;
  }

  /** Octets of the JavaScript heaps of all workers that are in use. */
  get heapUsed(): number {
    return this.#reports().reduce((sum, { heapUsed }) => sum + heapUsed, 0);
  }

  /** Resolves when every worker has told how things are now, or took too long. */
  async refresh(): Promise<void> {
    const patience = Promise.withResolvers<void>();
    const { deadlines } = this.#options;
    const deadline = deadlines.add(() => patience.resolve());
    deadline.arm(PATIENCE_MS);
    const answers = [...this.#options.links].map((link) => this.#askAnew(link));
    await Promise.race([Promise.all(answers), patience.promise]);
    deadlines.remove(deadline);
  }

  /** As `#ask`, but what was asked before may tell of less than there is by now. */
  async #askAnew(link: WorkerLink): Promise<void> {
    const before = this.#asked.get(link);
    if (before !== undefined) {
      if (this.#options.deadlines.now - before.since > PATIENCE_MS) return;
      await before.answered;
    }
    await this.#ask(link);
  }

  /** Resolves when the worker has answered, or has ended. Asks it unless it was. */
  #ask(link: WorkerLink): Promise<void> {
    const known = this.#asked.get(link);
    if (known !== undefined) return known.answered;
    const { deadlines, observations } = this.#options;
    const answered = link.ask("report", null, Infinity)
      .then((report) => {
        observations.absorb(report.observed);
        this.#last.set(link, report);
      }, () => {})
      .finally(() => {
        this.#asked.delete(link);
        this.#show();
      });
    this.#asked.set(link, { since: deadlines.now, answered });
    return answered;
  }

  /** What there is at the moment, which does not add up over time. */
  #show(): void {
    const { observations: { connections, traffic } } = this.#options;
    const reports = this.#reports();
    for (const protocol of CONNECTION_PROTOCOLS) {
      connections.open[protocol] = reports
        .reduce((sum, { open }) => sum + open[protocol], 0);
    }
    traffic.show(reports.reduce((sum, { inFlight }) => sum + inFlight, 0));
  }

  #reports(): Report[] {
    return [...this.#options.links].flatMap((link) =>
      this.#last.get(link) ?? []
    );
  }
}
