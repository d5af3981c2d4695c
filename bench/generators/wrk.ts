import { join } from "node:path";
import type { DemoPki } from "../../src/commands/demo_pki.ts";
import type { Done } from "../under_load.ts";
import type { Workbench } from "../workbench.ts";

const CONNECTIONS = 32;

/** What {@linkcode withClientCertificate} gives a program that knows none. */
export type CertificateEnvironment = Readonly<Record<string, string>>;

/** What wrk is to ask for. */
export interface WrkOptions {
  readonly port: number;
  readonly seconds: number;
  readonly env: CertificateEnvironment;
  /** Path of 127.0.0.1. */
  readonly path: string;
  /** Sends a body of so many octets with PUT. */
  readonly upload?: number;
  /** Makes a new connection for each request, with handshakes of this kind. */
  readonly handshakes?: "full" | "resumed";
}

/**
 * Makes the library that gives wrk and h2load a client certificate, and returns
 * the environment to run them in.
 */
export async function withClientCertificate(
  bench: Workbench,
  pki: DemoPki,
): Promise<CertificateEnvironment> {
  const library = bench.path("clientcert.so");
  const source = join(import.meta.dirname ?? ".", "clientcert.c");
  const flags = ["-O2", "-shared", "-fPIC"];
  await bench.run(["cc", ...flags, "-o", library, source, "-ldl"]);
  return {
    LD_PRELOAD: library,
    CLIENT_CERT: pki.client.certificate,
    CLIENT_KEY: pki.client.key,
  };
}

/**
 * Has wrk ask as fast as it is answered, over 32 connections of HTTP/1.1 at a time.
 *
 * @throws {Error} If a request failed, or a handshake was not of the kind that was
 * asked for: such a run measures something else.
 */
export async function runWrk(
  bench: Workbench,
  options: WrkOptions,
): Promise<Done> {
  const { port, seconds, path, upload, handshakes } = options;
  const script = bench.path(`wrk-${upload}.lua`);
  if (upload !== undefined) {
    await Deno.writeTextFile(
      script,
      `wrk.method = "PUT"\nwrk.body = string.rep("x", ${upload})\n`,
    );
  }
  const output = await bench.run([
    "wrk",
    "-t1",
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    ...(upload === undefined ? [] : ["-s", script]),
    ...(handshakes === undefined ? [] : ["-H", "Connection: close"]),
    `https://127.0.0.1:${port}${path}`,
  ], {
    env: {
      ...options.env,
      ...(handshakes === undefined ? {} : { HANDSHAKES: handshakes }),
    },
  });
  const done = /^\s*(\d+) requests in ([\d.]+)s,/m.exec(output);
  const amount = Number(done?.[1] ?? 0);
  if (amount === 0 || /Socket errors|Non-2xx/.test(output)) {
    throw new Error(`wrk did not get every answer:\n${output}`);
  }
  const [, full, resumed] = /(\d+) full, (\d+) resumed/.exec(output) ?? [];
  const wrong = handshakes === "resumed"
    // None has a session before its first connection has ended.
    ? Number(full) > CONNECTIONS
    : Number(resumed) > 0;
  if (handshakes !== undefined && wrong) {
    throw new Error(
      `Cannot count ${handshakes} handshakes: ${full} full, ${resumed} resumed`,
    );
  }
  return { amount, seconds: Number(done?.[2]) };
}
