import type { Deadline, Deadlines } from "../deadlines.ts";
import { SidecarError } from "../errors.ts";
import type { LineSink } from "../log/line_writer.ts";
import type { Logger } from "../log.ts";
import type { Dialogue, FromWorker, Question, ToWorker } from "./messages.ts";

/** A thread that was started, as its messages go. */
export interface Spawned {
  readonly port: MessagePort;
  /** Calls `listener` when the thread has ended by an error. */
  onEnded(listener: (reason: string) => void): void;
  /** Ends the thread, with all that it holds. */
  terminate(): void;
}

/** Starts the worker at `index`. */
export type Spawn = (index: number) => Spawned;

/** Starts a thread of this program. */
export const spawnThread: Spawn = (index) => {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    name: `worker ${index}`,
  });
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(null, [port2]);
  return {
    port: port1,
    onEnded(listener) {
      worker.addEventListener("error", (event) => {
        // It would end this thread too.
        event.preventDefault();
        listener(event.message);
      });
    },
    terminate() {
      worker.terminate();
      port1.close();
    },
  };
};

/** A worker has not answered in time. What it was asked it may do yet. */
export class WorkerSilent extends SidecarError {
  constructor(index: number) {
    super("INTERNAL", `Cannot speak with worker ${index}: it does not answer`);
  }
}

export interface WorkerLinkOptions {
  readonly spawn: Spawn;
  readonly deadlines: Deadlines;
  readonly log: Logger;
  readonly accessLog: LineSink;
  /** Called once, where it ends by itself. */
  readonly onEnded: (link: WorkerLink, reason: string) => void;
}

interface Pending {
  readonly resolver: PromiseWithResolvers<unknown>;
  readonly deadline: Deadline;
}

/** One worker, from the side of the thread that controls. */
export class WorkerLink {
  readonly index: number;
  readonly #options: WorkerLinkOptions;
  readonly #spawned: Spawned;
  readonly #pending = new Map<number, Pending>();
  /** Questions whose answers nobody waits for any more. */
  readonly #overdue = new Set<number>();
  readonly #decoder = new TextDecoder();
  #lastId = 0;
  #ended = false;

  constructor(index: number, options: WorkerLinkOptions) {
    this.index = index;
    this.#options = options;
    this.#spawned = options.spawn(index);
    this.#spawned.port.onmessage = ({ data }: MessageEvent<FromWorker>) =>
      this.#take(data);
    this.#spawned.onEnded((reason) => this.#end(reason));
  }

  /** Whether it owes an answer that was given up: it is busy, or stuck. */
  get late(): boolean {
    return this.#overdue.size > 0;
  }

  /** Whether it is no more. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Asks the worker something. Rejects with the `SidecarError` that it fails with,
   * where it ends, and with {@linkcode WorkerSilent} where it has not answered
   * within `timeoutMs` milliseconds. What it answers later is not heard; where it
   * fails later, it is ended.
   */
  ask<Q extends Question>(
    question: Q,
    ask: Dialogue[Q]["ask"],
    timeoutMs: number,
  ): Promise<Dialogue[Q]["answer"]> {
    if (this.#ended) return Promise.reject(this.#failure("it has ended"));
    const id = ++this.#lastId;
    const resolver = Promise.withResolvers<unknown>();
    const deadline = this.#options.deadlines.add(() => {
      this.#overdue.add(id);
      this.#settle(id)?.reject(new WorkerSilent(this.index));
    });
    deadline.arm(timeoutMs);
    this.#pending.set(id, { resolver, deadline });
    // The compiler does not see that question and ask belong together.
    this.#post({ question, id, ask } as ToWorker);
    return resolver.promise as Promise<Dialogue[Q]["answer"]>;
  }

  /** Ends the worker, with all that it holds. */
  terminate(): void {
    this.#close("it was ended");
  }

  #take(message: FromWorker): void {
    switch (message.kind) {
      case "answer":
        this.#overdue.delete(message.id);
        return this.#settle(message.id)?.resolve(message.answer);
      case "failure": {
        const { id, code, message: text } = message;
        // Nobody knows what it has in force.
        if (this.#overdue.has(id)) return this.#end(text);
        return this.#settle(id)?.reject(new SidecarError(code, text));
      }
      case "log":
        return this.#options.log[message.level](
          message.message,
          JSON.parse(message.fields),
        );
      case "lines": {
        const text = this.#decoder.decode(message.octets);
        for (const line of text.split("\n")) {
          if (line !== "") this.#options.accessLog.line(line);
        }
        this.#post({ question: "lines taken" });
      }
    }
  }

  #settle(id: number): PromiseWithResolvers<unknown> | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    this.#options.deadlines.remove(pending.deadline);
    return pending.resolver;
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#close(reason);
    this.#options.onEnded(this, reason);
  }

  #close(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#spawned.terminate();
    for (const id of [...this.#pending.keys()]) {
      this.#settle(id)?.reject(this.#failure(reason));
    }
  }

  #post(message: ToWorker): void {
    this.#spawned.port.postMessage(message);
  }

  #failure(problem: string): SidecarError {
    return new SidecarError(
      "INTERNAL",
      `Cannot speak with worker ${this.index}: ${problem}`,
    );
  }
}
