import { COLON, LEFT_BRACKET, REG_NAME, RIGHT_BRACKET } from "./octets.ts";

/**
 * Whether `bytes[start..end)` is `uri-host [ ":" port ]` (RFC 9110 §7.2), with
 * no empty host (§4.2.1). Host and port are judged by the octets that they may
 * have. Positional, because it runs with every request.
 */
export function isAuthority(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const literal = start < end && bytes[start] === LEFT_BRACKET;
  const hostStart = literal ? start + 1 : start;
  let i = hostStart;
  while (
    i < end && (REG_NAME[bytes[i]!] === 1 || literal && bytes[i] === COLON)
  ) i++;
  if (i === hostStart) return false;
  if (literal && (i >= end || bytes[i++] !== RIGHT_BRACKET)) return false;
  if (i === end) return true;
  if (bytes[i++] !== COLON) return false;
  while (i < end && bytes[i]! >= 0x30 && bytes[i]! <= 0x39) i++;
  return i === end;
}

/** Where the authority of an http(s) URI in absolute-form is (RFC 9112 §3.2.2). */
export function authorityOf(
  target: string,
): { start: number; end: number } | undefined {
  const found = /^(https?:\/\/)([^/?]+)/i.exec(target);
  if (found === null) return undefined;
  const start = found[1]!.length;
  return { start, end: start + found[2]!.length };
}
