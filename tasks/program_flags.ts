import denoJson from "../deno.json" with { type: "json" };
import { type Setting, SETTINGS } from "../src/config/settings.ts";

/**
 * What the environment tells beside the settings. `NO_COLOR` is no setting of
 * ours but everyone's.
 */
const OTHER_VARIABLES = ["NO_COLOR"];

/**
 * The folders that the executable may write in. An application's Unix socket
 * lies in the first: the runtime counts a connection to a socket as a write to
 * it. The second holds the throw-away certificates of `demo`.
 */
export const WRITABLE = ["/run/mtls-sidecar", "/tmp/mtls-sidecar-demo"];

/**
 * The permissions of the executable, as flags of `deno compile` and `deno run`.
 * Which addresses and which directories are for the settings to say, which
 * nobody knows yet when it is compiled; variables are known by name, and
 * programs to run, libraries to load or facts of the machine to read are none.
 */
export function permissionFlags(): string[] {
  const settings: Setting<unknown>[] = Object.values(SETTINGS);
  const variables = settings.map(({ variable }) => variable);
  return [
    "--allow-net",
    "--allow-read",
    `--allow-write=${WRITABLE.join(",")}`,
    `--allow-env=${[...variables, ...OTHER_VARIABLES].join(",")}`,
    "--no-prompt",
  ];
}

/**
 * The flags of V8 as one argument, taken from the task `start`, so that what is
 * measured there and what is shipped are one. A compiled program reads them from
 * nowhere else.
 *
 * @throws {Error} If the task has none.
 */
export function v8Flags(): string {
  const argument = /--v8-flags=\S+/.exec(denoJson.tasks.start)?.[0];
  if (argument === undefined) {
    throw new Error("Cannot find --v8-flags in the task start of deno.json");
  }
  return argument;
}
