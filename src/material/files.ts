import { SidecarError } from "../errors.ts";

/** The largest file of keys or certificates that is read, in octets: some thousands of CAs. */
export const MAX_FILE_OCTETS = 4 * 1024 * 1024;

/** What is asked of the file system, so that tests can put another in its place. */
export interface FileSystem {
  /** Names in a directory, in any order. */
  list(directory: string): Promise<string[]>;
  /** The whole of a regular file of at most `maxOctets`, through symbolic links. */
  read(path: string, maxOctets: number): Promise<Uint8Array>;
}

/** The disk. Fails as `Deno.readDir`, `Deno.stat` and `Deno.readFile` do. */
export const disk: FileSystem = {
  async list(directory) {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(directory)) names.push(name);
    return names;
  },
  async read(path, maxOctets) {
    const { isFile, isDirectory, size } = await Deno.stat(path);
    if (isDirectory) throw new Deno.errors.IsADirectory();
    // Reading a FIFO waits for ever, and a device may never end.
    if (!isFile) throw new Deno.errors.NotSupported();
    if (size > maxOctets) throw tooLarge(maxOctets);
    return await Deno.readFile(path);
  },
};

/** Reads a file of at most {@linkcode MAX_FILE_OCTETS}, unless told otherwise. Throws `FILE_UNREADABLE`. */
export async function readFile(
  fs: FileSystem,
  path: string,
  { maxOctets = MAX_FILE_OCTETS }: { maxOctets?: number } = {},
): Promise<Uint8Array> {
  try {
    const octets = await fs.read(path, maxOctets);
    // The file may have grown since its size was taken.
    if (octets.length > maxOctets) throw tooLarge(maxOctets);
    return octets;
  } catch (cause) {
    throw new SidecarError(
      "FILE_UNREADABLE",
      `Cannot read "${path}": ${unreadableReason(cause)}`,
      { cause },
    );
  }
}

/** Says why a file or directory could not be read, in a few words. */
export function unreadableReason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "not found";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) {
    return "expected to run with --allow-read for it";
  }
  if (error instanceof Deno.errors.IsADirectory) return "is a directory";
  if (error instanceof Deno.errors.NotADirectory) return "is not a directory";
  if (error instanceof Deno.errors.TimedOut) return "no answer within 10 s";
  if (error instanceof RangeError) return error.message;
  if (error instanceof Deno.errors.NotSupported) {
    return "expected a regular file";
  }
  return "input/output error";
}

/** The one RangeError that reading a file ends in. */
function tooLarge(maxOctets: number): RangeError {
  return new RangeError(`expected at most ${maxOctets} octets`);
}
