import { join } from "node:path";

const DIRECTORY = join(import.meta.dirname!, "../../schemas");

/** What `schemas/` can judge. */
export type Judged =
  | "compose"
  | "dockerfile"
  | "kubernetes"
  | "sbom"
  | "workflow";

/**
 * What is wrong with `value`, one text each, empty where nothing is. The
 * packages for it are fetched where they are not in Deno's cache yet.
 */
export async function faultsIn(
  kind: Judged,
  value: unknown,
): Promise<string[]> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--allow-all", "--frozen"],
      `--config=${join(DIRECTORY, "deno.json")}`,
      join(DIRECTORY, `${kind}.ts`),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = process.output();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(value)));
  await writer.close();
  const { success, stdout, stderr } = await output;
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}
