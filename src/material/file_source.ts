import { dirname } from "node:path";
import { SidecarError } from "../errors.ts";
import type { FollowMode } from "./directory_watches.ts";
import {
  changedFiles,
  fileDigests,
  type MaterialFile,
} from "./file_digests.ts";
import { type FileSystem, MAX_FILE_OCTETS, readFile } from "./files.ts";
import {
  type Digested,
  FollowedFiles,
  type FollowedFilesOptions,
  type LoadContext,
  type Loaded,
} from "./followed_files.ts";
import type { Source, SourceEvent } from "./source.ts";

/** What a {@linkcode FileSource} follows, and what it makes of it. */
export interface FileSourceOptions<T> extends FollowedFilesOptions {
  /** For logs and errors. */
  readonly name: string;
  /** The files that make up one value. All must be there. */
  readonly paths: readonly string[];
  /** The size of the largest of them, in octets; 4 MiB unless told otherwise. */
  readonly maxOctets?: number;
  /**
   * Judges the files' octets, given by their paths, at `now` in milliseconds
   * since the epoch. Throws a `SidecarError` for what can't be used; anything
   * else is a failure of the source.
   */
  parse(contents: ReadonlyMap<string, Uint8Array>, now: number): T;
  /** Whether trust shrinks from one value to the next. */
  shrinks(before: T, after: T): boolean;
  /**
   * From when on the same files give another value, in milliseconds since the
   * epoch; never, unless told otherwise. They are parsed again then, and what
   * comes of it is told if its own time is another.
   */
  changesAt?(value: T): number;
}

/**
 * A value made of a few files that are named one by one, followed as
 * {@linkcode FollowedFiles} says. The directory of each is watched, not the file
 * itself: renames and kubelet's swap of `..data` don't show otherwise. Where the
 * path is a link into another directory, a change there shows at the next poll.
 *
 * A file that is not there is `FILE_UNREADABLE` at first and `FILE_VANISHED`
 * once there was a value. A value that is told again because somebody asked is
 * the same object, so `Object.is` will do for the `same` of a `Store`.
 */
export class FileSource<T> implements Source<T> {
  readonly name: string;
  readonly #files: FollowedFiles<FileContents, Valued<T>>;

  constructor(options: FileSourceOptions<T>) {
    const { paths, maxOctets = MAX_FILE_OCTETS } = options;
    this.name = options.name;
    this.#files = new FollowedFiles<FileContents, Valued<T>>({
      directories: paths.map((path) => dirname(path)),
      read: (fs, last) =>
        readContents(fs, paths, { maxOctets, wereThere: last !== undefined }),
      build: (read, context) => valued(read, { ...context, options }),
      loses: (last, { value }) => options.shrinks(last.value, value),
      same: (last, { digests, changesAt }) =>
        changesAt === last.changesAt &&
        changedFiles(last.digests, digests).length === 0,
    }, options);
  }

  /** Undefined until it is known. */
  get mode(): FollowMode | undefined {
    return this.#files.mode;
  }

  /** Loads at once, takes what is there as meant, and tells of it even if nothing changed. */
  reload(): void {
    this.#files.reload();
  }

  async *open(signal: AbortSignal): AsyncGenerator<SourceEvent<T>> {
    for await (const event of this.#files.open(signal)) {
      yield event.kind === "value"
        ? { ...event, value: event.value.value }
        : event;
    }
  }
}

interface FileContents extends Digested {
  readonly files: readonly MaterialFile[];
}

interface Valued<T> extends Loaded {
  readonly value: T;
}

async function readContents(
  fs: FileSystem,
  paths: readonly string[],
  { maxOctets, wereThere }: { maxOctets: number; wereThere: boolean },
): Promise<FileContents> {
  const files = await Promise.all(paths.map(async (path) => {
    try {
      return { path, octets: await readFile(fs, path, { maxOctets }) };
    } catch (error) {
      const cause = error instanceof SidecarError ? error.cause : undefined;
      if (!wereThere || !(cause instanceof Deno.errors.NotFound)) throw error;
      throw new SidecarError(
        "FILE_VANISHED",
        `Cannot find "${path}": expected it as before`,
        { cause },
      );
    }
  }));
  return { files, digests: fileDigests(files) };
}

/** What the files are worth; `last` itself where neither they nor the time made it another. */
function valued<T>(
  { files, digests }: FileContents,
  { now, last, options }:
    & LoadContext<Valued<T>>
    & { options: Pick<FileSourceOptions<T>, "parse" | "changesAt"> },
): Valued<T> {
  if (
    last && now < last.changesAt &&
    changedFiles(last.digests, digests).length === 0
  ) return last;
  const contents = new Map(files.map(({ path, octets }) => [path, octets]));
  const value = options.parse(contents, now);
  const changesAt = options.changesAt?.(value) ?? Infinity;
  return { value, digests, changesAt };
}
