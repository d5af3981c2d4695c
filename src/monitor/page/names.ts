/**
 * The common name within an RFC 4514 string, for a title beside which the whole
 * string stands; the whole string where there is none.
 */
export function shortName(distinguishedName: string): string {
  // What stands before is read in whole characters, so that an escaped comma
  // within another value begins nothing.
  const found = /^(?:(?:\\.|[^\\])*?[,+])?CN=((?:\\.|[^\\,+])+)/i.exec(
    distinguishedName,
  );
  return found?.[1] ?? distinguishedName;
}
