import { SidecarError } from "../errors.ts";
import type { Source, SourceEvent } from "./source.ts";

/**
 * Asked with each value before it is told of. Resolves when it is in force
 * wherever else it must be; rejects with a `SidecarError` where it is not taken.
 */
export type Agree<T> = (
  value: T,
  context: { readonly asked: boolean },
) => Promise<void>;

/**
 * A source whose values count only when others have agreed: those that follow it
 * hear of a value when it is in force elsewhere, and of a rejection where it is not.
 */
export class AgreedSource<T> implements Source<T> {
  readonly #source: Source<T>;
  readonly #agree: Agree<T>;

  constructor(source: Source<T>, agree: Agree<T>) {
    this.#source = source;
    this.#agree = agree;
  }

  get name(): string {
    return this.#source.name;
  }

  async *open(signal: AbortSignal): AsyncGenerator<SourceEvent<T>> {
    for await (const event of this.#source.open(signal)) {
      yield event.kind === "value"
        ? await this.#agreed(event.value, event.asked === true)
        : event;
    }
  }

  async #agreed(value: T, asked: boolean): Promise<SourceEvent<T>> {
    try {
      await this.#agree(value, { asked });
      return { kind: "value", value, asked };
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error;
      return { kind: "rejected", error };
    }
  }
}
