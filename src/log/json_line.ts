// JSON leaves DEL, the C1 controls and the two Unicode line ends as they are.
// A terminal obeys C1 (U+009B begins an escape sequence), and some collectors
// split lines at U+2028, so that a client could forge lines through a path.
const LEFT_BY_JSON = /[\u007f-\u009f\u2028\u2029]/g;

/**
 * One line of JSON, without the line end. Control characters are escaped, an
 * `Error` becomes its message, a bigint its digits. What JSON can't express at
 * all (a cycle, a getter that throws) leaves a line that says so: a log call
 * must never fail whoever made it.
 */
export function jsonLine(record: object): string {
  let line: string;
  try {
    line = JSON.stringify(record, expressible);
  } catch {
    line = JSON.stringify({ ...identification(record), unloggable: true });
  }
  return line.replace(LEFT_BY_JSON, escape);
}

function expressible(_key: string, value: unknown): unknown {
  if (value instanceof Error) return value.message;
  return typeof value === "bigint" ? value.toString() : value;
}

/** Those of the leading properties that are plain strings. */
function identification(record: object): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ["time", "level", "message"]) {
    const value: unknown = Object.getOwnPropertyDescriptor(record, name)?.value;
    if (typeof value === "string") kept[name] = value;
  }
  return kept;
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
