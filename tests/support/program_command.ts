import { permissionFlags, v8Flags } from "../../tasks/program_flags.ts";

const MAIN = new URL("../../main.ts", import.meta.url).href;

/**
 * The variable that names a compiled program for the black-box tests to run.
 * `tests/binary/compiled_test.ts` sets it.
 */
export const EXECUTABLE = "MTLS_SIDECAR_EXECUTABLE";

/** What to start, and what it needs of this process's environment to start. */
export interface ProgramCommand {
  readonly path: string;
  readonly args: string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * How to run the program as it is shipped: the executable, where there is one,
 * and otherwise its source with the very permissions and flags that are baked
 * into an executable.
 */
export function programCommand(args: readonly string[] = []): ProgramCommand {
  const executable = Deno.env.get(EXECUTABLE);
  if (executable) return { path: executable, args: [...args], env: {} };
  // Where Deno keeps what it has compiled and fetched.
  const caches = ["HOME", "DENO_DIR"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    path: Deno.execPath(),
    args: [
      ...["run", "--quiet", "--cached-only"],
      ...[v8Flags(), ...permissionFlags(), MAIN, ...args],
    ],
    env: Object.fromEntries(caches),
  };
}
