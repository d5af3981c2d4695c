/** The octets that the HTTP/1.1 grammar names (RFC 9110 §5.6.2, RFC 9112). */
export const HTAB = 0x09, LF = 0x0a, CR = 0x0d, SP = 0x20;
export const COLON = 0x3a, SEMICOLON = 0x3b, HYPHEN = 0x2d;
export const LEFT_BRACKET = 0x5b, RIGHT_BRACKET = 0x5d;

export const NO_OCTETS: Uint8Array = new Uint8Array(0);

function table(fill: (octet: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => fill(octet));
}

function isLetterOrDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39 || octet >= 0x41 && octet <= 0x5a ||
    octet >= 0x61 && octet <= 0x7a;
}

function toLower(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}

function isTokenOctet(octet: number): boolean {
  return isLetterOrDigit(octet) ||
    octet > SP && octet < 0x7f &&
      "!#$%&'*+-.^_`|~".includes(String.fromCharCode(octet));
}

/** The octet of a `token` in lower case, 0 for an octet that no token has. */
export const TOKEN_LOWER: Uint8Array = table((octet) =>
  isTokenOctet(octet) ? toLower(octet) : 0
);

/** 1 where a field value may have the octet: HTAB, SP, VCHAR, obs-text (RFC 9110 §5.5). */
export const FIELD_VALUE: Uint8Array = table((octet) =>
  octet === HTAB || octet >= SP && octet !== 0x7f ? 1 : 0
);

/**
 * 1 where a request target may have the octet: visible ASCII less `#`, which
 * begins a fragment, and no target has one (RFC 9112 §3.2).
 */
export const TARGET: Uint8Array = table((octet) =>
  octet > SP && octet < 0x7f && octet !== 0x23 ? 1 : 0
);

/**
 * 1 where a `reg-name` may have the octet (RFC 3986 §3.2.2). Userinfo's `@` is
 * not among them, nor is the comma: in `X-Forwarded-Host` it would make two.
 */
export const REG_NAME: Uint8Array = table((octet) =>
  isLetterOrDigit(octet) ||
    octet > SP && octet < 0x7f &&
      "-._~%!$&'()*+;=".includes(String.fromCharCode(octet))
    ? 1
    : 0
);

/** The value of a hexadecimal digit, 255 for any other octet. */
export const HEX_VALUE: Uint8Array = table((octet) => {
  const digit = "0123456789abcdef".indexOf(
    String.fromCharCode(toLower(octet)),
  );
  return digit < 0 ? 255 : digit;
});

const encoder = new TextEncoder();

/** ASCII text as octets. For constants; not for text from outside. */
export function ascii(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Whether `bytes` has `octets` at `start`. Makes no string: it runs with every message. */
export function hasAt(
  bytes: Uint8Array,
  start: number,
  octets: Uint8Array,
): boolean {
  for (let i = 0; i < octets.length; i++) {
    if (bytes[start + i] !== octets[i]) return false;
  }
  return true;
}

/** The same for `token`, which is in lower case, whatever case it has in `bytes`. */
export function hasTokenAt(
  bytes: Uint8Array,
  start: number,
  token: Uint8Array,
): boolean {
  for (let i = 0; i < token.length; i++) {
    if (TOKEN_LOWER[bytes[start + i]!] !== token[i]) return false;
  }
  return true;
}

/** `bytes[start..end)` as a string, one character an octet (ISO 8859-1). */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}
