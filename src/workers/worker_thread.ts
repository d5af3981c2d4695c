import { type LocalDataPlane, openDataPlane } from "../data_plane.ts";
import { Deadlines } from "../deadlines.ts";
import { type ErrorCode, SidecarError } from "../errors.ts";
import { faultFields } from "../log/fault.ts";
import { LineWriter } from "../log/line_writer.ts";
import type { Logger } from "../log.ts";
import { observeEventLoop } from "../observations/event_loop_delay.ts";
import { Observations } from "../observations/observations.ts";
import type {
  Beginning,
  Dialogue,
  FromWorker,
  Question,
  Report,
  ToWorker,
} from "./messages.ts";
import { RemadeStores, type Swap } from "./remade_stores.ts";
import { RemoteLines, remoteLogger } from "./remote_log.ts";
import { TrustEpoch } from "./trust_epoch.ts";

/** How long the last lines may take to be taken at the end, in milliseconds. */
const FLUSH_TIMEOUT_MS = 1_000;

type Answers = {
  readonly [Q in Question]: (
    ask: Dialogue[Q]["ask"],
  ) => Dialogue[Q]["answer"] | Promise<Dialogue[Q]["answer"]>;
};

/** What there is once a worker has begun. */
interface Begun {
  readonly plane: LocalDataPlane;
  readonly stores: RemadeStores;
  readonly log: Logger;
  readonly draining: AbortController;
}

/** One worker, on its own side of the messages. */
export class WorkerThread {
  readonly #send: (message: FromWorker) => void;
  readonly #observations = new Observations(Date.now);
  readonly #lines: RemoteLines;
  readonly #accessLog: LineWriter;
  readonly #answers: Answers = {
    begin: (beginning) => this.#begin(beginning),
    prepare: (ask) => this.#prepare(ask),
    commit: (ask) => this.#commit(ask),
    discard: () => this.#discard(),
    report: () => this.#report(),
    drain: () => this.#drain(),
  };
  #begun: Begun | undefined;
  #prepared: { readonly number: number; readonly swap: Swap } | undefined;
  /** The trust epoch that this worker has come to. */
  #epoch = 0;

  constructor(send: (message: FromWorker) => void) {
    this.#send = send;
    this.#lines = new RemoteLines(send);
    this.#accessLog = new LineWriter(this.#lines);
  }

  /** Does what a message says, and answers it. */
  async take(message: ToWorker): Promise<void> {
    if (message.question === "lines taken") return this.#lines.taken();
    const { id, question, ask } = message;
    // The compiler does not see that question and ask belong together.
    const answer = this.#answers[question] as (ask: unknown) => unknown;
    try {
      this.#send({ kind: "answer", id, answer: await answer(ask) });
    } catch (error) {
      this.#send({ kind: "failure", id, ...failureOf(error) });
    }
  }

  /** Tells of an error that nobody caught. */
  fault(message: string, fault: unknown): void {
    this.#begun?.log.error(message, faultFields(fault));
  }

  #begin({ config, index, port, epoch: given, changes }: Beginning): null {
    const epoch = new TrustEpoch(given.memory);
    this.#epoch = given.value;
    const stores = new RemadeStores(config, changes);
    const draining = new AbortController();
    const log = remoteLogger(this.#send, {
      level: config.logLevel,
      worker: index,
    });
    const plane = openDataPlane(config, {
      stores,
      deadlines: new Deadlines(),
      log,
      accessLog: this.#accessLog,
      observations: this.#observations,
      draining: draining.signal,
      place: { index, port, mayJudge: () => this.#epoch === epoch.value },
    });
    if (config.enableMetrics) {
      observeEventLoop(this.#observations.eventLoopDelay);
    }
    this.#begun = { plane, stores, log, draining };
    return null;
  }

  #prepare(
    { number, change }: Dialogue["prepare"]["ask"],
  ): Dialogue["prepare"]["answer"] {
    const { stores, plane } = this.#working;
    // Should this one fail, an earlier one must not pass for it.
    this.#prepared = undefined;
    const { candidate: { material, peers }, swap } = stores.make(change);
    this.#prepared = { number, swap };
    if (material) return plane.effectOf({ material });
    return peers ? plane.effectOf({ peers }) : null;
  }

  #commit({ number, epoch }: Dialogue["commit"]["ask"]): number | null {
    const { plane } = this.#working;
    const prepared = this.#prepared;
    this.#prepared = undefined;
    if (prepared?.number !== number) {
      throw new Error(`Change ${number} is not prepared`);
    }
    const retired = prepared.swap(plane);
    this.#epoch = epoch;
    plane.resume();
    return retired ?? null;
  }

  #discard(): null {
    this.#prepared = undefined;
    return null;
  }

  #report(): Report {
    const { connections: { admitted, handshaking, tunnels } } =
      this.#working.plane;
    const { connections, traffic } = this.#observations;
    return {
      observed: this.#observations.drain(),
      connections: { admitted, handshaking, tunnels },
      open: connections.open,
      inFlight: traffic.inFlight,
      heapUsed: Deno.memoryUsage().heapUsed,
    };
  }

  async #drain(): Promise<boolean> {
    const { plane, draining } = this.#working;
    draining.abort();
    const finished = await plane.drain();
    await plane.close();
    await this.#accessLog.flush(FLUSH_TIMEOUT_MS);
    return finished;
  }

  get #working(): Begun {
    if (this.#begun === undefined) throw new Error("The worker has not begun");
    return this.#begun;
  }
}

function failureOf(error: unknown): { code: ErrorCode; message: string } {
  return error instanceof SidecarError
    ? { code: error.code, message: error.message }
    : { code: "INTERNAL", message: `A worker failed: ${String(error)}` };
}
