/**
 * Checks in an application that a request came through its sidecar and that
 * nothing on the way changed who the client is. It imports nothing but its
 * neighbours in this folder and `node:crypto`: it runs in Deno, Node.js and Bun.
 *
 * ```ts
 * import { readSealKeys, SealVerifier } from "./verify.ts";
 *
 * const verifier = new SealVerifier({ keys: readSealKeys(keyFileText) });
 * const verdict = verifier.verify({
 *   method: request.method,
 *   authority: request.headers.host,
 *   target: request.url,
 *   headers: request.rawHeaders,
 * });
 * if (!verdict.ok) response.writeHead(401).end();
 * ```
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import {
  DERIVED_COMPONENTS,
  identityHeaderTest,
  type Scheme,
} from "./components.ts";
import { matchesContentDigest } from "./content_digest.ts";
import { MIN_KEY_OCTETS, readKeyFile } from "./key_file.ts";
import {
  ReceivedHeaders,
  type ReceivedRequest,
  signatureBase,
} from "./received_request.ts";
import { Senders, workerOf } from "./replay_window.ts";
import {
  readSignature,
  readSignatureInput,
  type SignatureInput,
} from "./signature_fields.ts";

export type { ReceivedRequest };

/** Why a request is refused, in the order in which it is looked at. */
export type SealFault =
  /** It has no seal. */
  | "missing"
  /** It, or its seal, is not as the sidecar writes it; an identity header stands there twice. */
  | "malformed"
  /** Its `keyid` is none of those expected. */
  | "unknown-key"
  /** No key yields its signature: another key, or something covered was changed. */
  | "bad-signature"
  /** It was sealed longer ago than the clocks may differ. */
  | "too-old"
  /** It was sealed later than now, by more than the clocks may differ. */
  | "too-new"
  /** The seal leaves out what it must cover: an identity header above all, or the content. */
  | "uncovered"
  /** Its content is not what was sealed. */
  | "digest"
  /** Its number was seen before. */
  | "replayed"
  /** Its number is so far behind the sender's newest that it may have been seen before. */
  | "behind-window"
  /** There are more senders at a time than are remembered. */
  | "senders";

/** What a verifier says of a request. */
export type SealVerdict =
  | { readonly ok: false; readonly reason: SealFault }
  | {
    readonly ok: true;
    /** The sidecar's id. */
    readonly keyId: string;
    /** The worker of the sidecar that sealed it. */
    readonly worker: number;
    readonly sequence: bigint;
    /** When it was sealed, in seconds since 1970. */
    readonly created: number;
    /** What the seal covers: derived components, and names of headers in lower case. */
    readonly components: readonly string[];
  };

export interface SealVerifierOptions {
  /** Each is tried. Two while a rotation is under way. At least 32 octets each. */
  readonly keys: readonly Uint8Array[];
  /** The ids (`SEAL_ID`) of the sidecars that may come. Default `mtls-sidecar` alone. */
  readonly keyIds?: readonly string[];
  /** How far the sidecar's clock may be from ours, in seconds. Default 30. */
  readonly clockSkewSecs?: number;
  /** Headers that must be covered, even if only to say that there is such a client. */
  readonly required?: readonly string[];
  /** More names of headers that nobody but the sidecar may set; `*` at the end for any rest. */
  readonly identityHeaders?: readonly string[];
  /** How the sidecar reaches us. Default `http`. */
  readonly scheme?: Scheme;
  /** How many senders (a sidecar's workers) are remembered. Default 1,024. */
  readonly maxSenders?: number;
  /** The wall clock, in milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Reads the text of `SEAL_KEY_FILE`. Throws `TypeError` for what is no key file,
 * with a message that does not show its content.
 */
export function readSealKeys(text: string): readonly Uint8Array[] {
  const file = readKeyFile(text);
  if ("problem" in file) {
    throw new TypeError(`Cannot read the seal's keys: ${file.problem}`);
  }
  return file.keys;
}

/**
 * Verifies seals, and remembers which it has seen: one for all requests of a
 * process. Nothing that a sender puts into a request makes it throw.
 */
export class SealVerifier {
  #keys: readonly Uint8Array[];
  readonly #keyIds: ReadonlySet<string>;
  readonly #skew: number;
  readonly #required: readonly string[];
  readonly #isIdentity: (lowerName: string) => boolean;
  readonly #scheme: Scheme;
  readonly #senders: Senders;
  readonly #now: () => number;

  /** Throws `TypeError` without a key, or for one of less than 32 octets. */
  constructor(options: SealVerifierOptions) {
    this.#keys = checkedKeys(options.keys);
    this.#keyIds = new Set(options.keyIds ?? ["mtls-sidecar"]);
    this.#skew = options.clockSkewSecs ?? 30;
    this.#required = [
      ...DERIVED_COMPONENTS,
      ...(options.required ?? []).map((name) => name.toLowerCase()),
    ];
    this.#isIdentity = identityHeaderTest(options.identityHeaders);
    this.#scheme = options.scheme ?? "http";
    this.#senders = new Senders({ maxSenders: options.maxSenders ?? 1024 });
    this.#now = options.now ?? Date.now;
  }

  /** Takes these keys from now on. What was seen stays seen. */
  rotate(keys: readonly Uint8Array[]): void {
    this.#keys = checkedKeys(keys);
  }

  /**
   * Judges a request. The signature comes before all that a sender without a key
   * could learn from, and the number last, so that only a request that is good in
   * all else uses it up.
   */
  verify(request: ReceivedRequest): SealVerdict {
    const headers = new ReceivedHeaders(request.headers);
    const input = readSignatureInput(headers.get("signature-input") ?? "");
    const signature = readSignature(headers.get("signature") ?? "");
    if (input === undefined || signature === undefined) {
      return refused("missing");
    }
    if (input === null || signature === null) return refused("malformed");
    if (!this.#keyIds.has(input.keyId)) return refused("unknown-key");
    const base = signatureBase(request, headers, {
      input,
      scheme: this.#scheme,
    });
    if (typeof base === "string") return refused(base);
    if (!this.#isSigned(base.base, signature)) return refused("bad-signature");

    const oldest = Math.floor(this.#now() / 1000) - this.#skew;
    // So that a clock or skew that is no number takes nothing, rather than all.
    if (!(input.created >= oldest)) return refused("too-old");
    if (!(input.created <= oldest + 2 * this.#skew)) return refused("too-new");
    if (!this.#coversAll(headers, input)) return refused("uncovered");
    if (request.content !== undefined) {
      if (!input.components.includes("content-digest")) {
        return refused("uncovered");
      }
      const digest = headers.get("content-digest") ?? "";
      if (!matchesContentDigest(digest, request.content)) {
        return refused("digest");
      }
    }
    const freshness = this.#senders.take(input, oldest);
    if (freshness !== "fresh") return refused(freshness);
    const { keyId, sequence, created, components } = input;
    return {
      ok: true,
      keyId,
      worker: workerOf(sequence),
      sequence,
      created,
      components,
    };
  }

  /** Every key is tried, and every octet compared, whatever the outcome. */
  #isSigned(base: string, signature: string): boolean {
    const given = Buffer.from(signature, "latin1");
    let signed = false;
    for (const key of this.#keys) {
      // Compared in base64: a MAC has one spelling there, and no other is taken.
      const own = createHmac("sha256", key).update(base, "latin1")
        .digest("base64");
      signed = timingSafeEqual(Buffer.from(own, "latin1"), given) || signed;
    }
    return signed;
  }

  #coversAll(
    headers: ReceivedHeaders,
    { components }: SignatureInput,
  ): boolean {
    const covered = new Set(components);
    for (const name of headers.names()) {
      if (this.#isIdentity(name) && !covered.has(name)) return false;
    }
    return this.#required.every((name) => covered.has(name));
  }
}

function refused(reason: SealFault): SealVerdict {
  return { ok: false, reason };
}

function checkedKeys(keys: readonly Uint8Array[]): readonly Uint8Array[] {
  if (keys.length === 0 || keys.some((key) => key.length < MIN_KEY_OCTETS)) {
    throw new TypeError(
      `Cannot verify seals: expected keys of at least ${MIN_KEY_OCTETS} octets`,
    );
  }
  return [...keys];
}
