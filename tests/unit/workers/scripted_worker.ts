import type {
  Dialogue,
  FromWorker,
  Question,
  Report,
  ToWorker,
} from "../../../src/workers/messages.ts";
import type { Spawned } from "../../../src/workers/worker_link.ts";
import { Observations } from "../../../src/observations/observations.ts";
import { soon } from "../../support/waiting.ts";

/** How a scripted worker answers. What it throws is a failure; what never settles, silence. */
export type Answers = {
  -readonly [Q in Question]: (
    ask: Dialogue[Q]["ask"],
  ) => Dialogue[Q]["answer"] | Promise<Dialogue[Q]["answer"]>;
};

/** Does not answer. */
export const silence = (): Promise<never> => new Promise<never>(() => {});

export interface ScriptedWorkerOptions {
  /** How it answers at first: as a worker to whom nothing happens, unless told otherwise. */
  readonly answers?: Partial<Answers>;
  /** Told of each question, before it is answered. */
  readonly onAsked?: (question: Question) => void;
}

/** The other end of a worker's messages, played by a test. It has no thread. */
export class ScriptedWorker {
  readonly index: number;
  /** All that it was told, in the order of its coming. */
  readonly heard: ToWorker[] = [];
  /** How it answers from now on. */
  readonly answers: Answers;
  readonly spawned: Spawned;
  terminated = false;
  readonly #port: MessagePort;
  readonly #listeners = new Set<() => void>();
  readonly #onAsked: (question: Question) => void;
  #onEnded: ((reason: string) => void) | undefined;

  constructor(
    index: number,
    { answers, onAsked = () => {} }: ScriptedWorkerOptions = {},
  ) {
    this.index = index;
    this.#onAsked = onAsked;
    this.answers = {
      begin: () => null,
      prepare: () => null,
      commit: () => null,
      discard: () => null,
      report: () => reportOf(),
      drain: () => true,
      ...answers,
    };
    const { port1, port2 } = new MessageChannel();
    this.#port = port2;
    port2.onmessage = ({ data }: MessageEvent<ToWorker>) => this.#hear(data);
    this.spawned = {
      port: port1,
      onEnded: (listener) => void (this.#onEnded = listener),
      terminate: () => {
        this.terminated = true;
        port1.close();
        port2.close();
        this.#tell();
      },
    };
  }

  /** Ends by itself. */
  die(reason = "it threw"): void {
    this.#onEnded?.(reason);
  }

  say(message: FromWorker): void {
    this.#port.postMessage(message);
  }

  /** The questions that it was asked so far. */
  get questions(): string[] {
    return this.heard.map(({ question }) => question);
  }

  /** Resolves when `condition` holds, which what it hears may bring about. */
  async until(condition: () => boolean, what: string): Promise<void> {
    while (!condition()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#listeners.add(resolve);
      await soon(promise, what);
      this.#listeners.delete(resolve);
    }
  }

  /** What came with the last question of a kind, there or to come. */
  async ask<Q extends Question>(question: Q): Promise<Dialogue[Q]["ask"]> {
    const last = () =>
      this.heard.findLast((message) => message.question === question);
    await this.until(() => last() !== undefined, `the question ${question}`);
    const message = last();
    if (message === undefined || !("ask" in message)) throw new Error(question);
    // The compiler does not see that it was found by its question.
    return message.ask as Dialogue[Q]["ask"];
  }

  async #hear(message: ToWorker): Promise<void> {
    this.heard.push(message);
    // What it answers may be looked at by whoever waits for the question.
    queueMicrotask(() => this.#tell());
    if (message.question === "lines taken") return;
    const { id, question, ask } = message;
    this.#onAsked(question);
    // The compiler does not see that question and ask belong together.
    const answer = this.answers[question] as (ask: unknown) => unknown;
    try {
      const given = await answer(ask);
      if (!this.terminated) this.say({ kind: "answer", id, answer: given });
    } catch (error) {
      if (this.terminated) return;
      const text = error instanceof Error ? error.message : String(error);
      this.say({ kind: "failure", id, code: "PEM_INVALID", message: text });
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** What a worker tells that has done nothing since the report before. */
export function reportOf(
  changes: Partial<Report> = {},
  observed = new Observations(() => 0),
): Report {
  return {
    observed: observed.drain(),
    connections: { admitted: 0, handshaking: 0, tunnels: 0 },
    open: { ...observed.connections.open },
    inFlight: 0,
    heapUsed: 0,
    ...changes,
  };
}
