import assert from "node:assert/strict";
import { join } from "node:path";
import { SidecarError } from "../../src/errors.ts";
import { FileSource } from "../../src/material/file_source.ts";
import { Store } from "../../src/material/store.ts";
import { soon } from "../support/waiting.ts";
import { kubeletWrite, writeFiles } from "./reload_directories.ts";

/** A store of the lines of one file. A line that leaves shrinks trust; `broken` can't be used. */
class FollowedFile implements AsyncDisposable {
  readonly directory: string;
  readonly path: string;
  readonly store: Store<readonly string[]>;
  readonly #source: FileSource<readonly string[]>;
  readonly #watched = Promise.withResolvers<void>();

  private constructor(directory: string, pollMs: number) {
    this.directory = directory;
    this.path = join(directory, "peers.json");
    const shrinks = (before: readonly string[], after: readonly string[]) =>
      before.some((line) => !after.includes(line));
    this.store = new Store({ shrinks, same: Object.is });
    this.#source = new FileSource({
      name: "lines",
      paths: [this.path],
      pollMs,
      shrinks,
      parse: (contents) => {
        const text = new TextDecoder().decode(contents.get(this.path));
        if (text !== "broken") return text.split("\n");
        throw new SidecarError("PEERS_INVALID", "Cannot parse: broken");
      },
      onMode: () => this.#watched.resolve(),
    });
  }

  /** Follows what `prepare` puts into a new directory. What a test sees is the doing of the watch. */
  static async start(
    prepare: (directory: string) => Promise<void>,
    { pollMs = 3_600_000 }: { pollMs?: number } = {},
  ): Promise<FollowedFile> {
    const directory = await Deno.makeTempDir();
    await prepare(directory);
    const followed = new FollowedFile(directory, pollMs);
    await followed.store.start(followed.#source);
    await soon(followed.#watched.promise, "the watch");
    return followed;
  }

  /** Does something, and gives the file's lines after the swap that comes of it. */
  async swappedBy(act: () => Promise<unknown>): Promise<readonly string[]> {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    const end = this.store.onSwap(({ material }) => resolve(material));
    await act();
    const lines = await soon(promise, "a swap");
    end();
    return lines;
  }

  /** Does something, and gives the rejection that comes of it. */
  async rejectedBy(act: () => Promise<unknown>): Promise<SidecarError> {
    const { promise, resolve } = Promise.withResolvers<SidecarError>();
    const end = this.store.onRejected(resolve);
    await act();
    const error = await soon(promise, "a rejection");
    end();
    return error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.stop();
    await Deno.remove(this.directory, { recursive: true });
  }
}

const one = (text: string) => (directory: string) =>
  writeFiles(directory, { "peers.json": text });

Deno.test("a followed file is read again when it is written in place, or another is renamed to its path", async () => {
  await using file = await FollowedFile.start(one("a"));
  assert.deepEqual(
    await file.swappedBy(() => Deno.writeTextFile(file.path, "a\nb")),
    ["a", "b"],
  );
  const lines = await file.swappedBy(async () => {
    await Deno.writeTextFile(`${file.path}.new`, "c");
    await Deno.rename(`${file.path}.new`, file.path);
  });
  assert.deepEqual(lines, ["c"]);
  assert.equal(file.store.current.generation, 2);
});

Deno.test("a followed file is read again at kubelet's swap of ..data, again and again", async () => {
  const volume = (directory: string, state: string) =>
    kubeletWrite(directory, { state, files: { "peers.json": state } });
  await using file = await FollowedFile.start((path) => volume(path, "1"));
  for (const state of ["2", "3", "4"]) {
    const act = () => volume(file.directory, state);
    assert.deepEqual(await file.swappedBy(act), [state]);
  }
});

Deno.test("a followed file that is broken or gone leaves the old value, until it is whole again", async () => {
  await using file = await FollowedFile.start(one("a"));
  const broken = await file.rejectedBy(() =>
    Deno.writeTextFile(file.path, "broken")
  );
  assert.equal(broken.code, "PEERS_INVALID");
  const gone = await file.rejectedBy(() => Deno.remove(file.path));
  assert.equal(gone.code, "FILE_VANISHED");
  assert.deepEqual(file.store.current.material, ["a"]);
  assert.deepEqual(
    await file.swappedBy(() => Deno.writeTextFile(file.path, "a\nb")),
    ["a", "b"],
  );
});

Deno.test("a followed file whose place a directory, a huge file or a device takes leaves the old value", async () => {
  await using file = await FollowedFile.start(one("a"), { pollMs: 500 });
  const replacedBy = (replace: () => Promise<unknown>) =>
    file.rejectedBy(async () => {
      await Deno.remove(file.path);
      await replace();
    });
  const refused = async (replace: () => Promise<unknown>, reason: string) => {
    let { message } = await replacedBy(replace);
    // What was seen may be the moment in between.
    while (message.startsWith("Cannot find")) {
      ({ message } = await file.rejectedBy(() => Promise.resolve()));
    }
    assert.equal(message, `Cannot read "${file.path}": ${reason}`);
  };
  await refused(() => Deno.mkdir(file.path), "is a directory");
  await refused(
    async () => {
      using huge = await Deno.open(file.path, { create: true, write: true });
      await huge.truncate(4_194_305);
    },
    "expected at most 4194304 octets",
  );
  // A FIFO would do for this too, but not for the process: see systemWatch.
  await refused(
    () => Deno.symlink("/dev/zero", file.path),
    "expected a regular file",
  );
  assert.deepEqual(file.store.current.material, ["a"]);
});
