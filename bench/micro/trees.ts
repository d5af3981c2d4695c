import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Case } from "./cases.ts";

/** The tree that this file is in. */
export const HERE = join(import.meta.dirname!, "../..");

/**
 * The cases of a tree, by name. Each tree brings its own, so that one may call
 * what the other does not have. Packages are those of this tree's deno.json.
 */
export async function casesIn(tree: string): Promise<Map<string, Case>> {
  const { href } = pathToFileURL(join(tree, "bench/micro/cases.ts"));
  const { allCases }: typeof import("./cases.ts") = await import(href);
  return new Map((await allCases()).map((each) => [each.name, each]));
}
