const SHOWN_CHARACTERS = 80;

/**
 * A value in double quotes, fit for one line of a message. Control characters
 * end it and what is too long is cut, both shown as `...`. Credentials and the
 * query of a URL become `***`, and nothing follows the word BEGIN of a PEM
 * block: a key that was pasted where its path belongs must not reach a log.
 */
export function quote(value: string): string {
  const withoutSecrets = value
    .replace(/(-----BEGIN)[^]*$/, "$1\n")
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^]*@/i, "$1***@")
    .replace(/([?#])[^]+$/, "$1***");
  const shown = withoutSecrets.replace(/\p{Cc}[^]*$/u, "").slice(
    0,
    SHOWN_CHARACTERS,
  );
  return shown === withoutSecrets ? `"${shown}"` : `"${shown}..."`;
}
