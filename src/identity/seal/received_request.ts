import {
  authorityComponent,
  pathComponent,
  queryComponent,
  type Scheme,
} from "./components.ts";
import { type SignatureInput, withoutBlanks } from "./signature_fields.ts";

/** What a header or a derived component may consist of; above all, no line feed. */
const COMPONENT_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const ABSOLUTE_FORM = /^https?:\/\/([^/?]*)(.*)$/is;

/** A request as the application received it. */
export interface ReceivedRequest {
  readonly method: string | undefined;
  /** `Host`. May be left out where `target` is a whole URL. */
  readonly authority?: string | undefined;
  /** The target (`request.url` of `node:http`), or the whole URL (that of a `Request`). */
  readonly target: string | undefined;
  /**
   * All headers: `Headers`, pairs, or the `rawHeaders` of `node:http`. Pairs and
   * `rawHeaders` alone show a name that came twice.
   */
  readonly headers: Iterable<readonly [string, string]> | readonly string[];
  /**
   * The whole content: given, it must be what was sealed (`SEAL_BODY`). Left out,
   * the verdict says nothing of it.
   */
  readonly content?: Uint8Array | undefined;
}

/** The headers of a request, by their names in lower case. */
export class ReceivedHeaders {
  readonly #values = new Map<string, string>();
  readonly #repeated = new Set<string>();

  constructor(headers: ReceivedRequest["headers"]) {
    for (const [name, value] of pairs([...headers])) {
      const lower = name.toLowerCase();
      const before = this.#values.get(lower);
      if (before !== undefined) this.#repeated.add(lower);
      const trimmed = withoutBlanks(value);
      this.#values.set(
        lower,
        before === undefined ? trimmed : `${before}, ${trimmed}`,
      );
    }
  }

  /** All values of a field as one (RFC 9421 §2.1). */
  get(lowerName: string): string | undefined {
    return this.#values.get(lowerName);
  }

  names(): Iterable<string> {
    return this.#values.keys();
  }

  isRepeated(lowerName: string): boolean {
    return this.#repeated.has(lowerName);
  }
}

function* pairs(
  headers: readonly (string | readonly [string, string])[],
): Iterable<readonly [string, string]> {
  for (let i = 0; i < headers.length; i++) {
    const entry = headers[i]!;
    if (typeof entry === "string") {
      const value = headers[++i];
      yield [entry, typeof value === "string" ? value : ""];
    } else yield entry;
  }
}

/**
 * The signature base (RFC 9421 §2.5) of what was received. A string says why
 * there is none: `malformed` where a component is none that the sidecar knows or
 * its value could not have stood in a message, or a header that it covers came
 * twice, of which an application might read the other one; `bad-signature` where
 * a header that it covers is gone.
 */
export function signatureBase(
  request: ReceivedRequest,
  headers: ReceivedHeaders,
  { input, scheme }: {
    readonly input: SignatureInput;
    readonly scheme: Scheme;
  },
): { readonly base: string } | "malformed" | "bad-signature" {
  const derived = derivedComponents(request, scheme);
  if (derived === undefined) return "malformed";
  let base = "";
  for (const name of input.components) {
    const isDerived = name.startsWith("@");
    const value = isDerived ? derived.get(name) : headers.get(name);
    if (value === undefined) return isDerived ? "malformed" : "bad-signature";
    if (!COMPONENT_VALUE.test(value) || headers.isRepeated(name)) {
      return "malformed";
    }
    base += `"${name}": ${value}\n`;
  }
  return { base: `${base}"@signature-params": ${input.parameters}` };
}

function derivedComponents(
  { method, authority, target }: ReceivedRequest,
  scheme: Scheme,
): ReadonlyMap<string, string> | undefined {
  if (method === undefined || target === undefined) return undefined;
  const absolute = ABSOLUTE_FORM.exec(target);
  const host = authority ?? absolute?.[1];
  const pathAndQuery = absolute?.[2] ?? target;
  if (host === undefined) return undefined;
  const component = authorityComponent(host, scheme);
  // RFC 9112 §3.2.2: of two hosts the target's counts, which nobody signed.
  if (
    absolute !== null && authorityComponent(absolute[1]!, scheme) !== component
  ) return undefined;
  return new Map([
    ["@method", method],
    ["@authority", component],
    ["@path", pathComponent(pathAndQuery)],
    ["@query", queryComponent(pathAndQuery)],
  ]);
}
