import { FieldKind } from "./field_name.ts";
import type { FieldSection } from "./field_section.ts";
import type { OctetWriter } from "./octet_writer.ts";

/**
 * Fields that must not come in a trailer section: those for framing, routing,
 * request modifiers, authentication, response control, and how content is to be
 * understood (RFC 9110 §6.5.1). `FieldKind` tells the rest.
 */
const FORBIDDEN = new Set([
  "age",
  "authorization",
  "cache-control",
  "content-encoding",
  "content-location",
  "content-range",
  "content-type",
  "cookie",
  "expires",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "location",
  "max-forwards",
  "pragma",
  "range",
  "retry-after",
  "set-cookie",
  "trailer",
  "vary",
  "via",
  "warning",
  "www-authenticate",
]);

/**
 * Whether a line of a trailer section may be passed on. `hopByHop` are the names
 * that the message's `Connection` gave.
 */
export function isForwardedTrailer(
  trailers: FieldSection,
  line: number,
  hopByHop: ReadonlySet<string>,
): boolean {
  const name = trailers.name(line);
  return trailers.kind(line) === FieldKind.OTHER && !hopByHop.has(name) &&
    !FORBIDDEN.has(name.replace(/[^a-z0-9]/g, "-"));
}

/**
 * Appends the last chunk (RFC 9112 §7.1) with those trailers that may be passed
 * on, as `isForwardedTrailer` says.
 */
export function writeLastChunk(
  out: OctetWriter,
  trailers: FieldSection | undefined,
  hopByHop: ReadonlySet<string>,
): void {
  out.addLatin1("0\r\n");
  if (trailers !== undefined) {
    for (let line = 0; line < trailers.count; line++) {
      if (isForwardedTrailer(trailers, line, hopByHop)) {
        out.addRange(
          trailers.bytes,
          trailers.lineStart(line),
          trailers.valueEnd(line),
        );
        out.addLatin1("\r\n");
      }
    }
  }
  out.addLatin1("\r\n");
}
