import { isIPv4 } from "node:net";
import { SidecarError } from "../errors.ts";
import { canonicalIpv6 } from "./ip_address.ts";
import type { ProxyHeader } from "./proxy_protocol.ts";

/** With CRLF (§2.1: "the worst case"). */
const MAX_OCTETS = 107;

const CR = 0x0d;
const LF = 0x0a;

/** Decimal, without heading zeroes; the bound is looked at apart. */
const PORT = /^(0|[1-9][0-9]{0,4})$/;

/**
 * Parses a header of version 1, one line of text (§2.1). `UNKNOWN` is the peer's
 * own connection, whatever stands after it.
 *
 * Throws `SidecarError` with `PROXY_HEADER_INVALID`.
 */
export function parseProxyV1(octets: Uint8Array): ProxyHeader | undefined {
  const end = lineEnd(octets.subarray(0, MAX_OCTETS));
  if (end === undefined) {
    if (octets.length < MAX_OCTETS) return undefined;
    throw invalid(`CRLF within ${MAX_OCTETS} octets`);
  }
  const length = end + 2;
  // Latin-1, so that no octets can be taken for others.
  const line = String.fromCharCode(...octets.subarray(0, end));
  if (/^PROXY UNKNOWN( |$)/.test(line)) return { address: undefined, length };

  const [, family, source, destination, ...ports] = line.split(" ");
  const read = family === "TCP4"
    ? ipv4
    : family === "TCP6"
    ? canonicalIpv6
    : undefined;
  if (read === undefined) throw invalid("TCP4, TCP6 or UNKNOWN");
  const address = read(source ?? "");
  if (address === undefined || read(destination ?? "") === undefined) {
    throw invalid(`two addresses of ${family}`);
  }
  if (ports.length !== 2 || !ports.every(isPort)) {
    throw invalid("two ports from 0 to 65535, and nothing after them");
  }
  return { address, length };
}

/** Where CRLF is; undefined where it is yet to come. */
function lineEnd(octets: Uint8Array): number | undefined {
  const index = octets.findIndex((octet) => octet === CR || octet === LF);
  if (index < 0 || (octets[index] === CR && index + 1 === octets.length)) {
    return undefined;
  }
  if (octets[index] === CR && octets[index + 1] === LF) return index;
  throw invalid("CR and LF together alone");
}

function ipv4(text: string): string | undefined {
  return isIPv4(text) ? text : undefined;
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65535;
}

function invalid(expected: string): SidecarError {
  return new SidecarError(
    "PROXY_HEADER_INVALID",
    `Cannot parse the PROXY protocol header, version 1: expected ${expected}`,
  );
}
