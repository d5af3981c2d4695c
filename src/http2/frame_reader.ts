import type { Input } from "../http/input.ts";
import { NO_OCTETS } from "../http/octets.ts";
import {
  DEFAULT_MAX_FRAME_SIZE,
  Flag,
  FRAME_HEADER_OCTETS,
  FrameType,
  uint31,
  uint32,
} from "./frame.ts";
import { checkFrameHeader, protocolError, sizeError } from "./frame_rules.ts";
import { HeaderBlock } from "./header_block.ts";
import type { Http2Error } from "./http2_error.ts";

/** What `take` gives while nothing is whole: more input must arrive. */
export const MORE = -1;

/** What `take` gives for a frame to ignore: PRIORITY, or of an unknown type. Count them. */
export const IGNORED = -2;

/** A frame of a header block was taken that is not its last. */
const MORE_FRAMES = -3;

/** Bounds of a `FrameReader`. */
export interface FrameReaderOptions {
  /** The SETTINGS_MAX_FRAME_SIZE that is announced to the peer. Default: 16 KiB. */
  readonly maxFrameSize?: number;
  /** How many octets a header block may have, in all its frames. Default: 64 KiB. */
  readonly maxBlockOctets?: number;
}

/** The octets of a priority field (RFC 9113 §6.2, §6.3), which nobody needs. */
const PRIORITY_OCTETS = 5;

/**
 * Takes the frames of one direction of a connection off an `Input` (RFC 9113
 * §4, §6). `take` says of which type the next frame is; the rest of what it
 * says is read from the reader, and valid until the next `take` or until more
 * input is asked for:
 *
 * | type | |
 * |---|---|
 * | DATA | `streamId`, a piece of content in `bytes[start..end)`, `flowOctets`, `contentOctets`, `endStream` |
 * | HEADERS | `streamId`, the whole header block, CONTINUATION included, in `bytes[start..end)`, `endStream` |
 * | RST_STREAM | `streamId`, `errorCode` |
 * | SETTINGS | `ack`, the payload in `bytes[start..end)`, for `Settings.apply` |
 * | PING | `ack`, the 8 octets in `bytes[start..end)` |
 * | GOAWAY | `lastStreamId`, `errorCode`, debug data in `bytes[start..end)` |
 * | WINDOW_UPDATE | `streamId`, 0 for the connection, `increment` |
 *
 * Content is given as it arrives, all other frames when they are whole. What a
 * frame says of itself is checked here; what depends on the state of its stream
 * (RFC 9113 §5.1), on windows and on how often it comes is the caller's.
 */
export class FrameReader {
  readonly #maxFrameSize: number;
  readonly #block: HeaderBlock;
  /** The stream whose header block goes on in CONTINUATION frames, or 0. */
  #openBlock = 0;
  /** Octets of the current frame that have not come yet: content, then padding; or what is ignored. */
  #contentLeft = 0;
  #paddingLeft = 0;
  #ignoredLeft = 0;
  #inData = false;
  /** Octets that count for flow control and were not said yet. */
  #flowPending = 0;
  #flags = 0;

  /** The stream that the frame is on; 0 for the connection. */
  streamId = 0;
  bytes = NO_OCTETS;
  start = 0;
  end = 0;
  /**
   * By how much this piece lessens the flow-control windows: padding counts too
   * (RFC 9113 §6.9.1). It is said with the piece that it came before or after.
   */
  flowOctets = 0;
  /** How much content the whole DATA frame has, however many pieces it comes in. */
  contentOctets = 0;
  /** Whether the stream ends here: of a DATA frame it is true with its last piece alone. */
  endStream = false;
  /** The error code of a RST_STREAM or GOAWAY frame. */
  errorCode = 0;
  /** By how much a WINDOW_UPDATE frame enlarges the window: 1 to 2^31 - 1. */
  increment = 0;
  /** The last stream that the sender of a GOAWAY frame may have acted on. */
  lastStreamId = 0;

  constructor(
    {
      maxFrameSize = DEFAULT_MAX_FRAME_SIZE,
      maxBlockOctets = 64 * 1024,
    }: FrameReaderOptions = {},
  ) {
    this.#maxFrameSize = maxFrameSize;
    this.#block = new HeaderBlock(maxBlockOctets);
  }

  /** Whether the DATA frame that the last piece was of goes on. */
  get inData(): boolean {
    return this.#inData;
  }

  /** Whether a SETTINGS or PING frame is an acknowledgement. */
  get ack(): boolean {
    return (this.#flags & Flag.ACK) !== 0;
  }

  /**
   * Takes the next frame, or piece of one. Returns its type, `IGNORED`, or
   * `MORE`.
   *
   * Throws `Http2Error`. If it has a `streamId`, its frame has been taken, and
   * `take` may be called again; else nothing that follows can be trusted.
   */
  take(input: Input): number {
    let taken = MORE_FRAMES;
    while (taken === MORE_FRAMES) taken = this.#takeFrame(input);
    // An idle connection holds no octets.
    if (taken === MORE) this.bytes = NO_OCTETS;
    return taken;
  }

  #takeFrame(input: Input): number {
    if (this.#inData) return this.#takeData(input);
    if (this.#ignoredLeft > 0) return this.#skip(input);
    if (input.available < FRAME_HEADER_OCTETS) return MORE;
    const { bytes, start } = input;
    const length = bytes[start]! << 16 | bytes[start + 1]! << 8 |
      bytes[start + 2]!;
    const type = bytes[start + 3]!;
    const flags = bytes[start + 4]!;
    const streamId = uint31(bytes, start + 5);
    this.#checkHeader(type, length, streamId);
    if (type > FrameType.CONTINUATION) {
      input.start += FRAME_HEADER_OCTETS;
      this.#ignoredLeft = length;
      return this.#skip(input);
    }
    this.streamId = streamId;
    this.#flags = flags;
    if (type === FrameType.DATA) return this.#beginData(input, length);
    const end = start + FRAME_HEADER_OCTETS + length;
    if (end > input.end) return MORE;
    input.start = end;
    this.bytes = bytes;
    this.start = start + FRAME_HEADER_OCTETS;
    this.end = end;
    return this.#takeWhole(type);
  }

  #checkHeader(type: number, length: number, streamId: number): void {
    if (length > this.#maxFrameSize) {
      throw sizeError(type, `at most ${this.#maxFrameSize} octets`);
    }
    const open = this.#openBlock;
    const continues = type === FrameType.CONTINUATION;
    // RFC 9113 §6.10: nothing at all may come between.
    if (open !== 0 && (!continues || streamId !== open)) {
      throw protocolError(type, `the header block on stream ${open} to go on`);
    }
    if (open === 0 && continues) throw protocolError(type, "HEADERS before it");
    checkFrameHeader(type, length, streamId);
  }

  /** RFC 9113 §6.1. */
  #beginData(input: Input, length: number): number {
    let overhead = 0;
    if ((this.#flags & Flag.PADDED) !== 0) {
      if (length === 0) throw sizeError(FrameType.DATA, "a padding length");
      if (input.available <= FRAME_HEADER_OCTETS) return MORE;
      this.#paddingLeft = input.bytes[input.start + FRAME_HEADER_OCTETS]!;
      overhead = 1;
      if (this.#paddingLeft >= length) throw tooMuchPadding(FrameType.DATA);
    } else this.#paddingLeft = 0;
    input.start += FRAME_HEADER_OCTETS + overhead;
    this.#contentLeft = length - overhead - this.#paddingLeft;
    this.contentOctets = this.#contentLeft;
    this.#flowPending = overhead;
    this.#inData = true;
    return this.#takeData(input);
  }

  #takeData(input: Input): number {
    this.bytes = input.bytes;
    this.start = this.end = input.start;
    this.endStream = false;
    if (this.#contentLeft > 0) {
      const octets = Math.min(this.#contentLeft, input.available);
      if (octets === 0) return MORE;
      this.end = input.start += octets;
      this.#contentLeft -= octets;
      this.#flowPending += octets;
      if (this.#contentLeft > 0 || this.#paddingLeft > input.available) {
        this.flowOctets = this.#flowPending;
        this.#flowPending = 0;
        return FrameType.DATA;
      }
    }
    const padding = Math.min(this.#paddingLeft, input.available);
    input.start += padding;
    this.#paddingLeft -= padding;
    this.#flowPending += padding;
    if (this.#paddingLeft > 0) return MORE;
    this.flowOctets = this.#flowPending;
    this.endStream = (this.#flags & Flag.END_STREAM) !== 0;
    this.#inData = false;
    return FrameType.DATA;
  }

  #skip(input: Input): number {
    const octets = Math.min(this.#ignoredLeft, input.available);
    input.start += octets;
    this.#ignoredLeft -= octets;
    return this.#ignoredLeft === 0 ? IGNORED : MORE;
  }

  /** A frame whose payload is `bytes[start..end)`. */
  #takeWhole(type: number): number {
    const { bytes, start, end, streamId } = this;
    switch (type) {
      case FrameType.HEADERS:
        return this.#takeHeaders();
      case FrameType.CONTINUATION:
        return this.#takeContinuation();
      case FrameType.PRIORITY:
        if (end - start !== PRIORITY_OCTETS) {
          throw sizeError(type, `${PRIORITY_OCTETS} octets`, streamId);
        }
        return IGNORED;
      case FrameType.RST_STREAM:
        this.errorCode = uint32(bytes, start);
        break;
      case FrameType.SETTINGS:
        if (this.ack ? end > start : (end - start) % 6 !== 0) {
          throw sizeError(type, this.ack ? "no octets" : "6 octets a setting");
        }
        break;
      case FrameType.GOAWAY:
        if (end - start < 8) throw sizeError(type, "8 octets or more");
        this.lastStreamId = uint31(bytes, start);
        this.errorCode = uint32(bytes, start + 4);
        this.start = start + 8;
        break;
      case FrameType.WINDOW_UPDATE:
        this.increment = uint31(bytes, start);
        // RFC 9113 §6.9: of the connection where it is on none.
        if (this.increment === 0) {
          throw protocolError(type, "an increment above 0", streamId);
        }
        break;
    }
    return type;
  }

  /** RFC 9113 §6.2. Takes padding and priority off the field block fragment. */
  #takeHeaders(): number {
    const { bytes } = this;
    const flags = this.#flags;
    const padded = (flags & Flag.PADDED) !== 0;
    const before = (padded ? 1 : 0) +
      ((flags & Flag.PRIORITY) !== 0 ? PRIORITY_OCTETS : 0);
    if (this.end - this.start < before) {
      throw sizeError(FrameType.HEADERS, `at least ${before} octets`);
    }
    const padding = padded ? bytes[this.start]! : 0;
    this.start += before;
    if (padding > this.end - this.start) {
      throw tooMuchPadding(FrameType.HEADERS);
    }
    this.end -= padding;
    this.endStream = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0) return FrameType.HEADERS;
    this.#openBlock = this.streamId;
    this.#block.begin(bytes, this.start, this.end);
    return MORE_FRAMES;
  }

  /** RFC 9113 §6.10. Ends a header block, or goes on with it. */
  #takeContinuation(): number {
    const block = this.#block;
    block.continue(this.bytes, this.start, this.end);
    if ((this.#flags & Flag.END_HEADERS) === 0) return MORE_FRAMES;
    this.#openBlock = 0;
    this.bytes = block.octets;
    this.start = 0;
    this.end = block.length;
    block.release();
    return FrameType.HEADERS;
  }
}

function tooMuchPadding(type: number): Http2Error {
  return protocolError(type, "less padding than there are octets");
}
