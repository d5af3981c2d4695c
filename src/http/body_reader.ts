import { type ErrorCode, SidecarError } from "../errors.ts";
import { ChunkedDecoder } from "./chunked_decoder.ts";
import type { FieldSection, SectionFaults } from "./field_section.ts";
import { type Framing, NO_BODY } from "./framing.ts";
import type { Input } from "./input.ts";

/** The codes with which a body that cannot be taken is refused. */
export interface BodyFaults {
  readonly chunk: ErrorCode;
  readonly trailers: SectionFaults;
  /** The stream ended before the body did. */
  readonly incomplete: ErrorCode;
}

export const REQUEST_BODY_FAULTS: BodyFaults = {
  chunk: "CHUNK_INVALID",
  trailers: { invalid: "TRAILERS_INVALID", tooLarge: "TRAILERS_INVALID" },
  incomplete: "BODY_INCOMPLETE",
};

export const RESPONSE_BODY_FAULTS: BodyFaults = {
  chunk: "UPSTREAM_RESPONSE_INVALID",
  trailers: {
    invalid: "UPSTREAM_RESPONSE_INVALID",
    tooLarge: "UPSTREAM_RESPONSE_INVALID",
  },
  incomplete: "UPSTREAM_CLOSED",
};

/** The content of a message, taken piece by piece as it arrives. */
export interface MessageBody {
  /** Whether the whole body was taken. */
  readonly done: boolean;
  /** How many octets of content were taken. */
  readonly taken: number;
  /** The trailer section of a body that is done, where it has fields. */
  readonly trailers: FieldSection | undefined;
  /**
   * The next piece out of what has arrived, valid until more input is asked
   * for; null at the body's end; undefined when more must arrive first.
   *
   * Throws `SidecarError` for a body that cannot be taken.
   */
  take(): Uint8Array | null | undefined;
  /** Waits for more to arrive. Throws `SidecarError` where it ended too early. */
  more(): Promise<void>;
}

/**
 * Takes the content of message after message off an `Input` (RFC 9112 §6, §7),
 * piece by piece as it arrives. It never holds more than has arrived.
 */
export class BodyReader implements MessageBody {
  readonly #input: Input;
  readonly #faults: BodyFaults;
  #framing: Framing = NO_BODY;
  #left = 0;
  #taken = 0;
  #done = true;
  /** Made when the first chunked body comes. */
  #chunked: ChunkedDecoder | undefined;

  constructor(input: Input, faults: BodyFaults) {
    this.#input = input;
    this.#faults = faults;
  }

  get done(): boolean {
    return this.#done;
  }

  get taken(): number {
    return this.#taken;
  }

  get trailers(): FieldSection | undefined {
    return this.#framing.kind === "chunked" && this.#done
      ? this.#chunked?.trailers
      : undefined;
  }

  /** Begins the body of a message whose head has just been consumed. */
  begin(framing: Framing): void {
    this.#framing = framing;
    this.#taken = 0;
    this.#done = framing.kind === "none";
    this.#left = framing.kind === "length" ? framing.octets : 0;
    if (framing.kind === "chunked") {
      this.#chunked ??= new ChunkedDecoder(this.#faults);
      this.#chunked.reset();
    }
  }

  take(): Uint8Array | null | undefined {
    if (this.#done) return null;
    const input = this.#input;
    if (this.#framing.kind === "chunked") {
      const piece = this.#chunked!.take(input);
      if (piece === null) this.#done = true;
      else if (piece !== undefined) this.#taken += piece.length;
      return piece;
    }
    if (input.available === 0) return undefined;
    const octets = this.#framing.kind === "length"
      ? Math.min(this.#left, input.available)
      : input.available;
    const piece = input.bytes.subarray(input.start, input.start + octets);
    input.start += octets;
    this.#taken += octets;
    if (this.#framing.kind === "length") {
      this.#left -= octets;
      this.#done = this.#left === 0;
    }
    return piece;
  }

  async more(): Promise<void> {
    if (await this.#input.more()) return;
    const { fault } = this.#input;
    if (this.#framing.kind === "until-close" && fault === undefined) {
      this.#done = true;
      return;
    }
    throw fault ?? new SidecarError(
      this.#faults.incomplete,
      "Cannot take the whole body: the connection ended before it",
    );
  }
}
