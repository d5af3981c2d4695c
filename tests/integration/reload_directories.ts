import { dirname, join } from "node:path";
import {
  DirectorySource,
  type DirectorySourceOptions,
} from "../../src/material/directory_source.ts";
import { type Current, MaterialStore } from "../../src/material/store.ts";
import { createAuthority } from "../support/pki.ts";
import { soon } from "../support/waiting.ts";

export const root = createAuthority({ commonName: "Root" });
export const other = createAuthority({ commonName: "Other" });
export const first = root.issue({ commonName: "first" });
export const second = root.issue({ commonName: "second" });

/** A pair of files as cert-manager names them. */
export const PAIR = {
  "certs/tls.crt": first.certPem,
  "certs/tls.key": first.keyPem,
};
export const NEXT_PAIR = {
  "certs/tls.crt": second.certPem,
  "certs/tls.key": second.keyPem,
};
export const CA = { "ca/ca.crt": root.certPem };

/** Makes files, text by path beneath `directory`, in the order given. */
export async function writeFiles(
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(directory, path)), { recursive: true });
    await Deno.writeTextFile(join(directory, path), text);
  }
}

/** A new state of a volume as kubelet writes it: a directory of its own, then one rename of `..data`. */
export async function kubeletWrite(
  volume: string,
  { state, files }: { state: string; files: Readonly<Record<string, string>> },
): Promise<void> {
  const target = `..2026_01_01_00_00_0${state}.123456789`;
  const before = await Deno.readLink(join(volume, "..data")).catch(() => null);
  await writeFiles(join(volume, target), files);
  await Deno.symlink(target, join(volume, "..data_tmp"));
  await Deno.rename(join(volume, "..data_tmp"), join(volume, "..data"));
  for (const name of Object.keys(files)) {
    if (before === null) {
      await Deno.symlink(join("..data", name), join(volume, name));
    }
  }
  if (before !== null) {
    await Deno.remove(join(volume, before), { recursive: true });
  }
}

/** `certs` and `ca` in a directory of their own, and a store that follows them. */
export class Followed implements AsyncDisposable {
  readonly directory: string;
  readonly modes: string[] = [];
  readonly rejections: string[] = [];
  readonly store = new MaterialStore();
  readonly source: DirectorySource;
  #watched: Promise<void>;

  private constructor(
    directory: string,
    options: Partial<DirectorySourceOptions>,
  ) {
    this.directory = directory;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#watched = promise;
    this.source = new DirectorySource({
      certDir: join(directory, "certs"),
      caDir: join(directory, "ca"),
      caFromCertDir: true,
      // What a test sees is the doing of the watch.
      pollMs: 3_600_000,
      ...options,
      onMode: (mode) => {
        this.modes.push(mode);
        resolve();
      },
    });
    this.store.onRejected(({ code }) => this.rejections.push(code));
  }

  /** Follows what `prepare` puts into a new directory. */
  static async start(
    prepare: (directory: string) => Promise<void>,
    options: Partial<DirectorySourceOptions> = {},
  ): Promise<Followed> {
    const directory = await Deno.makeTempDir();
    const followed = new Followed(directory, options);
    await prepare(directory);
    await followed.store.start(followed.source);
    await soon(followed.#watched, "the watch");
    // Setting up the watch makes for a look at the files, which must be over
    // before a test can say that the watch saw what it does.
    const { certificate } = followed.store.current.material.files;
    await followed.swappedBy(() =>
      Deno.writeTextFile(certificate, "\n", { append: true })
    );
    return followed;
  }

  path(path: string): string {
    return join(this.directory, path);
  }

  write(files: Readonly<Record<string, string>>): Promise<void> {
    return writeFiles(this.directory, files);
  }

  /** Does something, and gives what the store holds after the swap that comes of it. */
  async swappedBy(act: () => Promise<unknown>): Promise<Current> {
    const { promise, resolve } = Promise.withResolvers<Current>();
    const end = this.store.onSwap((current) => resolve(current));
    await act();
    const current = await soon(promise, "a swap");
    end();
    return current;
  }

  /** Does something, and gives the code of the rejection that comes of it. */
  async rejectedBy(act: () => Promise<unknown>): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const end = this.store.onRejected(({ code }) => resolve(code));
    await act();
    const code = await soon(promise, "a rejection");
    end();
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.stop();
    await Deno.remove(this.directory, { recursive: true });
  }
}
