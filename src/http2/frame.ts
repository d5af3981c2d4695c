/** Frame types (RFC 9113 §6). */
export const FrameType = {
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
} as const;

/** Frame flags (RFC 9113 §6); a flag means something in the frames alone that define it. */
export const Flag = {
  END_STREAM: 0x01,
  ACK: 0x01,
  END_HEADERS: 0x04,
  PADDED: 0x08,
  PRIORITY: 0x20,
} as const;

/** The octets of a frame before its payload (RFC 9113 §4.1). */
export const FRAME_HEADER_OCTETS = 9;

/** How large a payload both sides take unless they said more (RFC 9113 §6.5.2). */
export const DEFAULT_MAX_FRAME_SIZE = 16 * 1024;

/** The largest number that a flow-control window, or a step of one, may have (RFC 9113 §6.9). */
export const MAX_WINDOW = 0x7fff_ffff;

/** The 32 bits at `bytes[at]` as a number. */
export function uint32(bytes: Uint8Array, at: number): number {
  return uint31(bytes, at) + (bytes[at]! > 0x7f ? MAX_WINDOW + 1 : 0);
}

/** The number at `bytes[at]` without its first bit, which is reserved (RFC 9113 §4.1). */
export function uint31(bytes: Uint8Array, at: number): number {
  return (bytes[at]! & 0x7f) << 24 | bytes[at + 1]! << 16 |
    bytes[at + 2]! << 8 | bytes[at + 3]!;
}
