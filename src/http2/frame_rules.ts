import { FrameType } from "./frame.ts";
import { Http2Error } from "./http2_error.ts";

/** Where a type of frame may stand (RFC 9113 §6). */
const NOT_ON_STREAM = 1, ON_STREAM = 2;

interface Rule {
  readonly name: string;
  readonly place: number;
  /** Its length, where that is fixed. */
  readonly length?: number;
}

/** By type, up to CONTINUATION. */
const RULES: readonly Rule[] = [
  { name: "DATA", place: ON_STREAM },
  { name: "HEADERS", place: ON_STREAM },
  { name: "PRIORITY", place: ON_STREAM },
  { name: "RST_STREAM", place: ON_STREAM, length: 4 },
  { name: "SETTINGS", place: NOT_ON_STREAM },
  { name: "PUSH_PROMISE", place: ON_STREAM },
  { name: "PING", place: NOT_ON_STREAM, length: 8 },
  { name: "GOAWAY", place: NOT_ON_STREAM },
  { name: "WINDOW_UPDATE", place: NOT_ON_STREAM | ON_STREAM, length: 4 },
  { name: "CONTINUATION", place: ON_STREAM },
];

/** `HEADERS` for 1; a type that nobody here knows is `unknown`. */
export function frameName(type: number): string {
  return RULES[type]?.name ?? "unknown";
}

/** Checks what every frame of a type must fulfil. Throws `Http2Error` for the connection. */
export function checkFrameHeader(
  type: number,
  length: number,
  streamId: number,
): void {
  const rule = RULES[type];
  // RFC 9113 §4.1: what is not known is let pass.
  if (rule === undefined) return;
  const place = streamId === 0 ? NOT_ON_STREAM : ON_STREAM;
  if ((rule.place & place) === 0) {
    throw protocolError(
      type,
      streamId === 0 ? "a stream" : "the connection, stream 0",
    );
  }
  if (rule.length !== undefined && rule.length !== length) {
    throw sizeError(type, `${rule.length} octets`);
  }
  // Nobody here lets the peer push (RFC 9113 §6.6, §8.4).
  if (type === FrameType.PUSH_PROMISE) throw protocolError(type, "none");
}

/** An `Http2Error` of type PROTOCOL_ERROR, for the connection or for a stream. */
export function protocolError(
  type: number,
  expected: string,
  streamId = 0,
): Http2Error {
  return new Http2Error("HTTP2_PROTOCOL", text(type, expected), streamId);
}

/** An `Http2Error` of type FRAME_SIZE_ERROR. */
export function sizeError(
  type: number,
  expected: string,
  streamId = 0,
): Http2Error {
  return new Http2Error("HTTP2_FRAME_SIZE", text(type, expected), streamId);
}

/** An `Http2Error` of type ENHANCE_YOUR_CALM. */
export function floodError(type: number, expected: string): Http2Error {
  return new Http2Error("HTTP2_FLOOD", text(type, expected));
}

function text(type: number, expected: string): string {
  return `Cannot take a frame of type ${frameName(type)}: expected ${expected}`;
}
