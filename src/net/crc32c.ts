/** The polynomial 0x1EDC6F41, its bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, octet) => {
  let value = octet;
  for (let bit = 0; bit < 8; bit++) {
    value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0);
  }
  return value;
});

/** The CRC32c checksum of the octets (RFC 9260 appendix A), 0 to 2^32 - 1. */
export function crc32c(octets: Uint8Array): number {
  let value = 0xffffffff;
  for (const octet of octets) {
    value = (value >>> 8) ^ TABLE[(value ^ octet) & 0xff]!;
  }
  return (value ^ 0xffffffff) >>> 0;
}
