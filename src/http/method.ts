import { SidecarError } from "../errors.ts";
import { latin1 } from "./octets.ts";

/**
 * The method `bytes[start..end)` of a request, whose octets have been checked to
 * be a token. Positional, because it runs with every request.
 *
 * Throws `SidecarError` with `METHOD_NOT_ALLOWED` for CONNECT, which is no
 * request to the application, and for TRACE, whose answer would hand a client
 * the fields that say who it is (RFC 9110 §9.3.6, §9.3.8).
 */
export function methodOf(
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  // The one that comes all the time, without making a string.
  if (
    end - start === 3 && bytes[start] === 0x47 && bytes[start + 1] === 0x45 &&
    bytes[start + 2] === 0x54
  ) return "GET";
  const method = latin1(bytes, start, end);
  // Methods are case-sensitive (RFC 9110 §9.1), applications not always.
  if (/^(connect|trace)$/i.test(method)) {
    throw new SidecarError(
      "METHOD_NOT_ALLOWED",
      `Cannot serve method ${method}: expected one that this proxy forwards`,
    );
  }
  return method;
}
