import { SidecarError } from "../errors.ts";
import { crc32c } from "./crc32c.ts";
import { canonicalIpv6 } from "./ip_address.ts";
import type { ProxyHeader } from "./proxy_protocol.ts";

/** The octets that a header of version 2 begins with (§2.2). */
export const SIGNATURE: Uint8Array = Uint8Array.of(
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
);

/**
 * The longest header that is taken. The specification means it to fit in a
 * segment of 536 octets; what load balancers add about their own TLS may be more.
 */
export const MAX_V2_OCTETS = 2048;

/** Signature, version and command, family and protocol, length. */
const FIXED_OCTETS = 16;

const LOCAL = 0x20;
const PROXY = 0x21;

/** By family and protocol, the octet lengths of one address and of the address block. */
const BLOCKS = new Map([
  // UNSPEC: there may be octets, and nobody says what they mean.
  [0x00, { address: 0, block: 0 }],
  // TCP over IPv4 and over IPv6.
  [0x11, { address: 4, block: 12 }],
  [0x21, { address: 16, block: 36 }],
  // A stream over AF_UNIX: such a client has no address to tell.
  [0x31, { address: 0, block: 216 }],
]);

const TYPE_CRC32C = 0x03;

/**
 * Parses a header of version 2 (§2.2). `LOCAL`, an unspecified family and AF_UNIX
 * are the peer's own connection. Datagrams are refused: none can come here over TCP.
 * A checksum is verified where there is one (§2.2.3).
 *
 * Throws `SidecarError` with `PROXY_HEADER_INVALID`.
 */
export function parseProxyV2(octets: Uint8Array): ProxyHeader | undefined {
  const command = octets[12];
  if (command === undefined) return undefined;
  if (command !== LOCAL && command !== PROXY) {
    throw invalid("version 2, and the command LOCAL or PROXY");
  }
  if (octets.length < FIXED_OCTETS) return undefined;
  const length = FIXED_OCTETS + (octets[14]! << 8 | octets[15]!);
  if (length > MAX_V2_OCTETS) {
    throw invalid(`at most ${MAX_V2_OCTETS} octets, found ${length}`);
  }
  if (octets.length < length) return undefined;
  // Its block is to be discarded, family and all, so there is nothing to check.
  if (command === LOCAL) return { address: undefined, length };

  const family = octets[13]!;
  const sizes = BLOCKS.get(family);
  if (sizes === undefined) throw invalid("a stream over TCP or AF_UNIX");
  const tlvs = FIXED_OCTETS + sizes.block;
  if (length < tlvs) throw invalid(`an address block of ${sizes.block} octets`);
  if (family === 0x00) return { address: undefined, length };
  checkTlvs(octets.subarray(0, length), tlvs);
  const source = octets.subarray(FIXED_OCTETS, FIXED_OCTETS + sizes.address);
  return { address: addressText(source), length };
}

/** Walks the TLVs from `start` to the end of the header, and verifies a checksum among them. */
function checkTlvs(header: Uint8Array, start: number): void {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  let checksumAt: number | undefined;
  for (let at = start; at < header.length;) {
    const valueAt = at + 3;
    const next = valueAt <= header.length
      ? valueAt + view.getUint16(at + 1)
      : Infinity;
    if (next > header.length) throw invalid("whole TLVs to its end");
    if (header[at] === TYPE_CRC32C) {
      if (next - valueAt !== 4 || checksumAt !== undefined) {
        throw invalid("one CRC32C TLV of 4 octets");
      }
      checksumAt = valueAt;
    }
    at = next;
  }
  if (checksumAt === undefined) return;
  const copy = header.slice();
  copy.fill(0, checksumAt, checksumAt + 4);
  if (crc32c(copy) !== view.getUint32(checksumAt)) {
    throw invalid("the checksum of its octets");
  }
}

function addressText(octets: Uint8Array): string | undefined {
  if (octets.length === 4) return octets.join(".");
  if (octets.length !== 16) return undefined;
  return canonicalIpv6(octets.toHex().match(/.{4}/g)!.join(":"));
}

function invalid(expected: string): SidecarError {
  return new SidecarError(
    "PROXY_HEADER_INVALID",
    `Cannot parse the PROXY protocol header, version 2: expected ${expected}`,
  );
}
