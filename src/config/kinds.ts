import { isIP, isIPv4 } from "node:net";

/** A value, or what was expected in its place, to follow `expected `. */
export type Parsed<T> = { readonly value: T } | { readonly expected: string };

/** How the text of a setting becomes a value, and how that value is shown. */
export interface Kind<T> {
  /** Stands for the value in the help text: `PORT`. */
  readonly placeholder: string;
  /** Whether the flag may be given without a value, which then means `true`. */
  readonly standsAlone?: true;
  /** Strict: nothing is trimmed and nothing is guessed. Never throws. */
  parse(text: string): Parsed<T>;
  /** The value as the start log shows it. */
  format(value: T): string | number | boolean;
}

/** An integer in decimal digits alone: no sign, space, exponent or leading zero. */
function integer(
  placeholder: string,
  bounds: { min: number; max: number },
): Kind<number> {
  const { min, max } = bounds;
  return {
    placeholder,
    parse(text) {
      const value = /^(0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : NaN;
      return value >= min && value <= max
        ? { value }
        : { expected: `an integer from ${min} to ${max}` };
    },
    format: (value) => value,
  };
}

/** More than this a sidecar has no use for. */
export const MAX_THREADS = 64;

/** A TCP port, 0 to 65535. */
export const port: Kind<number> = integer("PORT", { min: 0, max: 65535 });

/** How many of something, between `min` and `max`, both included. */
export function count(bounds: { min: number; max: number }): Kind<number> {
  return integer("NUMBER", bounds);
}

/** Whole seconds between `min` and `max`, both included. */
export function seconds(bounds: { min: number; max: number }): Kind<number> {
  return integer("SECONDS", bounds);
}

/** How many threads, 1 to 64, or `auto` for one for each processor, which is 0. */
export const threads: Kind<number> = {
  placeholder: "auto|NUMBER",
  parse(text) {
    const parsed = text === "auto"
      ? { value: 0 }
      : count({ min: 1, max: MAX_THREADS }).parse(text);
    return "value" in parsed
      ? parsed
      : { expected: `auto or ${parsed.expected}` };
  },
  format: (value) => value === 0 ? "auto" : value,
};

/** `true`, `false`, `1` or `0`. */
export const boolean: Kind<boolean> = {
  placeholder: "BOOLEAN",
  standsAlone: true,
  parse(text) {
    if (text === "true" || text === "1") return { value: true };
    if (text === "false" || text === "0") return { value: false };
    return { expected: "true, false, 1 or 0" };
  },
  format: (value) => value,
};

/** Whole octets between `min` and `max`, both included. */
export function octets(bounds: { min: number; max: number }): Kind<number> {
  return integer("BYTES", bounds);
}

/** Some of a few words, between commas, each at most once; none of them if empty. */
export function words<const T extends string>(
  known: readonly T[],
): Kind<readonly T[]> {
  return {
    placeholder: "LIST",
    parse(text) {
      const value = text === "" ? [] : text.split(",").map((item) => {
        const trimmed = item.trim();
        return known.find((word) => word === trimmed);
      });
      const found = value.filter((word) => word !== undefined);
      return found.length < value.length || new Set(found).size < found.length
        ? { expected: `any of ${known.join(", ")}, each once, between commas` }
        : { value: Object.freeze(found) };
    },
    format: (value) => value.join(","),
  };
}

/** A name of visible ASCII that stands in logs and in quotes as it is. */
export const name: Kind<string> = {
  placeholder: "NAME",
  parse(text) {
    return /^[A-Za-z0-9._~-]{1,64}$/.test(text)
      ? { value: text }
      : { expected: "1 to 64 letters, digits, -, ., _ or ~" };
  },
  format: (value) => value,
};

/** One of a few words. */
export function choice<const T extends string>(words: readonly T[]): Kind<T> {
  return {
    placeholder: words.join("|"),
    parse(text) {
      const value = words.find((word) => word === text);
      return value === undefined
        ? { expected: `one of ${words.join(", ")}` }
        : { value };
    },
    format: (value) => value,
  };
}

/** A path of the file system. Whether it exists is for its reader to say. */
export const path: Kind<string> = {
  placeholder: "PATH",
  parse(text) {
    // 4095 is what Linux takes (PATH_MAX, less its terminator).
    return text !== "" && text.length <= 4095 && !/\p{Cc}/u.test(text)
      ? { value: text }
      : { expected: "a path without control characters" };
  },
  format: (value) => value,
};

/** A {@linkcode path}, or nothing for what the setting says of that. */
export const optionalPath: Kind<string> = {
  ...path,
  parse: (text) => text === "" ? { value: text } : path.parse(text),
};

/** What a socket can be bound to: an IP address without brackets, or a host name. */
export const listenHost: Kind<string> = {
  placeholder: "HOST",
  parse(text) {
    return isIP(text) !== 0 || isHostName(text)
      ? { value: text }
      : { expected: "an IP address without brackets or a host name" };
  },
  format: (value) => value,
};

/**
 * Whether `text` is an IPv4 address in dotted decimal, or a host name (RFC 1123
 * §2.1, with the `_` that container networks put in names). Shorthand such as
 * `127.1` or `0x7f.1`, which resolvers read as an address, is neither.
 */
export function isHostName(text: string): boolean {
  if (
    text.length > 253 || !/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?$/i.test(text)
  ) return false;
  if (
    text.split(".").some((label) => label.length > 63) || text.includes("..")
  ) return false;
  const isNumeric = /(^|\.)(\d+|0x[0-9a-f]*)\.?$/i.test(text);
  return !isNumeric || isIPv4(text);
}
