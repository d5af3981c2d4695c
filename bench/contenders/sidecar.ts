import { join } from "node:path";
import type { Contender } from "../contender.ts";
import { OTHER_CORE, PROXY_CORE } from "../cores.ts";
import { freePort, type Workbench } from "../workbench.ts";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");

/** Name of this program among the contenders. */
export const SIDECAR = "mtls-sidecar";

/** Name of this program with so many workers. */
export function withWorkers(count: number): string {
  return `WORKERS=${count}`;
}

/**
 * How much less than the load a program with workers may ask of the cores that
 * it shares with it: so the load is never what its workers wait for.
 */
const NICENESS = 5;

type Environment = Readonly<Record<string, string>>;

/** This program's settings that scenario "settings" compares, each beside all off. */
const VARIANTS: Readonly<
  Record<string, (bench: Workbench) => Promise<Environment>>
> = {
  "access log": () => Promise.resolve({ ACCESS_LOG: "all" }),
  "metrics": () => Promise.resolve({ MONITOR_PORT: `${freePort()}` }),
  "seal": seal,
  "seal with body": async (bench) => ({
    ...await seal(bench),
    SEAL_BODY: "true",
  }),
};

/**
 * This program, started by `command`; without it as `deno task start` does.
 * Then itself with one setting on each, and with 1, 2 and 3 workers, for the
 * scenarios that compare them.
 *
 * @throws {Error} If deno.json has no task `start` that runs main.ts.
 */
export async function sidecars(command?: string): Promise<Contender[]> {
  const words = (command ?? await startTask()).split(" ");
  const variants = Object.entries(VARIANTS).map(([name, settings]) =>
    denoContender(`${SIDECAR}, ${name}`, words, { kind: "setting", settings })
  );
  const workers = [1, 2, 3].map((count) => ({
    ...denoContender(
      withWorkers(count),
      ["nice", "-n", `${NICENESS}`, ...words],
      {
        kind: "workers",
        settings: () => Promise.resolve({ WORKERS: `${count}` }),
      },
    ),
    cores: [PROXY_CORE, OTHER_CORE],
  }));
  return [
    denoContender(SIDECAR, words, { kind: "peer" }),
    ...variants,
    ...workers,
  ];
}

/** A program of the bench in place of main.ts, with the runtime flags of `deno task start`. */
export async function denoProgram(
  name: string,
  file: string,
  kind: Contender["kind"],
): Promise<Contender> {
  const words = (await startTask()).split(" ");
  return {
    ...denoContender(name, [...words.slice(0, -1), join(ROOT, file)], { kind }),
    knows: ["http/1.1"],
  };
}

async function startTask(): Promise<string> {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(join(ROOT, "deno.json")),
  );
  const command: unknown = tasks?.start;
  if (typeof command !== "string" || !/^deno run .* main\.ts$/.test(command)) {
    throw new Error(
      'Cannot find the task "start" that runs main.ts in deno.json',
    );
  }
  return command;
}

async function seal(bench: Workbench): Promise<Environment> {
  const keyFile = bench.path("seal.keys");
  await Deno.writeTextFile(keyFile, `${"42".repeat(32)}\n`);
  return { SEAL_KEY_FILE: keyFile };
}

function denoContender(
  name: string,
  words: string[],
  options: {
    kind: Contender["kind"];
    settings?: (bench: Workbench) => Promise<Environment>;
  },
): Contender {
  // The deno that runs the bench, wherever it is, not the first on PATH.
  const command = words.map((word) => word === "deno" ? Deno.execPath() : word);
  return {
    name,
    program: "taskset",
    knows: ["http/1.1", "h2", "reload"],
    kind: options.kind,
    async launch(bench, { upstream, pki }) {
      const port = freePort();
      return {
        port,
        command,
        env: {
          TLS_LISTEN_PORT: `${port}`,
          UPSTREAM_URL: `http://127.0.0.1:${upstream}`,
          UPSTREAM_READINESS_URL: "none",
          CERT_DIR: pki.certDir,
          CA_DIR: pki.caDir,
          INJECT_CLIENT_HEADERS: "true",
          MONITOR_PORT: "0",
          ACCESS_LOG: "off",
          KEEP_ALIVE_TIMEOUT_SECS: "3600",
          ...await options.settings?.(bench),
        },
      };
    },
  };
}
