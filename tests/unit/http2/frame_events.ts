import { Input } from "../../../src/http/input.ts";
import { FrameType } from "../../../src/http2/frame.ts";
import {
  FrameReader,
  type FrameReaderOptions,
  IGNORED,
  MORE,
} from "../../../src/http2/frame_reader.ts";
import { Http2Error } from "../../../src/http2/http2_error.ts";
import { latin1 } from "../../support/octet_reader.ts";
import { PieceSource } from "../../support/piece_source.ts";

/** What a `FrameReader` said, pieces of one DATA frame put together. */
export interface FrameEvent {
  readonly type: number;
  readonly streamId: number;
  text: string;
  flowOctets: number;
  readonly contentOctets: number;
  endStream: boolean;
  readonly ack: boolean;
  readonly errorCode: number;
  readonly increment: number;
  readonly lastStreamId: number;
}

function eventOf(reader: FrameReader, type: number): FrameEvent {
  const isData = type === FrameType.DATA;
  const hasStream = isData || type === FrameType.HEADERS;
  const has = (...types: number[]) => types.includes(type);
  return {
    type,
    streamId: type === IGNORED ? 0 : reader.streamId,
    text: type === IGNORED || has(FrameType.RST_STREAM, FrameType.WINDOW_UPDATE)
      ? ""
      : latin1(reader.bytes.subarray(reader.start, reader.end)),
    flowOctets: isData ? reader.flowOctets : 0,
    contentOctets: isData ? reader.contentOctets : 0,
    endStream: hasStream && reader.endStream,
    ack: has(FrameType.SETTINGS, FrameType.PING) && reader.ack,
    errorCode: has(FrameType.RST_STREAM, FrameType.GOAWAY)
      ? reader.errorCode
      : 0,
    increment: has(FrameType.WINDOW_UPDATE) ? reader.increment : 0,
    lastStreamId: has(FrameType.GOAWAY) ? reader.lastStreamId : 0,
  };
}

/**
 * Reads frames out of pieces to their end or to a connection error. A stream
 * error is an entry of its own, `CODE on 1`; the verdict is a code, or `end`
 * where all was taken, or `unfinished`.
 */
export async function readFrames(
  pieces: readonly string[],
  options: FrameReaderOptions = {},
): Promise<{ events: (FrameEvent | string)[]; verdict: string }> {
  const input = new Input(new PieceSource(pieces));
  const reader = new FrameReader(options);
  const events: (FrameEvent | string)[] = [];
  let open: FrameEvent | undefined;
  for (;;) {
    try {
      const type = reader.take(input);
      if (type === MORE) {
        if (await input.more()) continue;
        const whole = input.available === 0 && open === undefined;
        return { events, verdict: whole ? "end" : "unfinished" };
      }
      const event = eventOf(reader, type);
      if (open !== undefined) {
        open.text += event.text;
        open.flowOctets += event.flowOctets;
        open.endStream = event.endStream;
      } else {
        events.push(event);
        if (type === FrameType.DATA) open = event;
      }
      if (open !== undefined && !reader.inData) open = undefined;
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error;
      if (error.streamId === 0) return { events, verdict: error.code };
      events.push(`${error.code} on ${error.streamId}`);
    }
  }
}

export interface FrameParts {
  readonly type: number;
  readonly flags?: number;
  readonly streamId?: number;
  readonly payload?: string;
  /** Where it is not that of the payload. */
  readonly length?: number;
}

/** A number in network byte order, one character an octet. */
export function number(value: number, octets = 4): string {
  let text = "";
  for (let rest = value; text.length < octets; rest = Math.floor(rest / 256)) {
    text = String.fromCharCode(rest % 256) + text;
  }
  return text;
}

/** A frame, well-formed or not, one character an octet. */
export function frame(
  { type, flags = 0, streamId = 0, payload = "", length = payload.length }:
    FrameParts,
): string {
  return number(length, 3) + number(type, 1) + number(flags, 1) +
    number(streamId) + payload;
}
