import { join } from "node:path";

/** A directory of its own with these files, by name; gone with its disposal. */
export async function temporaryDirectory(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "mtls-sidecar-test-" });
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeTextFile(join(path, name), content);
  }
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
