import { SidecarError } from "../errors.ts";
import { applyConnectionOptions, NO_OPTIONS } from "./connection_options.ts";
import { FieldKind } from "./field_name.ts";
import { FieldSection, MAX_SECTION_OCTETS } from "./field_section.ts";
import { type Framing, NO_BODY, responseFraming } from "./framing.ts";
import type { Arrived } from "./input.ts";
import { ascii, CR, FIELD_VALUE, hasAt, LF, NO_OCTETS, SP } from "./octets.ts";
import { upgradesOf } from "./upgrade.ts";

/** `HTTP/1.1 200`: what every status line begins with. */
const STATUS_OCTETS = 12;
const HTTP_1_1 = ascii("HTTP/1.1 ");
const HTTP_1_0 = ascii("HTTP/1.0 ");

/**
 * The head of an application's response, as offsets into the octets it came in
 * (RFC 9112 §4).
 *
 * One object serves all responses of a connection. After `parse` returned true
 * it is valid until more input is asked for.
 */
export class ResponseHead {
  readonly fields = new FieldSection({
    invalid: "UPSTREAM_RESPONSE_INVALID",
    tooLarge: "UPSTREAM_RESPONSE_INVALID",
  });
  #base = 0;
  #bytes = NO_OCTETS;
  #resume = 0;
  #inFields = false;
  #reasonEnd = 0;

  status = 0;
  /** The minor version: 0 or 1. */
  minor = 1;
  framing: Framing = NO_BODY;
  /** The fields that `Connection` names. */
  hopByHop = NO_OPTIONS.named;
  /** Whether the application allows another request on the connection (RFC 9112 §9.3). */
  persistent = true;

  /**
   * The protocol that the request asked to change to, for its sender to set; a
   * 101 is only taken for that one.
   */
  upgrade: string | undefined;

  /** Whether the connection speaks another protocol after this head (RFC 9110 §15.2.2). */
  get switching(): boolean {
    return this.status === 101;
  }

  /** Whether this is an interim response, after which another one follows. */
  get interim(): boolean {
    return this.status < 200 && this.status !== 101;
  }

  /** The octets that all positions refer to. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Where ` 200 OK`, from the space after the version on, is. */
  get statusStart(): number {
    return this.#base + STATUS_OCTETS - 4;
  }

  get reasonEnd(): number {
    return this.#base + this.#reasonEnd;
  }

  /** Makes ready for the next response of the connection. */
  reset(): void {
    this.fields.reset();
    this.#bytes = NO_OCTETS;
    this.#resume = 0;
    this.#inFields = false;
  }

  /**
   * Parses as much as has arrived of the response to `method`. True when the
   * head is whole, and consumed from `input`; false when more must come.
   *
   * Throws `SidecarError` with `UPSTREAM_RESPONSE_INVALID`.
   */
  parse(input: Arrived, method: string): boolean {
    const bytes = this.#bytes = input.bytes;
    const base = this.#base = input.start;
    const limit = base + MAX_SECTION_OCTETS;
    const end = Math.min(input.end, limit);
    this.fields.rebase(bytes, base);
    if (!this.#inFields && !this.#parseStatusLine(base, end)) {
      return incomplete(end === limit);
    }
    const position = this.fields.parse(base + this.#resume, end);
    if (position < 0) {
      this.#resume = ~position - base;
      return incomplete(end === limit);
    }
    input.start = position;
    this.#conclude(method);
    return true;
  }

  /** `HTTP-version SP status-code [ SP reason-phrase ] CRLF` (RFC 9112 §4). */
  #parseStatusLine(start: number, end: number): boolean {
    const bytes = this.#bytes;
    let i = start + STATUS_OCTETS;
    if (i >= end) return false;
    const minor = hasAt(bytes, start, HTTP_1_1)
      ? 1
      : hasAt(bytes, start, HTTP_1_0)
      ? 0
      : -1;
    const status = statusCode(bytes, i);
    if (minor < 0 || status < 100) throw invalid("an HTTP/1.1 status line");
    if (bytes[i] === SP) {
      while (i < end && FIELD_VALUE[bytes[i]!] === 1) i++;
    }
    if (i + 1 >= end) return false;
    if (bytes[i] !== CR || bytes[i + 1] !== LF) {
      throw invalid("a status line ended by CRLF");
    }
    this.minor = minor;
    this.status = status;
    this.#reasonEnd = i - start;
    this.#resume = i + 2 - start;
    this.#inFields = true;
    return true;
  }

  #conclude(method: string): void {
    const fields = this.fields;
    const options = fields.find(FieldKind.CONNECTION) < 0
      ? NO_OPTIONS
      : applyConnectionOptions(fields, "UPSTREAM_RESPONSE_INVALID");
    this.hopByHop = options.named;
    this.persistent = !options.close && (this.minor === 1 || options.keepAlive);
    if (this.switching) {
      this.#checkSwitch();
      this.persistent = false;
    }
    this.framing = this.status < 200
      ? NO_BODY
      : responseFraming(fields, this.minor, { method, status: this.status });
    if (this.framing.kind === "until-close") this.persistent = false;
  }

  /** RFC 9110 §7.8: a server changes to nothing that was not asked for, and says to what. */
  #checkSwitch(): void {
    const { upgrade } = this;
    if (upgrade === undefined) {
      throw invalid("no change of protocol, for none was asked for");
    }
    const protocols = this.hopByHop.has("upgrade")
      ? upgradesOf(this.fields)
      : [];
    if (
      this.minor === 0 || protocols.length !== 1 ||
      protocols[0]!.toLowerCase() !== upgrade.toLowerCase()
    ) throw invalid(`a change of protocol to ${upgrade}`);
  }
}

/** The number of the three digits before `end`; negative where they are none. */
function statusCode(bytes: Uint8Array, end: number): number {
  let status = 0;
  for (let i = end - 3; i < end; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    status = 10 * status + digit;
  }
  return status;
}

function incomplete(full: boolean): false {
  if (!full) return false;
  throw invalid(`a head of at most ${MAX_SECTION_OCTETS} octets`);
}

function invalid(expected: string): SidecarError {
  return new SidecarError(
    "UPSTREAM_RESPONSE_INVALID",
    `Cannot take the application's response: expected ${expected}`,
  );
}
