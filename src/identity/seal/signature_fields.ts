import { KEY_ID, LABEL, TAG } from "./components.ts";

/** Longer fields are refused unread. A seal with every identity header takes 1 KiB. */
const MAX_FIELD_LENGTH = 16 * 1024;

const MAX_SEQUENCE = 2n ** 64n - 1n;

/** The components, and the parameters in the order in which the sidecar writes them. */
const INPUT = new RegExp(
  String.raw`^\(("[^()]*")\);created=(0|[1-9][0-9]{0,11});` +
    'nonce="(0|[1-9][0-9]{0,19})";keyid="([^"]*)";alg="hmac-sha256";' +
    `tag="${TAG}"$`,
);

/** A derived component or a field's name in lower case, without parameters. */
const COMPONENT = /^@?[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** SHA-256's 32 octets in base64. */
const SIGNATURE = /^:([A-Za-z0-9+/]{43}=):$/;

/** What the sidecar's member of `Signature-Input` says. */
export interface SignatureInput {
  /** What is covered, in the order of the signature base. */
  readonly components: readonly string[];
  /** Seconds since 1970. */
  readonly created: number;
  readonly sequence: bigint;
  readonly keyId: string;
  /** The member's value as it came: that of `@signature-params`. */
  readonly parameters: string;
}

/**
 * Reads the sidecar's member of `Signature-Input` (RFC 9421 §4.1). Members of
 * other signers are stepped over. `undefined` where there is none, `null` where
 * it is not to the letter what the sidecar writes, or there are two.
 */
export function readSignatureInput(
  field: string,
): SignatureInput | null | undefined {
  const parameters = memberOf(field);
  if (typeof parameters !== "string") return parameters;
  const found = INPUT.exec(parameters);
  if (found === null) return null;
  const [, list = "", created = "", nonce = "", keyId = ""] = found;
  const components = list.slice(1, -1).split('" "');
  const sequence = BigInt(nonce);
  if (
    sequence > MAX_SEQUENCE || !KEY_ID.test(keyId) ||
    !components.every((name) => COMPONENT.test(name)) ||
    new Set(components).size !== components.length
  ) return null;
  return { components, created: Number(created), sequence, keyId, parameters };
}

/** The MAC in base64 in the sidecar's member of `Signature` (RFC 9421 §4.2), likewise. */
export function readSignature(field: string): string | null | undefined {
  const value = memberOf(field);
  if (typeof value !== "string") return value;
  return SIGNATURE.exec(value)?.[1] ?? null;
}

/** The value of the dictionary's member `seal` (RFC 8941 §3.2). */
function memberOf(field: string): string | null | undefined {
  if (field.length > MAX_FIELD_LENGTH) return null;
  let value: string | undefined;
  let start = 0;
  while (start < field.length) {
    const end = memberEnd(field, start);
    if (end < 0) return null;
    const member = withoutBlanks(field.slice(start, end));
    const key = /^[a-z0-9*_.-]*/.exec(member)![0];
    if (key === LABEL) {
      if (value !== undefined || member[key.length] !== "=") return null;
      value = member.slice(key.length + 1);
    }
    start = end + 1;
  }
  return value;
}

/**
 * Without the blanks around it (RFC 9110 §5.6.3). By a loop: an expression that
 * looks for blanks before an end takes quadratic time where there are many.
 */
export function withoutBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && " \t".includes(text[start]!)) start++;
  while (start < end && " \t".includes(text[end - 1]!)) end--;
  return text.slice(start, end);
}

/** Where the member that begins at `start` ends; -1 where a string in it does not. */
function memberEnd(field: string, start: number): number {
  let quoted = false;
  for (let i = start; i < field.length; i++) {
    const character = field[i];
    if (quoted && character === "\\") i++;
    else if (character === '"') quoted = !quoted;
    else if (character === "," && !quoted) return i;
  }
  return quoted ? -1 : field.length;
}
