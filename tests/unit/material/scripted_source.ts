import type { SidecarError } from "../../../src/errors.ts";
import type { Source, SourceEvent } from "../../../src/material/source.ts";

type Step<T> = SourceEvent<T> | { kind: "end" } | {
  kind: "fail";
  why: unknown;
};

/** A source that does what a test says, when it says so. */
export class ScriptedSource<T> implements Source<T> {
  readonly name = "scripted";
  /** How often it was opened, and how many iterations are under way. */
  opened = 0;
  running = 0;
  /** Thrown at the next opening. */
  refuse: unknown;
  readonly #steps: Step<T>[] = [];
  #wake: (() => void) | undefined;

  value(value: T): this {
    return this.#add({ kind: "value", value });
  }

  reject(error: SidecarError): this {
    return this.#add({ kind: "rejected", error });
  }

  fail(why: unknown): this {
    return this.#add({ kind: "fail", why });
  }

  end(): this {
    return this.#add({ kind: "end" });
  }

  open(signal: AbortSignal): AsyncIterable<SourceEvent<T>> {
    this.opened++;
    if (this.refuse !== undefined) throw this.refuse;
    return this.#iterate(signal);
  }

  async *#iterate(signal: AbortSignal): AsyncGenerator<SourceEvent<T>> {
    const wake = () => this.#wake?.();
    signal.addEventListener("abort", wake);
    this.running++;
    try {
      while (!signal.aborted) {
        const step = this.#steps.shift();
        if (step === undefined) {
          await new Promise<void>((resolve) => this.#wake = resolve);
        } else if (step.kind === "end") return;
        else if (step.kind === "fail") throw step.why;
        else yield step;
      }
    } finally {
      this.running--;
      signal.removeEventListener("abort", wake);
    }
  }

  #add(step: Step<T>): this {
    this.#steps.push(step);
    this.#wake?.();
    return this;
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
