import { SidecarError } from "../../errors.ts";
import {
  authorityComponent,
  DERIVED_COMPONENTS,
  KEY_ID,
  LABEL,
  pathComponent,
  queryComponent,
  type Scheme,
  TAG,
} from "./components.ts";
import { type HmacPrefix, type HmacSha256, PADDING_ROOM } from "./hmac.ts";
import { Message } from "./message.ts";
import type { SealKeys } from "./seal_keys.ts";
import { SequenceNumbers } from "./sequence.ts";

const FIELD_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const FIELD_VALUE = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/;

/** What most requests need. */
const CAPACITY = 2 * 1024;

const encoder = new TextEncoder();
const METHOD = encoder.encode('"@method": ');
const AUTHORITY = encoder.encode('\n"@authority": ');
const PATH = encoder.encode('\n"@path": ');
const QUERY = encoder.encode('\n"@query": ');
const CONTENT_DIGEST = encoder.encode('\n"content-digest": ');
const PARAMETERS = encoder.encode('\n"@signature-params": ');
const COVERED_END = encoder.encode(");created=");
const CONTENT_COVERED_END = encoder.encode(' "content-digest");created=');
const NONCE = encoder.encode(';nonce="');
const CONTENT_DIGEST_LINE = encoder.encode("Content-Digest: ");
const INPUT_LINE = encoder.encode(`Signature-Input: ${LABEL}=`);
const SIGNATURE_LINE = encoder.encode(`\r\nSignature: ${LABEL}=:`);
const LINES_END = encoder.encode(":\r\n");
const CRLF = encoder.encode("\r\n");

/** What a request is to the application: the octets that it will read. */
export interface SealedRequest {
  readonly method: string;
  /** `Host` as it is forwarded. */
  readonly authority: string;
  /** The target as it stands in the forwarded request line: path and query, or `*`. */
  readonly target: string;
  /** The value of `Content-Digest` (`contentDigest`); absent, content is not sealed. */
  readonly contentDigest?: string | undefined;
}

export interface SealerOptions {
  readonly keys: SealKeys;
  /** `SEAL_ID`, the signature's `keyid`: letters, digits and `-._~`, at most 64. */
  readonly id: string;
  /** From 0 to 255, another one for each worker that runs beside this one. */
  readonly worker: number;
  /** The wall clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** How the application is reached. Default `http`. */
  readonly scheme?: Scheme | undefined;
}

/** What the connections of a sealer share. */
interface Shared {
  key: HmacSha256;
  readonly scheme: Scheme;
  readonly now: () => number;
  readonly numbers: SequenceNumbers;
  /** The parameters behind the nonce. */
  readonly parametersEnd: Uint8Array;
  /** The signature base, and the lines: made in the same place with every request. */
  readonly base: Message;
  readonly lines: Message;
}

/**
 * Seals requests on their way to the application with an HTTP Message Signature
 * (RFC 9421) by `hmac-sha256`. The format is in `docs/seal.md`.
 */
export class Sealer {
  readonly #shared: Shared;

  /** Throws `CONFIG_INVALID` for an `id` that is none, `RangeError` for a `worker`. */
  constructor({ keys, id, worker, now, scheme = "http" }: SealerOptions) {
    if (!KEY_ID.test(id)) {
      throw new SidecarError(
        "CONFIG_INVALID",
        `Cannot parse SEAL_ID "${id}": expected 1 to 64 letters, digits, "-", ".", "_" or "~"`,
      );
    }
    this.#shared = {
      key: keys.signing,
      scheme,
      now,
      numbers: new SequenceNumbers(worker, now()),
      parametersEnd: encoder.encode(
        `";keyid="${id}";alg="hmac-sha256";tag="${TAG}"`,
      ),
      base: new Message(CAPACITY, PADDING_ROOM),
      lines: new Message(CAPACITY),
    };
  }

  /** From the next request on, whatever its connection, the first of these keys signs. */
  rotate(keys: SealKeys): void {
    this.#shared.key = keys.signing;
  }

  /**
   * What seals the requests of one connection. `identity` is the headers about
   * the client exactly as they are written, in their order, each name once.
   *
   * Throws `INTERNAL` for headers that could be read otherwise than they were
   * signed: what is no name, a name that stands there twice, a value that is not
   * ASCII, has a control octet or has spaces around it.
   */
  connection(
    identity: readonly (readonly [name: string, value: string])[],
  ): ConnectionSeal {
    const names = new Set(identity.map(([name]) => name.toLowerCase()));
    if (
      names.size !== identity.length ||
      !identity.every(([name, value]) =>
        FIELD_NAME.test(name) && FIELD_VALUE.test(value)
      )
    ) {
      throw new SidecarError(
        "INTERNAL",
        "Cannot seal the identity headers: expected each once, in visible ASCII",
      );
    }
    return new ConnectionSeal(this.#shared, identity);
  }
}

/** Seals the requests of one connection: made by `Sealer.connection`. */
export class ConnectionSeal {
  readonly #shared: Shared;
  /** The identity headers' lines of the signature base (RFC 9421 §2.5). */
  readonly #identityBase: Uint8Array;
  /** The list of what is covered, but for its end. */
  readonly #covered: Uint8Array;
  #key: HmacSha256 | undefined;
  #prefix: HmacPrefix | undefined;

  constructor(
    shared: Shared,
    identity: readonly (readonly [name: string, value: string])[],
  ) {
    this.#shared = shared;
    let base = "";
    let covered = "(";
    for (const [name, value] of identity) {
      base += `"${name.toLowerCase()}": ${value}\n`;
      covered += `"${name.toLowerCase()}" `;
    }
    this.#identityBase = encoder.encode(base);
    this.#covered = encoder.encode(
      covered + DERIVED_COMPONENTS.map((name) => `"${name}"`).join(" "),
    );
  }

  /**
   * The seal's header lines, each ended by CRLF: `Content-Digest` where there is
   * one, `Signature-Input` and `Signature`. Valid until the next call, for any
   * connection. To be called once for each sending: a request that is sent again
   * needs a new seal, or it is a replay.
   */
  lines(request: SealedRequest): Uint8Array {
    const { base, lines } = this.#shared;
    const { contentDigest } = request;
    const prefix = this.#prefixUnder(this.#shared.key);
    base.clear();
    lines.clear();
    base.add(prefix.rest);
    this.#addComponents(base, request);
    if (contentDigest !== undefined) {
      base.add(CONTENT_DIGEST);
      base.addLatin1(contentDigest);
      lines.add(CONTENT_DIGEST_LINE);
      lines.addLatin1(contentDigest);
      lines.add(CRLF);
    }
    lines.add(INPUT_LINE);
    const parametersStart = lines.length;
    this.#addParameters(lines, contentDigest !== undefined);
    base.add(PARAMETERS);
    base.add(lines.bytes.subarray(parametersStart, lines.length));
    lines.add(SIGNATURE_LINE);
    lines.addLatin1(prefix.finish(base.bytes, base.length));
    lines.add(LINES_END);
    return lines.bytes.subarray(0, lines.length);
  }

  #addComponents(
    base: Message,
    { method, authority, target }: SealedRequest,
  ): void {
    base.add(METHOD);
    base.addLatin1(method);
    base.add(AUTHORITY);
    base.addLatin1(authorityComponent(authority, this.#shared.scheme));
    base.add(PATH);
    base.addLatin1(pathComponent(target));
    base.add(QUERY);
    base.addLatin1(queryComponent(target));
  }

  /** The signature parameters (RFC 9421 §2.3), in the one order that a verifier takes. */
  #addParameters(lines: Message, withContent: boolean): void {
    const { now, numbers, parametersEnd } = this.#shared;
    lines.add(this.#covered);
    lines.add(withContent ? CONTENT_COVERED_END : COVERED_END);
    lines.addLatin1(String(Math.floor(now() / 1000)));
    lines.add(NONCE);
    lines.addLatin1(numbers.next());
    lines.add(parametersEnd);
  }

  /**
   * The identity headers come first in the base, so that they are hashed once a
   * connection: else certificates among them would be hashed with every request.
   */
  #prefixUnder(key: HmacSha256): HmacPrefix {
    if (this.#prefix === undefined || this.#key !== key) {
      this.#prefix = key.begin(this.#identityBase);
      this.#key = key;
    }
    return this.#prefix;
  }
}
