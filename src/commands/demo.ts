import { Buffer } from "node:buffer";
import { request } from "node:https";
import { SidecarError } from "../errors.ts";
import { startDemoApplication } from "./demo_application.ts";
import {
  CLIENT_CN,
  type CredentialFiles,
  type DemoPki,
  writeDemoPki,
} from "./demo_pki.ts";

const CALL_TIMEOUT_MS = 5_000;
const PATH = "/hello";
/** `tasks/program_flags.ts` gives the executable the right to it. */
const DIRECTORY = "/tmp/mtls-sidecar-demo";

/** What the demo needs of a running sidecar. */
export interface DemoSidecar {
  readonly address: Deno.NetAddr;
  shutdown(): Promise<unknown>;
}

/** What {@linkcode demo} is given. */
export interface DemoOptions {
  /** End after the calls rather than serve until `signal` aborts. */
  readonly once: boolean;
  readonly signal: AbortSignal;
  /** Takes what the demo has to say, one line at a time, without its newline. */
  readonly write: (line: string) => void;
  /**
   * Starts the sidecar in this process with the given settings, named as their
   * environment variables.
   */
  readonly start: (
    settings: ReadonlyMap<string, string>,
  ) => Promise<DemoSidecar>;
}

/**
 * Shows the sidecar at work: makes a throw-away PKI, starts a small application
 * and the sidecar in front of it, and calls through it with a good certificate,
 * with none, and with one of another CA. Unless `once`, prints the `curl` line
 * for a call by hand and serves until `signal` aborts. Nothing is left behind:
 * the PKI goes when the demo ends.
 *
 * @returns Whether all three calls went as they must: the first answered by the
 * application, which was told the client's name; the others refused before the
 * application heard of them.
 */
export async function demo(options: DemoOptions): Promise<boolean> {
  const { once, signal, write, start } = options;
  const directory = await makeDirectory();
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(directory, { recursive: true }));
  const pki = await writeDemoPki(directory, { now: new Date() });
  const application = await startDemoApplication();
  cleanup.defer(() => application.close());
  const sidecar = await start(
    new Map([
      ["TLS_LISTEN_PORT", "0"],
      ["UPSTREAM_URL", application.url.origin],
      ["UPSTREAM_READINESS_URL", "none"],
      ["CERT_DIR", pki.certDir],
      ["CA_DIR", pki.caDir],
      ["INJECT_CLIENT_HEADERS", "true"],
      ["MONITOR_PORT", "0"],
      ["ACCESS_LOG", "off"],
      ["LOG_LEVEL", "error"],
    ]),
  );
  cleanup.defer(async () => {
    await sidecar.shutdown();
  });
  const { port } = sidecar.address;

  write(`Application: ${application.url.origin} (plain HTTP)`);
  write(`Sidecar:     https://localhost:${port} (mutual TLS)`);
  write("");
  const calls = [
    { who: "a certificate of the trusted CA", as: pki.client, enters: true },
    { who: "no certificate", as: undefined, enters: false },
    { who: "a certificate of another CA", as: pki.stranger, enters: false },
  ];
  let allRight = true;
  for (const { who, as, enters } of calls) {
    const before = application.requests;
    const outcome = await call(port, { caBundle: pki.caBundle, as, signal });
    const right = enters
      ? wasServed(outcome)
      : outcome.kind === "refused" && application.requests === before;
    allRight &&= right;
    write(`${right ? "✓" : "✗"} With ${who}: ${summary(outcome)}`);
    if (outcome.kind === "answered") {
      for (const line of outcome.body.trimEnd().split("\n")) {
        write(`    ${line}`);
      }
    }
  }
  if (once) return allRight;

  write("");
  write("Try it by hand:");
  write(`  ${curlLine(port, pki)}`);
  write("Ctrl-C ends the demo and removes its certificates");
  await aborted(signal);
  return allRight;
}

/**
 * Where only one folder may be written, as in the executable, the demo makes
 * that one: nobody else may have made it before, lest it be theirs.
 */
async function makeDirectory(): Promise<string> {
  const { state } = await Deno.permissions.query({ name: "write" });
  if (state === "granted") {
    return await Deno.makeTempDir({ prefix: "mtls-sidecar-demo-" });
  }
  try {
    await Deno.mkdir(DIRECTORY, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new SidecarError(
      "CONFIG_INVALID",
      `Cannot make "${DIRECTORY}": expected no other demo to run, nor to have left it`,
    );
  }
  return DIRECTORY;
}

type Outcome =
  | { kind: "answered"; status: number; body: string }
  /** The peer broke the connection off: by an alert, a reset or a close. */
  | { kind: "refused"; reason: string }
  /** Anything else, which proves nothing about the certificate. */
  | { kind: "failed"; reason: string };

/** Never rejects: an error of the call is its outcome. */
async function call(
  port: number,
  options: {
    caBundle: string;
    as: CredentialFiles | undefined;
    signal: AbortSignal;
  },
): Promise<Outcome> {
  const { caBundle, as, signal } = options;
  const credential = as && {
    cert: await Deno.readTextFile(as.certificate),
    key: await Deno.readTextFile(as.key),
  };
  const ca = await Deno.readTextFile(caBundle);
  return await new Promise((resolve) => {
    const fail = (error: Error) => resolve(outcomeOf(error));
    const outgoing = request({
      ...credential,
      ca,
      host: "127.0.0.1",
      servername: "localhost",
      port,
      path: PATH,
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
    }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () =>
        resolve({
          kind: "answered",
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString("utf8"),
        }));
    });
    outgoing.on("error", fail);
    outgoing.end();
  });
}

/**
 * The runtime's TLS client reports an alert of the server as such when it comes
 * in time, and otherwise only that the connection was closed.
 */
function outcomeOf(error: Error): Outcome {
  const code = "code" in error ? String(error.code) : error.name;
  const cut = code === "ECONNRESET" || code === "EPIPE" ||
    /\balert\b/i.test(error.message);
  return {
    kind: cut ? "refused" : "failed",
    reason: `${code}: ${error.message}`,
  };
}

function wasServed(outcome: Outcome): boolean {
  return outcome.kind === "answered" && outcome.status === 200 &&
    outcome.body.toLowerCase().includes(`\nx-client-cn: ${CLIENT_CN}\n`);
}

function summary(outcome: Outcome): string {
  switch (outcome.kind) {
    case "answered":
      return `answered ${outcome.status}, the application saw`;
    case "refused":
      return `refused in the handshake (${outcome.reason})`;
    case "failed":
      return `failed (${outcome.reason})`;
  }
}

function curlLine(port: number, pki: DemoPki): string {
  const files = [
    `--cacert ${quote(pki.caBundle)}`,
    `--cert ${quote(pki.client.certificate)}`,
    `--key ${quote(pki.client.key)}`,
  ];
  return `curl ${files.join(" ")} https://localhost:${port}${PATH}`;
}

/** Quotes for a POSIX shell where it has to be: TMPDIR may hold anything. */
function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
