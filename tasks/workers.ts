import { dirname, join, relative } from "node:path";

const WORKER =
  /\bnew\s+Worker\(\s*new\s+URL\(\s*["']([^"']+)["']\s*,\s*import\.meta\.url/g;

/**
 * The modules that the source starts as workers. `deno compile` follows imports,
 * which a worker is not: each has to be named to it.
 *
 * @param root The directory that the answer's paths are relative to; `src/` in
 * it is searched.
 */
export async function workerModules(root: string): Promise<string[]> {
  const found = new Set<string>();
  for await (const path of sources(join(root, "src"))) {
    for (const module of workersIn(await Deno.readTextFile(path))) {
      found.add(relative(root, join(dirname(path), module)));
    }
  }
  return [...found].sort();
}

/** The modules that this text starts as workers, relative to itself. */
export function workersIn(text: string): string[] {
  return [...text.matchAll(WORKER)].map(([, module = ""]) => module);
}

async function* sources(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts")) yield path;
  }
}
