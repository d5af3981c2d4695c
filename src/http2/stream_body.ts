import { type ErrorCode, SidecarError } from "../errors.ts";
import type { MessageBody } from "../http/body_reader.ts";
import { FieldSection, type SectionFaults } from "../http/field_section.ts";
import type { FieldList } from "./field_list.ts";

/** The least octets of a block, so that content in tiny pieces costs no more than its size. */
const MIN_BLOCK_OCTETS = 1024;

const AS_DECLARED = "as many octets as Content-Length says";

/** The codes with which a body that cannot be taken is refused. */
export interface StreamBodyFaults {
  /** It is longer than its Content-Length. */
  readonly length: ErrorCode;
  readonly trailers: SectionFaults;
  /** It ended before its Content-Length said, or was reset. */
  readonly incomplete: ErrorCode;
}

/** Content that has come, in `bytes[0..end)`. */
interface Block {
  readonly bytes: Uint8Array;
  end: number;
}

/** The content of a message that has none. */
export const NO_CONTENT: MessageBody = {
  done: true,
  taken: 0,
  trailers: undefined,
  take: () => null,
  more: () => Promise.resolve(),
};

/**
 * The content of a message as its DATA frames bring it (RFC 9113 §8.1). What has
 * come is copied, for the streams of a connection share what it is read into;
 * the stream's window bounds how much that can be.
 *
 * Where a length was declared, the body is whole only when the stream ends at
 * exactly that: what would complete it is held back until then, or else whoever
 * counts octets would take a body for whole that is not (RFC 9113 §8.1.1).
 */
export class StreamBody implements MessageBody {
  readonly #faults: StreamBodyFaults;
  readonly #onTaken: (octets: number) => void;
  /** The length that was declared, or -1. */
  readonly #declared: number;
  readonly #blocks: Block[] = [];
  #received = 0;
  #taken = 0;
  #ended = false;
  #fault: SidecarError | undefined;
  #trailers: FieldSection | undefined;
  #waiter: PromiseWithResolvers<void> | undefined;

  /** `onTaken` is told how many octets are held no longer. `declared` is -1 where no length was. */
  constructor(
    { declared, faults, onTaken }: {
      declared: number;
      faults: StreamBodyFaults;
      onTaken: (octets: number) => void;
    },
  ) {
    this.#declared = declared;
    this.#faults = faults;
    this.#onTaken = onTaken;
  }

  get done(): boolean {
    return this.#ended && this.#blocks.length === 0 &&
      this.#fault === undefined;
  }

  get taken(): number {
    return this.#taken;
  }

  get trailers(): FieldSection | undefined {
    return this.done ? this.#trailers : undefined;
  }

  take(): Uint8Array | null | undefined {
    if (this.#fault !== undefined) throw this.#fault;
    const block = this.#blocks[0];
    if (block === undefined) return this.#ended ? null : undefined;
    if (this.#isHeldBack(block)) return undefined;
    this.#blocks.shift();
    this.#taken += block.end;
    this.#onTaken(block.end);
    return block.bytes.subarray(0, block.end);
  }

  #isHeldBack(block: Block): boolean {
    return !this.#ended && this.#taken + block.end === this.#declared;
  }

  /** Waits for more. What there is to say of a fault, `take` says. */
  more(): Promise<void> {
    const block = this.#blocks[0];
    if (
      this.#ended || this.#fault !== undefined ||
      block !== undefined && !this.#isHeldBack(block)
    ) return Promise.resolve();
    this.#waiter ??= Promise.withResolvers();
    return this.#waiter.promise;
  }

  /**
   * Takes `bytes[start..end)`, which may be used again at once. `more` octets of
   * the same frame are about to follow. Nobody takes what comes after a fault.
   */
  arrive(
    bytes: Uint8Array,
    { start, end, more }: { start: number; end: number; more: number },
  ): void {
    const octets = end - start;
    if (octets === 0 || this.#fault !== undefined) return;
    this.#received += octets;
    if (this.#declared >= 0 && this.#received > this.#declared) {
      return this.fail(problem(this.#faults.length, AS_DECLARED));
    }
    const piece = bytes.subarray(start, end);
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.end + octets <= last.bytes.length) {
      last.bytes.set(piece, last.end);
      last.end += octets;
    } else {
      const block = new Uint8Array(Math.max(octets + more, MIN_BLOCK_OCTETS));
      block.set(piece);
      this.#blocks.push({ bytes: block, end: octets });
    }
    this.#wake();
  }

  /** Takes the end of the stream. */
  end(): void {
    if (this.#fault !== undefined) return;
    if (this.#received < this.#declared) {
      return this.fail(problem(this.#faults.incomplete, AS_DECLARED));
    }
    this.#ended = true;
    this.#wake();
  }

  /** Takes the trailer section, and with it the end of the stream (RFC 9113 §8.1). */
  endWith(fields: FieldList): void {
    const { trailers: faults } = this.#faults;
    if (fields.tooLarge) {
      return this.fail(
        problem(
          faults.tooLarge,
          `trailers of at most ${fields.maxSize} octets`,
        ),
      );
    }
    if (fields.malformed || fields.count > 0 && fields.isPseudo(0)) {
      return this.fail(
        problem(faults.invalid, "trailers that are well-formed fields"),
      );
    }
    if (fields.count > 0) {
      // A copy: the list is filled again with the next block.
      const octets = fields.bytes.slice(fields.lineStart(0), fields.end + 2);
      const trailers = new FieldSection(faults);
      trailers.rebase(octets, 0);
      try {
        trailers.parse(0, octets.length);
      } catch (error) {
        if (!(error instanceof SidecarError)) throw error;
        return this.fail(error);
      }
      this.#trailers = trailers;
    }
    this.end();
  }

  /** Takes that nothing more will come. */
  breakOff(): void {
    this.fail(
      problem(this.#faults.incomplete, "the stream to end before it is reset"),
    );
  }

  /** Makes it a body that cannot be taken. Only the first reason counts. */
  fail(fault: SidecarError): void {
    if (this.done) return;
    this.#fault ??= fault;
    this.#blocks.length = 0;
    this.#wake();
  }

  /** Makes a `more` that is under way fail: nobody needs the rest. */
  abandon(): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(
      problem(this.#faults.incomplete, "nobody to give the rest up"),
    );
  }

  #wake(): void {
    this.#waiter?.resolve();
    this.#waiter = undefined;
  }
}

function problem(code: ErrorCode, expected: string): SidecarError {
  return new SidecarError(
    code,
    `Cannot take the whole body: expected ${expected}`,
  );
}
