import type { Kind } from "./kinds.ts";

/** A protocol name, perhaps with a version (RFC 9110 §7.8). */
const PROTOCOL = /^[a-z0-9][a-z0-9._+-]*(\/[a-z0-9._+-]+)?$/;

/**
 * Protocols that would bring requests that we never see, under the name of a
 * client that is told of once, or TLS whose other end is not ours.
 */
const NEVER = /^(h2c?|h3|https?|http2|tls)(\/|$)/;

const MAX_PROTOCOLS = 16;

/** Protocols of `Upgrade`, between commas, in lower case; `none` for none of them. */
export const upgrades: Kind<readonly string[]> = {
  placeholder: "LIST",
  parse(text) {
    if (text === "none") return { value: Object.freeze([]) };
    const protocols = text.toLowerCase().split(",").map((item) => item.trim());
    return protocols.length <= MAX_PROTOCOLS &&
        new Set(protocols).size === protocols.length &&
        protocols.every((item) => PROTOCOL.test(item) && !NEVER.test(item))
      ? { value: Object.freeze(protocols) }
      : {
        expected: "none, or protocols other than HTTP and TLS, each once, " +
          "between commas",
      };
  },
  format: (value) => value.join(",") || "none",
};
