/** A value as JSON in ASCII, so that nothing in it acts on a terminal. */
export function asciiJson(
  value: unknown,
  { indent = 0 }: { indent?: number } = {},
): string {
  return JSON.stringify(value, undefined, indent).replace(
    /[^\n -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
