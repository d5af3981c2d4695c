import { join } from "node:path";

/** Files in a directory of their own, for programs that take nothing else. */
export class PemFiles implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Writes `files`, text by name. */
  static async write(
    files: Readonly<Record<string, string>>,
  ): Promise<PemFiles> {
    const directory = await Deno.makeTempDir();
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(directory, name), text);
    }
    return new PemFiles(directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }
}
