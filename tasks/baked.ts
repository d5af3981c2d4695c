import { Buffer } from "node:buffer";

/** What `deno compile` has baked into an executable, as far as we look at it. */
export interface Baked {
  readonly version: string;
  /** By permission as the runtime names it: null where nothing, [] where everything is allowed. */
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly v8Flags: readonly string[];
}

const BEGIN = '{"argv":';

/**
 * Reads the JSON that `deno compile` appends to the base executable, beside the
 * files. Its form is Deno's own affair, so this stands in a check alone.
 *
 * @throws {Error} If the file has none.
 */
export async function readBaked(path: string): Promise<Baked> {
  const bytes = Buffer.from(await Deno.readFile(path));
  const from = bytes.lastIndexOf(BEGIN);
  if (from < 0) {
    throw new Error(`Cannot find what was compiled in "${path}"`);
  }
  const { app_version, permissions, v8_flags } = JSON.parse(
    firstObject(bytes.subarray(from, from + 1_000_000).toString("utf8")),
  );
  return { version: app_version, permissions, v8Flags: v8_flags };
}

/** The text up to the brace that closes the first one; what follows is another matter. */
function firstObject(text: string): string {
  let depth = 0;
  const tokens = /"(?:[^"\\]|\\.)*"|[{}]/g;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (token === "{") depth++;
    if (token === "}" && --depth === 0) return text.slice(0, index + 1);
  }
  throw new Error("Cannot read what was compiled: expected JSON with an end");
}
