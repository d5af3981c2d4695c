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
 * Appends the last chunk (RFC 9112 §7.1) with those trailers that may be passed
 * on. `hopByHop` are the names that the message's `Connection` gave.
 */
export function writeLastChunk(
  out: OctetWriter,
  trailers: FieldSection | undefined,
  hopByHop: ReadonlySet<string>,
): void {
  out.addLatin1("0\r\n");
  if (trailers !== undefined) {
    for (let line = 0; line < trailers.count; line++) {
      const name = trailers.name(line);
      if (
        trailers.kind(line) === FieldKind.OTHER && !hopByHop.has(name) &&
        !FORBIDDEN.has(name.replace(/[^a-z0-9]/g, "-"))
      ) {
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
