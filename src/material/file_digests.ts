import { createHash } from "node:crypto";

/** What was read from one path. */
export interface MaterialFile {
  readonly path: string;
  readonly octets: Uint8Array;
}

/** SHA-256 of each file's octets in lower-case hex, by path. */
export type FileDigests = Readonly<Record<string, string>>;

/** The digests of `files`. */
export function fileDigests(files: readonly MaterialFile[]): FileDigests {
  return Object.freeze(Object.fromEntries(
    files.map((
      { path, octets },
    ) => [path, createHash("sha256").update(octets).digest("hex")]),
  ));
}

/**
 * The paths whose content differs, and those that stand on one side alone, for
 * the log. Empty where nothing changed on disk.
 */
export function changedFiles(
  before: FileDigests,
  after: FileDigests,
): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].filter((path) => before[path] !== after[path]);
}
