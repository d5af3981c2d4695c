import type { OctetWriter } from "../http/octet_writer.ts";
import { Flag, FrameType } from "./frame.ts";

/** Appends the header of a frame (RFC 9113 §4.1). Positional, as all that runs with every message. */
function writeFrameHeader(
  out: OctetWriter,
  type: number,
  flags: number,
  streamId: number,
  length: number,
): void {
  out.addUint32(length << 8 | type);
  out.addOctet(flags);
  out.addUint32(streamId);
}

/**
 * Appends the header of a DATA frame, which `length` octets of content must
 * follow: no more than the peer's SETTINGS_MAX_FRAME_SIZE and the windows allow.
 */
export function writeDataHeader(
  out: OctetWriter,
  streamId: number,
  length: number,
  endStream: boolean,
): void {
  const flags = endStream ? Flag.END_STREAM : 0;
  writeFrameHeader(out, FrameType.DATA, flags, streamId, length);
}

/**
 * Appends an encoded header block as one HEADERS frame and as many CONTINUATION
 * frames as it needs. `maxFrameSize` is the peer's SETTINGS_MAX_FRAME_SIZE.
 */
export function writeHeaders(
  out: OctetWriter,
  streamId: number,
  block: OctetWriter,
  endStream: boolean,
  maxFrameSize: number,
): void {
  const { octets } = block;
  const { length } = octets;
  let type: number = FrameType.HEADERS;
  let flags: number = endStream ? Flag.END_STREAM : 0;
  let start = 0;
  do {
    const end = Math.min(length, start + maxFrameSize);
    if (end === length) flags |= Flag.END_HEADERS;
    writeFrameHeader(out, type, flags, streamId, end - start);
    out.addRange(octets, start, end);
    type = FrameType.CONTINUATION;
    flags = 0;
    start = end;
  } while (start < length);
}

/** Appends a RST_STREAM frame with an error code out of `H2Error`. */
export function writeReset(
  out: OctetWriter,
  streamId: number,
  errorCode: number,
): void {
  writeFrameHeader(out, FrameType.RST_STREAM, 0, streamId, 4);
  out.addUint32(errorCode);
}

/** Appends a SETTINGS frame with settings out of `Setting`, each with its value. */
export function writeSettings(
  out: OctetWriter,
  settings: readonly (readonly [setting: number, value: number])[],
): void {
  writeFrameHeader(out, FrameType.SETTINGS, 0, 0, 6 * settings.length);
  for (const [setting, value] of settings) {
    out.addOctet(setting >>> 8);
    out.addOctet(setting);
    out.addUint32(value);
  }
}

/** Appends the acknowledgement of a SETTINGS frame. */
export function writeSettingsAck(out: OctetWriter): void {
  writeFrameHeader(out, FrameType.SETTINGS, Flag.ACK, 0, 0);
}

/** Appends a PING frame with the 8 octets of `data`. */
export function writePing(out: OctetWriter, data: Uint8Array): void {
  writeFrameHeader(out, FrameType.PING, 0, 0, 8);
  out.addRange(data, 0, 8);
}

/** Appends the answer to a PING frame whose payload begins at `bytes[start]`. */
export function writePingAck(
  out: OctetWriter,
  bytes: Uint8Array,
  start: number,
): void {
  writeFrameHeader(out, FrameType.PING, Flag.ACK, 0, 8);
  out.addRange(bytes, start, start + 8);
}

/**
 * Appends a GOAWAY frame without debug data: it would tell the peer what only
 * our log needs to say. `errorCode` is out of `H2Error`.
 */
export function writeGoaway(
  out: OctetWriter,
  lastStreamId: number,
  errorCode: number,
): void {
  writeFrameHeader(out, FrameType.GOAWAY, 0, 0, 8);
  out.addUint32(lastStreamId);
  out.addUint32(errorCode);
}

/** Appends a WINDOW_UPDATE frame: `streamId` is 0 for the connection, `increment` 1 to 2^31 - 1. */
export function writeWindowUpdate(
  out: OctetWriter,
  streamId: number,
  increment: number,
): void {
  writeFrameHeader(out, FrameType.WINDOW_UPDATE, 0, streamId, 4);
  out.addUint32(increment);
}
