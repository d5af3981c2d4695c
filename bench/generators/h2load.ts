import type { Done } from "../under_load.ts";
import type { Workbench } from "../workbench.ts";
import type { CertificateEnvironment } from "./wrk.ts";

/** What h2load is to ask for. */
export interface H2loadOptions {
  readonly port: number;
  readonly seconds: number;
  readonly env: CertificateEnvironment;
  readonly path: string;
  /** Its own flags: protocol, connections, streams, rate. */
  readonly flags: readonly string[];
}

/**
 * Runs h2load on one thread for so many seconds.
 *
 * @throws {Error} If a request failed: such a run measures something else.
 */
export async function runH2load(
  bench: Workbench,
  options: H2loadOptions,
): Promise<Done> {
  const { port, seconds, env, path, flags } = options;
  const url = `https://127.0.0.1:${port}${path}`;
  const output = await bench.run(
    ["h2load", "-t1", `-D${seconds}`, ...flags, url],
    { env },
  );
  const [, done = "0", failed = "", errored = ""] =
    /(\d+) done, \d+ succeeded, (\d+) failed, (\d+) errored/.exec(output) ?? [];
  if (done === "0" || failed !== "0" || errored !== "0") {
    throw new Error(`h2load did not get every answer:\n${output}`);
  }
  return { amount: Number(done), seconds };
}

/** One request of a log of h2load. */
export interface LoggedRequest {
  /** When it was sent, in milliseconds since 1970. */
  readonly sentMs: number;
  /** How long its answer took to be whole, in milliseconds. */
  readonly tookMs: number;
}

/** Reads what `--log-file` wrote. */
export async function readLog(path: string): Promise<LoggedRequest[]> {
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  return lines.map((line) => {
    const [sent, , took] = line.split("\t");
    return { sentMs: Number(sent) / 1000, tookMs: Number(took) / 1000 };
  });
}
