import { dirname } from "node:path";
import type { FileSystem } from "../../../src/material/files.ts";

/** A file system of the files given by path; an Error in place of a text is thrown on reading. */
export function memoryFiles(
  files: Readonly<Record<string, string | Error>>,
): FileSystem {
  return {
    list(directory) {
      const names = Object.keys(files)
        .filter((path) => dirname(path) === directory)
        .map((path) => path.slice(directory.length + 1));
      return names.length > 0
        ? Promise.resolve(names)
        : Promise.reject(new Deno.errors.NotFound());
    },
    read(path) {
      const content = files[path];
      return typeof content === "string"
        ? Promise.resolve(new TextEncoder().encode(content))
        : Promise.reject(content ?? new Deno.errors.NotFound());
    },
  };
}
