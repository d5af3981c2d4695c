import { SidecarError } from "../../errors.ts";
import type { FormatOptions, HeaderFacts, HeaderLine } from "./header_facts.ts";
import { nginxLines } from "./nginx.ts";
import { rfc9440Lines } from "./rfc9440.ts";
import { traefikLines } from "./traefik.ts";
import { nameLines, xClientLines } from "./x_client.ts";
import { type XfccDetail, xfccLines } from "./xfcc.ts";

/** In whose words the application is told who the client is. */
export type HeaderFormat =
  | "x-client"
  | "xfcc"
  | "rfc9440"
  | "traefik"
  | "nginx";

/** Which headers tell the application who the client is. */
export interface HeaderOptions {
  /** `X-Client-CN` and `X-Client-Subject`, which `x-client` has as well. */
  readonly basic: boolean;
  readonly formats: readonly HeaderFormat[];
  /** What `xfcc` has beside `By` and `Hash`. */
  readonly xfccDetails: readonly XfccDetail[];
  /** The most octets that all lines may have together, each with its `: ` and CR LF. */
  readonly maxOctets: number;
}

/** The headers that tell the application who one client is. */
export interface IdentityHeaders {
  /** No name comes twice. */
  readonly lines: readonly HeaderLine[];
  /** Whether certificates were left out because all was too large with them. */
  readonly trimmed: boolean;
}

const FORMATS: Readonly<
  Record<
    HeaderFormat,
    (
      facts: HeaderFacts,
      options: FormatOptions & HeaderOptions,
    ) => readonly HeaderLine[]
  >
> = {
  "x-client": xClientLines,
  "xfcc": (facts, { certificates, xfccDetails: details }) =>
    xfccLines(facts, { certificates, details }),
  "rfc9440": rfc9440Lines,
  "traefik": traefikLines,
  "nginx": nginxLines,
};

/** A field value (RFC 9110 §5.5) of ASCII that no reader trims. */
const FIELD_VALUE = /^(?:[!-~](?:[ -~]*[!-~])?)?$/;

/**
 * The headers that tell the application who the client is, in the formats that
 * it asked for. Meant to be called once a connection.
 *
 * Where they are larger than `maxOctets`, every value that holds a whole
 * certificate is left out; the hashes stay. Where they are still too large, or
 * where a value cannot stand in a field, `LEAF_MALFORMED` is thrown: cut short,
 * a value could be another client's, so the connection must be refused.
 */
export function identityHeaders(
  facts: HeaderFacts,
  options: HeaderOptions,
): IdentityHeaders {
  const lines = linesOf(facts, { ...options, certificates: true });
  if (octetsOf(lines) <= options.maxOctets) return { lines, trimmed: false };
  const fewer = linesOf(facts, { ...options, certificates: false });
  const octets = octetsOf(fewer);
  if (octets <= options.maxOctets) return { lines: fewer, trimmed: true };
  throw new SidecarError(
    "LEAF_MALFORMED",
    `Cannot write identity headers of ${octets} octets: expected at most ${options.maxOctets}`,
  );
}

/** The lines as they stand in a head, each ended by CR LF. */
export function headerLines({ lines }: IdentityHeaders): Uint8Array {
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return new TextEncoder().encode(text);
}

function linesOf(
  facts: HeaderFacts,
  options: FormatOptions & HeaderOptions,
): HeaderLine[] {
  const formats = new Set(options.formats);
  const lines: HeaderLine[] = [];
  if (options.basic || formats.has("x-client")) lines.push(...nameLines(facts));
  for (const format of formats) lines.push(...FORMATS[format](facts, options));
  for (const [name, value] of lines) {
    if (!FIELD_VALUE.test(value)) {
      throw new SidecarError(
        "LEAF_MALFORMED",
        `Cannot write ${name}: expected printable ASCII without spaces at its ends`,
      );
    }
  }
  return lines;
}

function octetsOf(lines: readonly HeaderLine[]): number {
  return lines.reduce(
    (sum, [name, value]) => sum + name.length + value.length + ": \r\n".length,
    0,
  );
}
