import { ROOT } from "./markdown.ts";

/**
 * Every code of the closed union in src/errors.ts. Types are gone when a program
 * runs, so it is read as text.
 */
export async function errorCodes(): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("src/errors.ts", ROOT));
  const types = text.slice(0, text.indexOf("export class"));
  return [...types.matchAll(/^ {2}\| "([A-Z0-9_]+)"/gm)]
    .map(([, code = ""]) => code);
}
