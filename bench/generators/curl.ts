import type { DemoPki } from "../../src/commands/demo_pki.ts";
import type { Workbench } from "../workbench.ts";

/** Bodies that are to be moved through a proxy. */
export interface BodyTransfer {
  /** The proxy's, of 127.0.0.1. */
  readonly port: number;
  readonly pki: DemoPki;
  readonly direction: "down" | "up";
  readonly protocol: "HTTP/1.1" | "HTTP/2";
  /** Size of each body. */
  readonly bytes: number;
  /** The body that goes up; `bytes` long. */
  readonly file: string;
  /** How many, one after the other over one connection. */
  readonly times: number;
  /** Bytes a second that curl keeps to. */
  readonly limitRate?: number;
}

/**
 * Moves bodies through a proxy with curl: down from `/bytes/N`, up to
 * `/upload/body`. Returns the seconds that took, the handshake included.
 *
 * @throws {Error} If one did not arrive whole.
 */
export async function transferBodies(
  bench: Workbench,
  transfer: BodyTransfer,
): Promise<number> {
  const { port, pki, direction, protocol, bytes, times, file, limitRate } =
    transfer;
  const origin = `https://127.0.0.1:${port}`;
  const one = direction === "down"
    ? [`${origin}/bytes/${bytes}`]
    : ["--upload-file", file, `${origin}/upload/body`];
  const size = direction === "down" ? "%{size_download}" : "%{size_upload}";
  const output = await bench.run([
    "curl",
    "--silent",
    "--show-error",
    "--fail",
    protocol === "HTTP/2" ? "--http2" : "--http1.1",
    // Without it curl waits for a 100 (Continue) before each upload.
    ...["--header", "Expect:"],
    ...["--cacert", pki.caBundle],
    ...["--cert", pki.client.certificate],
    ...["--key", pki.client.key],
    ...["--write-out", `${size} %{time_total}\\n`],
    ...(limitRate === undefined ? [] : ["--limit-rate", `${limitRate}`]),
    ...Array.from({ length: times }, () => ["--output", "/dev/null", ...one])
      .flat(),
  ]);
  const arrived = output.trim().split("\n").map((line) => line.split(" "));
  if (arrived.length !== times || arrived.some(([n]) => Number(n) !== bytes)) {
    throw new Error(`Not every body arrived whole:\n${output}`);
  }
  return arrived.reduce((sum, [, seconds]) => sum + Number(seconds), 0);
}
