import { setTimeout } from "node:timers/promises";
import denoJson from "./deno.json" with { type: "json" };
import { parseCommandLine } from "./src/config/command_line.ts";
import { ConfigError, parseConfig } from "./src/config/config.ts";
import { helpText } from "./src/config/help.ts";
import { SidecarError } from "./src/errors.ts";
import { createLogger, type Logger } from "./src/log.ts";
import { faultFields } from "./src/log/fault.ts";
import { LineWriter } from "./src/log/line_writer.ts";
import { seedRandomGenerator } from "./src/tls/random.ts";

/** How long the last lines may take to be written at the end, in milliseconds. */
const FLUSH_TIMEOUT_MS = 1_000;

/** Runs what the command line asks for and returns the exit code. */
async function run(writer: LineWriter, signal: AbortSignal): Promise<number> {
  const commandLine = parseCommandLine(Deno.args);
  const { command, once, json, client, problems } = commandLine;
  const write = (line: string) => writer.line(line);
  if (command === "help") {
    write(helpText());
    return 0;
  }
  if (command === "version") {
    write(`mtls-sidecar ${denoJson.version}`);
    return 0;
  }
  if (command === "demo") {
    if (problems.length > 0) throw new ConfigError(problems);
    const log = createLogger({ level: "error", sink: writer });
    logFaults(log);
    const { demo } = await import("./src/commands/demo.ts");
    const { start } = await import("./src/commands/serve.ts");
    const wentRight = await demo({
      once,
      signal,
      write,
      start: (settings) => {
        const lookup = (name: string) => settings.get(name);
        return start(parseConfig({ args: [], lookup }), {
          log,
          accessLog: writer,
        });
      },
    });
    return wentRight ? 0 : 1;
  }
  if (command === "check") {
    const { check } = await import("./src/commands/check.ts");
    const { output, passed } = await check({
      args: Deno.args,
      lookup: (name) => Deno.env.get(name),
      ...(client && { client }),
      json,
      colours: hasColours(),
    });
    await writeOut(output);
    return passed ? 0 : 1;
  }
  if (command === "status" || command === "healthcheck") {
    const lookup = (name: string) => Deno.env.get(name);
    const config = parseConfig({ args: Deno.args, lookup });
    if (command === "healthcheck") {
      const { healthcheck } = await import("./src/commands/healthcheck.ts");
      const { ready } = commandLine;
      const { output, passed } = await healthcheck(config, { ready, signal });
      await writeOut(output);
      return passed ? 0 : 1;
    }
    const { status } = await import("./src/commands/status.ts");
    const answered = await status(config, {
      watch: commandLine.watch,
      json,
      colours: hasColours(),
      rows: () =>
        Deno.stdout.isTerminal() ? Deno.consoleSize().rows : undefined,
      signal,
      write: writeOut,
      tell: (problem) => console.error(explain(problem)),
      pause: (ms, signal) =>
        setTimeout(ms, undefined, { signal }).catch(() => {}),
    });
    return answered ? 0 : 1;
  }
  // From the start on: without a listener SIGHUP would end the process.
  let reload = () => {};
  Deno.addSignalListener("SIGHUP", () => reload());
  const config = parseConfig({
    args: Deno.args,
    lookup: (name) => Deno.env.get(name),
  });
  const log = createLogger({ level: config.logLevel, sink: writer });
  logFaults(log);
  // Before the rest is loaded, which takes as long.
  seedRandomGenerator();
  const { serve } = await import("./src/commands/serve.ts");
  const { finished } = await serve(config, {
    log,
    accessLog: writer,
    processors: navigator.hardwareConcurrency,
    signal,
    onReload: (listener) => reload = listener,
  });
  return finished ? 0 : 1;
}

/**
 * An error that nobody caught is logged and the process goes on. It concerns one
 * connection as a rule, and an end of the process would cut those of everyone
 * else, as often as whoever found the way to cause it likes.
 */
function logFaults(log: Logger): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("unhandled rejection", faultFields(event.reason));
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    log.error("uncaught exception", faultFields(event.error));
  });
}

/** Whether whoever reads standard output wants to see colours. */
function hasColours(): boolean {
  return Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR");
}

/** Writes all of it, however slow its reader: the log's writer would drop what is too much. */
async function writeOut(text: string): Promise<void> {
  const octets = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < octets.length;) {
      at += await Deno.stdout.write(octets.subarray(at));
    }
  } catch (error) {
    // Its reader has seen enough.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** The first signal asks for an orderly end, a second one leaves at once. */
function abortOnSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(name, () => {
      if (controller.signal.aborted) Deno.exit(1);
      controller.abort();
    });
  }
  return controller.signal;
}

/** One line each for an operator's mistake; the stack only for ours. */
function explain(error: unknown): string {
  const text = error instanceof SidecarError
    ? error.message
    : error instanceof Error
    ? error.stack ?? error.message
    : String(error);
  return text.replace(/^/gm, "mtls-sidecar: ");
}

if (import.meta.main) {
  const writer = new LineWriter(Deno.stdout);
  let exitCode = 1;
  try {
    exitCode = await run(writer, abortOnSignal());
  } catch (error) {
    console.error(explain(error));
  }
  await writer.flush(FLUSH_TIMEOUT_MS);
  Deno.exit(exitCode);
}
