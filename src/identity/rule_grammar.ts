import {
  type Covers,
  isMixed,
  isWildcard,
  RulePattern,
} from "./rule_pattern.ts";
import { isSpiffeId } from "./spiffe_id.ts";
import { parseSpkiPin } from "./spki_pin.ts";

/** What of a client a rule looks at. */
export type RuleForm = "cn" | "ou" | "dns" | "uri" | "spiffe-id" | "spki";

/** What a rule compares with: a whole value in its compared form, or a pattern. */
export type Criterion = string | RulePattern;

/** A value, or what was expected in its place, to follow `expected `. */
export type Parsed<T> = { readonly value: T } | { readonly expected: string };

const SEPARATORS: Readonly<Record<RuleForm, string>> = {
  cn: ".",
  ou: ".",
  dns: ".",
  uri: "/",
  "spiffe-id": "/",
  spki: "",
};

const LABEL = /^[A-Za-z0-9_-]{1,63}$/;
const HOST = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const MAX_HOST_CHARACTERS = 253;
// RFC 3986 §3.3 without `%`, `*` and `;`: what a reader might decode, expand or
// cut off is written out in a rule or matches none.
const PATH_SEGMENT = /^(?!\.\.?$)[A-Za-z0-9._~!$&'()+,=:@-]+$/;
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/;
/** Segments of a URI before its path: the scheme, nothing, the authority. */
const AUTHORITY = 2;

/**
 * A value of a certificate as rules of that form compare it: DNS names without
 * their case (RFC 4343), all others as they are.
 */
export function comparable(value: string, form: RuleForm): string {
  return form === "dns" ? value.toLowerCase() : value;
}

/** The segments of a compared value: labels between dots, or parts between slashes. */
export function segmentsOf(value: string, form: RuleForm): readonly string[] {
  return value.split(SEPARATORS[form]);
}

/**
 * Reads one rule. What holds for all forms but `spki`: `*` stands for one segment,
 * `**`, written at most once, for one or more, neither for a part of one. So there
 * is no way to write a `*` that stands for itself. Some segment must be written
 * out. Nothing is normalised but the case of DNS names, and no rule has control
 * characters, so no value that has them matches any.
 *
 * - `cn`, `ou`: any text without control characters. Segments are labels between
 *   dots, as of host names; a wildcard stands for labels of ASCII letters, digits,
 *   `-` and `_` alone.
 * - `dns`: a host name of such labels, in any case.
 * - `uri`: printable ASCII that begins with a scheme, which no wildcard stands
 *   for. Segments lie between slashes, query and fragment part of the last. `*`
 *   in place of the authority stands for a host name, without port and user
 *   information; `**` can't stand there. In the path they stand for what
 *   RFC 3986 §3.3 allows, but for `.`, `..`, `;`, `*` and percent-encoding.
 * - `spiffe-id`: a SPIFFE ID, wildcards in its path only.
 * - `spki`: see {@linkcode parseSpkiPin}.
 */
export function parseCriterion(
  text: string,
  form: RuleForm,
): Parsed<Criterion> {
  if (form === "spki") {
    const value = parseSpkiPin(text);
    return value === undefined
      ? { expected: "be sha256: and a SHA-256 in base64 or hex" }
      : { value };
  }
  const value = comparable(text, form);
  const segments = segmentsOf(value, form);
  const expected = wildcardProblem(segments) ?? problemOf(segments, form);
  if (expected !== undefined) return { expected };
  return segments.some(isWildcard)
    ? { value: new RulePattern(segments, coversOf(segments, form)) }
    : { value };
}

function wildcardProblem(segments: readonly string[]): string | undefined {
  if (segments.some(isMixed)) {
    return "have * and ** as whole labels or path segments only";
  }
  if (segments.filter((segment) => segment === "**").length > 1) {
    return "have ** only once";
  }
  // Almost anyone would match it, and who means that needs no rule.
  if (segments.every(isWildcard)) return "have more than wildcards";
  return undefined;
}

function problemOf(
  segments: readonly string[],
  form: Exclude<RuleForm, "spki">,
): string | undefined {
  const value = segments.join(SEPARATORS[form]);
  switch (form) {
    case "cn":
    case "ou":
      if (/\p{Cc}/u.test(value)) return "have no control characters";
      return segments.some(isWildcard) && segments.includes("")
        ? "have no empty label beside a wildcard"
        : undefined;
    case "dns":
      return value.length <= MAX_HOST_CHARACTERS &&
          segments.every((label) => isWildcard(label) || LABEL.test(label))
        ? undefined
        : "be a host name, in ASCII and without a dot at the end";
    case "uri":
      if (!URI.test(value)) return "be a URI, in ASCII and with its scheme";
      return hasAuthority(segments) && segments[AUTHORITY] === "**"
        ? "have ** after the authority only"
        : undefined;
    case "spiffe-id":
      return isSpiffeId(withSampleSegments(segments).join("/"))
        ? undefined
        : "be a SPIFFE ID, with wildcards in its path only";
  }
}

/** The segments with an ordinary one in place of each wildcard of the path. */
function withSampleSegments(segments: readonly string[]): readonly string[] {
  return segments.map((segment, index) =>
    index > AUTHORITY && isWildcard(segment) ? "x" : segment
  );
}

function coversOf(segments: readonly string[], form: RuleForm): Covers {
  if (SEPARATORS[form] === ".") return (label) => LABEL.test(label);
  // What is written out agrees before this is asked: `//` stands where the rule has it.
  return hasAuthority(segments)
    ? (segment, index) =>
      index === AUTHORITY ? HOST.test(segment) : PATH_SEGMENT.test(segment)
    : (segment) => PATH_SEGMENT.test(segment);
}

/** Whether a URI has an authority: `//` after the scheme (RFC 3986 §3.2). */
function hasAuthority([, afterScheme]: readonly string[]): boolean {
  return afterScheme === "";
}
