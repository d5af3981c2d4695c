import type { Http2Code } from "../errors.ts";
import { DEFAULT_MAX_FRAME_SIZE, MAX_WINDOW } from "./frame.ts";
import { DEFAULT_TABLE_SIZE } from "./dynamic_table.ts";
import { Http2Error } from "./http2_error.ts";

/** Settings (RFC 9113 §6.5.2, RFC 8441 §3, RFC 9218 §2.1). */
export const Setting = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
  ENABLE_CONNECT_PROTOCOL: 0x8,
  NO_RFC7540_PRIORITIES: 0x9,
} as const;

/** The window of a stream that nobody said another of (RFC 9113 §6.9.2). */
export const DEFAULT_WINDOW = 65_535;

const MAX_MAX_FRAME_SIZE = 0xff_ffff;

/** The octets of one setting. */
const SETTING_OCTETS = 6;

/** What the peer said of itself, by default what it is taken for before it said anything. */
export class Settings {
  readonly #of: "client" | "server";
  headerTableSize = DEFAULT_TABLE_SIZE;
  /** The lowest that the last SETTINGS frame said, which the encoder must not skip (RFC 7541 §4.2). */
  lowestTableSize = DEFAULT_TABLE_SIZE;
  /** Whether it takes PUSH_PROMISE; nobody here sends one. */
  enablePush = true;
  /** Streams of ours that it takes at a time. */
  maxConcurrentStreams = Infinity;
  /**
   * The window of a stream when it opens. A change applies to all open streams:
   * add the difference to their windows (RFC 9113 §6.9.2), where a window above
   * `MAX_WINDOW` is a connection error of type FLOW_CONTROL_ERROR.
   */
  initialWindowSize = DEFAULT_WINDOW;
  maxFrameSize = DEFAULT_MAX_FRAME_SIZE;
  /** An advice: the size of a field section that it takes. */
  maxHeaderListSize = Infinity;
  /** Whether a server takes extended CONNECT (RFC 8441). */
  enableConnectProtocol = false;
  /** Whether it leaves aside the priorities that RFC 7540 had (RFC 9218 §2.1). */
  noRfc7540Priorities = false;

  /** Whose settings they are. */
  constructor(of: "client" | "server") {
    this.#of = of;
  }

  /**
   * Takes the payload of a SETTINGS frame, which a `FrameReader` has found to
   * be of whole settings; then acknowledge it. Throws `Http2Error` for the
   * connection where a value is out of bounds. Unknown settings are ignored.
   */
  apply(bytes: Uint8Array, start: number, end: number): void {
    this.lowestTableSize = this.headerTableSize;
    const view = new DataView(bytes.buffer, bytes.byteOffset + start);
    for (let at = 0; at < end - start; at += SETTING_OCTETS) {
      this.#set(view.getUint16(at), view.getUint32(at + 2));
    }
  }

  #set(setting: number, value: number): void {
    switch (setting) {
      case Setting.HEADER_TABLE_SIZE:
        this.headerTableSize = value;
        this.lowestTableSize = Math.min(this.lowestTableSize, value);
        break;
      case Setting.ENABLE_PUSH:
        this.enablePush = flag("ENABLE_PUSH", value);
        if (this.enablePush && this.#of === "server") {
          throw refused("ENABLE_PUSH", value, "0 from a server");
        }
        break;
      case Setting.MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW) {
          const expected = `at most ${MAX_WINDOW}`;
          throw refused(
            "INITIAL_WINDOW_SIZE",
            value,
            expected,
            "HTTP2_FLOW_CONTROL",
          );
        }
        this.initialWindowSize = value;
        break;
      case Setting.MAX_FRAME_SIZE:
        if (value < DEFAULT_MAX_FRAME_SIZE || value > MAX_MAX_FRAME_SIZE) {
          const expected = `${DEFAULT_MAX_FRAME_SIZE} to ${MAX_MAX_FRAME_SIZE}`;
          throw refused("MAX_FRAME_SIZE", value, expected);
        }
        this.maxFrameSize = value;
        break;
      case Setting.MAX_HEADER_LIST_SIZE:
        this.maxHeaderListSize = value;
        break;
      case Setting.ENABLE_CONNECT_PROTOCOL: {
        const enabled = flag("ENABLE_CONNECT_PROTOCOL", value);
        if (this.enableConnectProtocol && !enabled) {
          throw refused("ENABLE_CONNECT_PROTOCOL", value, "1 after 1");
        }
        this.enableConnectProtocol = enabled;
        break;
      }
      case Setting.NO_RFC7540_PRIORITIES:
        this.noRfc7540Priorities = flag("NO_RFC7540_PRIORITIES", value);
        break;
    }
  }
}

function flag(name: string, value: number): boolean {
  if (value > 1) throw refused(name, value, "0 or 1");
  return value === 1;
}

function refused(
  name: string,
  value: number,
  expected: string,
  code: Http2Code = "HTTP2_PROTOCOL",
): Http2Error {
  return new Http2Error(
    code,
    `Cannot take SETTINGS_${name} ${value}: expected ${expected}`,
  );
}
