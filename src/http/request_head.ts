import { SidecarError } from "../errors.ts";
import { authorityOf, isAuthority } from "./authority.ts";
import { applyConnectionOptions, NO_OPTIONS } from "./connection_options.ts";
import { FieldKind } from "./field_name.ts";
import { FieldSection, MAX_SECTION_OCTETS } from "./field_section.ts";
import { type Framing, NO_BODY, requestFraming } from "./framing.ts";
import type { Arrived } from "./input.ts";
import { methodOf } from "./method.ts";
import {
  ascii,
  CR,
  hasAt,
  latin1,
  LF,
  NO_OCTETS,
  SP,
  TARGET,
  TOKEN_LOWER,
} from "./octets.ts";
import { NO_UPGRADES, upgradesOf } from "./upgrade.ts";

/** No registered method is half as long; what is longer is no method. */
const MAX_METHOD_OCTETS = 64;

const HTTP_1_1 = ascii("HTTP/1.1");
const VERSION_OCTETS = HTTP_1_1.length;

/**
 * The head of a request, as offsets into the octets it came in (RFC 9112 §2.1).
 *
 * One object serves all requests of a connection. After `parse` returned true
 * it is valid until `reset`, where the source leaves octets as they are that it
 * gave once, as a client's connection does; else until more input is asked for.
 */
export class RequestHead {
  readonly fields = new FieldSection({
    invalid: "FIELD_INVALID",
    tooLarge: "FIELDS_TOO_LARGE",
  });
  #bytes = NO_OCTETS;
  #base = 0;
  /** Where to go on, relative to the first octet of the head. */
  #resume = 0;
  #inFields = false;
  #sawEmptyLine = false;

  /** Relative to the first octet of the head, as are all below. */
  #targetEnd = 0;
  #pathStart = 0;
  #authorityStart = 0;
  #authorityEnd = 0;

  method = "";
  /** The major version: 1, or 2 where HTTP/2 brought the request (then `minor` is 1). */
  major = 1;
  /** The minor version: 0 or 1. */
  minor = 1;
  framing: Framing = NO_BODY;
  /** Whether the client allows another request after this one (RFC 9112 §9.3). */
  persistent = true;
  /** The fields that `Connection` names. */
  hopByHop = NO_OPTIONS.named;
  /** Whether the client waits for a 100 (RFC 9110 §10.1.1). */
  expectsContinue = false;
  /** Whether the client takes trailers (`TE: trailers`, RFC 9110 §10.1.4). */
  takesTrailers = false;
  /**
   * The protocols that the client would rather speak, its favourite first (RFC
   * 9110 §7.8); over HTTP/2 the one of an extended CONNECT (RFC 8441 §4).
   */
  upgrades = NO_UPGRADES;

  /** The octets that all positions refer to. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /**
   * Where the target to forward is: path and query as they came (RFC 9112
   * §3.2.1). Empty where an absolute-form target had no path.
   */
  get pathStart(): number {
    return this.#base + this.#pathStart;
  }

  get pathEnd(): number {
    return this.#base + this.#targetEnd;
  }

  /** Where the authority that the client asked for is; empty where HTTP/1.0 gave none. */
  get authorityStart(): number {
    return this.#base + this.#authorityStart;
  }

  get authorityEnd(): number {
    return this.#base + this.#authorityEnd;
  }

  /** The path without its query, for the log. */
  path(): string {
    let end = this.pathEnd;
    const query = this.#bytes.indexOf(0x3f, this.pathStart);
    if (query >= 0 && query < end) end = query;
    return latin1(this.#bytes, this.pathStart, end);
  }

  /** Makes ready for the next request of the connection; while it waits, no octets are held. */
  reset(): void {
    this.fields.reset();
    this.#bytes = NO_OCTETS;
    this.#resume = 0;
    this.#inFields = false;
    this.#sawEmptyLine = false;
  }

  /**
   * Parses as much as has arrived. True when the head is whole, and consumed
   * from `input`; false when more must come. An unfinished line is judged anew
   * each time (the limit on a head bounds that), so the verdict does not depend
   * on how the octets arrived.
   *
   * Throws `SidecarError` with a `RequestCode`; nothing after that can be
   * trusted, so the connection must be closed.
   */
  parse(input: Arrived): boolean {
    const bytes = this.#bytes = input.bytes;
    const base = this.#base = input.start;
    const limit = base + MAX_SECTION_OCTETS;
    const end = Math.min(input.end, limit);
    this.fields.rebase(bytes, base);
    if (!this.#inFields && !this.#parseRequestLine(base + this.#resume, end)) {
      return this.#incomplete(end === limit);
    }
    const position = this.fields.parse(base + this.#resume, end);
    if (position < 0) {
      this.#resume = ~position - base;
      return this.#incomplete(end === limit);
    }
    input.start = position;
    this.#conclude();
    return true;
  }

  #incomplete(full: boolean): false {
    if (!full) return false;
    const what = this.#inFields ? "request's head" : "request line";
    throw new SidecarError(
      this.#inFields ? "FIELDS_TOO_LARGE" : "TARGET_TOO_LONG",
      `Cannot take the ${what}: expected at most ${MAX_SECTION_OCTETS} octets`,
    );
  }

  /** `method SP request-target SP HTTP-version CRLF` (RFC 9112 §3). */
  #parseRequestLine(start: number, end: number): boolean {
    const bytes = this.#bytes;
    let i = start;
    if (i < end && bytes[i] === CR && !this.#sawEmptyLine) {
      // One empty line before a request line is ignored (RFC 9112 §2.2).
      if (i + 1 >= end) return false;
      if (bytes[i + 1] !== LF) throw invalidRequestLine();
      this.#sawEmptyLine = true;
      i += 2;
      this.#resume = i - this.#base;
    }
    const methodStart = i;
    while (i < end && TOKEN_LOWER[bytes[i]!] !== 0) i++;
    if (i - methodStart > MAX_METHOD_OCTETS) throw invalidRequestLine();
    if (i >= end) return false;
    if (i === methodStart || bytes[i] !== SP) throw invalidRequestLine();
    this.method = methodOf(bytes, methodStart, i);
    const targetStart = ++i;
    while (i < end && TARGET[bytes[i]!] === 1) i++;
    if (i >= end) return false;
    if (i === targetStart || bytes[i] !== SP) {
      throw new SidecarError(
        "TARGET_INVALID",
        "Cannot parse the request target: expected visible ASCII without a fragment",
      );
    }
    const targetEnd = i++;
    const versionEnd = i + VERSION_OCTETS;
    if (versionEnd + 2 > end) {
      // Too few octets for a line end in its place: judge what there is.
      for (let k = i; k < end && k < versionEnd; k++) {
        if (bytes[k] === LF || bytes[k] === CR) throw invalidRequestLine();
      }
      return false;
    }
    this.#parseVersion(i);
    if (bytes[versionEnd] !== CR || bytes[versionEnd + 1] !== LF) {
      throw invalidRequestLine();
    }
    this.#targetEnd = targetEnd - this.#base;
    this.#parseTarget(targetStart, targetEnd);
    this.#resume = versionEnd + 2 - this.#base;
    this.#inFields = true;
    return true;
  }

  #parseVersion(start: number): void {
    if (hasAt(this.#bytes, start, HTTP_1_1)) {
      this.minor = 1;
      return;
    }
    const version = latin1(this.#bytes, start, start + VERSION_OCTETS);
    if (version === "HTTP/1.0") this.minor = 0;
    else if (/^HTTP\/\d\.\d$/.test(version)) {
      throw new SidecarError(
        "VERSION_NOT_SUPPORTED",
        `Cannot speak ${version}: expected HTTP/1.1 or HTTP/1.0`,
      );
    } else throw invalidRequestLine();
  }

  /** Origin-form, absolute-form, or `*` for OPTIONS (RFC 9112 §3.2). */
  #parseTarget(start: number, end: number): void {
    const bytes = this.#bytes;
    this.#pathStart = start - this.#base;
    this.#authorityStart = this.#authorityEnd = 0;
    if (bytes[start] === 0x2f) return;
    if (
      bytes[start] === 0x2a && end === start + 1 && this.method === "OPTIONS"
    ) return;
    const authority = authorityOf(latin1(bytes, start, end));
    if (authority === undefined) {
      throw new SidecarError(
        "TARGET_INVALID",
        "Cannot parse the request target: expected a path or an http(s) URI",
      );
    }
    this.#authorityStart = start + authority.start - this.#base;
    this.#authorityEnd = start + authority.end - this.#base;
    this.#pathStart = this.#authorityEnd;
  }

  /** What the fields say of the message as a whole. */
  #conclude(): void {
    const fields = this.fields;
    let hostLine = -1;
    this.expectsContinue = false;
    this.takesTrailers = false;
    let hasConnection = false;
    for (let line = 0; line < fields.count; line++) {
      switch (fields.kind(line)) {
        case FieldKind.HOST:
          if (hostLine >= 0) throw invalidHost("one Host field");
          hostLine = line;
          break;
        case FieldKind.CONNECTION:
          hasConnection = true;
          break;
        case FieldKind.EXPECT:
          this.expectsContinue = this.minor === 1 &&
            fields.value(line).toLowerCase() === "100-continue";
          break;
        case FieldKind.TE:
          this.takesTrailers ||= /(^|,)[ \t]*trailers[ \t]*(,|$)/i.test(
            fields.value(line),
          );
          break;
      }
    }
    const options = hasConnection
      ? applyConnectionOptions(fields, "CONNECTION_FIELD_INVALID")
      : NO_OPTIONS;
    this.hopByHop = options.named;
    this.persistent = !options.close && (this.minor === 1 || options.keepAlive);
    this.#checkAuthority(hostLine);
    this.framing = requestFraming(fields, this.minor);
    // RFC 9110 §7.8: an Upgrade that Connection doesn't name is not this hop's,
    // and HTTP/1.0 has none. With content it may be ignored, and is: then nobody
    // can take content for what the other protocol brings.
    this.upgrades = options.named.has("upgrade") && this.minor === 1 &&
        this.framing.kind === "none"
      ? upgradesOf(fields)
      : NO_UPGRADES;
  }

  /** RFC 9112 §3.2: one valid Host, though an absolute-form target's authority replaces it. */
  #checkAuthority(hostLine: number): void {
    if (hostLine < 0) {
      if (this.minor === 1) throw invalidHost("a Host field");
    } else {
      const start = this.fields.valueStart(hostLine);
      const end = this.fields.valueEnd(hostLine);
      this.#checkHost(start, end);
      if (this.#authorityEnd === 0) {
        this.#authorityStart = start - this.#base;
        this.#authorityEnd = end - this.#base;
        return;
      }
    }
    if (this.#authorityEnd !== 0) {
      this.#checkHost(this.authorityStart, this.authorityEnd);
    }
  }

  #checkHost(start: number, end: number): void {
    if (!isAuthority(this.#bytes, start, end)) {
      throw invalidHost("a host and perhaps a port");
    }
  }
}

function invalidHost(expected: string): SidecarError {
  return new SidecarError(
    "HOST_INVALID",
    `Cannot tell the request's host: expected ${expected}`,
  );
}

function invalidRequestLine(): SidecarError {
  return new SidecarError(
    "REQUEST_LINE_INVALID",
    'Cannot parse the request line: expected "method target HTTP/1.1" ended by CRLF',
  );
}
