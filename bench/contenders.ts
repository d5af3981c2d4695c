import { join } from "node:path";
import type { DemoPki } from "../src/commands/demo_pki.ts";
import { startNginxProxy } from "./nginx.ts";
import { freePort, type Workbench } from "./workbench.ts";

/** A proxy that is measured. */
export interface Contender {
  readonly name: string;
  /** Whether it takes loads over HTTP/2. Default: true. */
  readonly http2?: boolean;
  start(bench: Workbench, options: StartOptions): Promise<RunningProxy>;
}

/** What every proxy is started with. */
export interface StartOptions {
  /** The core it is held to. */
  readonly core: number;
  /** The application's port of 127.0.0.1. */
  readonly upstream: number;
  readonly pki: DemoPki;
}

/** A proxy that accepts connections. */
export interface RunningProxy {
  readonly port: number;
  /** The process that does the work. */
  readonly pid: number;
}

/** nginx as mTLS proxy, doing what the sidecar does. */
export const NGINX: Contender = {
  name: "nginx",
  async start(bench, options) {
    const { port, worker } = await startNginxProxy(bench, options);
    return { port, pid: worker };
  },
};

/**
 * This program, started by `command`; without it as `deno task start` does.
 *
 * @throws {Error} If deno.json has no task `start` that runs main.ts.
 */
export async function sidecar(command?: string): Promise<Contender> {
  const words = (command ?? await startTask()).split(" ");
  return denoContender("mtls-sidecar", words);
}

/** This program with the seal on, over the identity headers of {@linkcode sidecar}. */
export async function sealingSidecar(command?: string): Promise<Contender> {
  const words = (command ?? await startTask()).split(" ");
  return {
    name: "mtls-sidecar, sealing",
    async start(bench, options) {
      const keyFile = join(bench.directory, "seal.keys");
      await Deno.writeTextFile(keyFile, `${"42".repeat(32)}\n`);
      const sealing = denoContender("", words, { SEAL_KEY_FILE: keyFile });
      return await sealing.start(bench, options);
    },
  };
}

/** The shape `node:https` + `fetch`, with the runtime flags of `deno task start`. */
export async function fetchShape(): Promise<Contender> {
  const words = (await startTask()).split(" ");
  const command = [
    ...words.slice(0, -1),
    join(import.meta.dirname ?? ".", "fetch_shape.ts"),
  ];
  return { ...denoContender("node:https + fetch", command), http2: false };
}

async function startTask(): Promise<string> {
  const file = join(import.meta.dirname ?? ".", "..", "deno.json");
  const { tasks } = JSON.parse(await Deno.readTextFile(file));
  const command: unknown = tasks?.start;
  if (typeof command !== "string" || !/^deno run .* main\.ts$/.test(command)) {
    throw new Error(
      'Cannot find the task "start" that runs main.ts in deno.json',
    );
  }
  return command;
}

function denoContender(
  name: string,
  words: string[],
  settings: Readonly<Record<string, string>> = {},
): Contender {
  // The deno that runs the bench, wherever it is, not the first on PATH.
  const command = words.map((word, at) =>
    at === 0 && word === "deno" ? Deno.execPath() : word
  );
  return {
    name,
    async start(bench, { core, upstream, pki }) {
      const port = freePort();
      const pid = await bench.serve(command, {
        port,
        core,
        env: {
          TLS_LISTEN_PORT: `${port}`,
          UPSTREAM_URL: `http://127.0.0.1:${upstream}`,
          UPSTREAM_READINESS_URL: "none",
          CERT_DIR: pki.certDir,
          CA_DIR: pki.caDir,
          INJECT_CLIENT_HEADERS: "true",
          MONITOR_PORT: "0",
          ACCESS_LOG: "off",
          ...settings,
        },
      });
      return { port, pid };
    },
  };
}
