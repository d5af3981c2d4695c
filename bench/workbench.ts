import { dirname, join } from "node:path";

const READY_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 5_000;
const TAIL_CHARS = 4_000;

/** How a program is run. */
export interface RunOptions {
  readonly env?: Record<string, string>;
}

/** How a server is started. */
export interface ServerOptions extends RunOptions {
  /** The port of 127.0.0.1 whose first accepted connection says that it serves. */
  readonly port: number;
  /** The cores it is held to; without them, that of the bench itself. */
  readonly cores?: readonly number[];
  /** Asks once whether it serves, if accepting a connection does not say so. */
  readonly ready?: () => Promise<boolean>;
  /** Pause between two questions, in milliseconds. */
  readonly intervalMs?: number;
}

/** A server that was started. */
export interface Server {
  readonly pid: number;
  /** Resolves once it has exited. */
  stop(): Promise<void>;
}

/**
 * A temporary directory and the programs that work in it. Disposing of it stops
 * every program, on whatever ending, and removes the directory. Programs get
 * SIGTERM, and SIGKILL 5 s later.
 */
export class Workbench implements AsyncDisposable {
  readonly directory: string;
  /** Ends whatever runs when it aborts. */
  readonly signal: AbortSignal;
  readonly #stops = new Set<() => Promise<void>>();

  constructor(signal: AbortSignal) {
    this.directory = Deno.makeTempDirSync({ prefix: "mtls-sidecar-bench-" });
    this.signal = signal;
  }

  /** The path of `name` in the directory. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Makes `bytes/N`, a file of `bytes` zeros, and returns its path. */
  async bodyFile(bytes: number): Promise<string> {
    const file = this.path(`bytes/${bytes}`);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeFile(file, new Uint8Array());
    await Deno.truncate(file, bytes);
    return file;
  }

  /**
   * Starts a server and returns once it accepts connections.
   *
   * @throws {Error} With the end of its output, if it exits instead or is not
   * ready after 15 s.
   */
  async serve(command: string[], options: ServerOptions): Promise<Server> {
    this.signal.throwIfAborted();
    const { port, cores, env = {}, intervalMs = 50 } = options;
    const ready = options.ready ?? (() => accepts(port));
    const pinned = cores === undefined
      ? command
      : ["taskset", "-c", cores.join(","), ...command];
    const child = commandOf(pinned, { env }).spawn();
    const tail = { text: "" };
    const output = Promise.all([
      collectTail(child.stdout, tail),
      collectTail(child.stderr, tail),
    ]);
    let exited = false;
    const ended = child.status.then(async () => {
      exited = true;
      await output;
    });
    const stopOnce = () => {
      this.#stops.delete(stopOnce);
      return stop(child, ended);
    };
    this.#stops.add(stopOnce);
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!await ready()) {
      this.signal.throwIfAborted();
      if (exited || Date.now() > deadline) {
        const what = exited ? "exited" : "is not ready after 15 s";
        if (exited) await ended;
        throw new Error(`${command.join(" ")} ${what}:\n${tail.text}`);
      }
      await pause(intervalMs);
    }
    return { pid: child.pid, stop: stopOnce };
  }

  /**
   * Runs a program to its end and returns what it wrote to stdout.
   *
   * @throws {Error} With its stderr, if it does not exit with 0.
   */
  async run(command: string[], options: RunOptions = {}): Promise<string> {
    this.signal.throwIfAborted();
    const { success, code, stdout, stderr } = await commandOf(command, {
      env: options.env ?? {},
      signal: this.signal,
    }).output();
    this.signal.throwIfAborted();
    const decoder = new TextDecoder();
    if (!success) {
      throw new Error(
        `${command.join(" ")} exited with ${code}:\n${decoder.decode(stderr)}`,
      );
    }
    return decoder.decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#stops].map((stop) => stop()));
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Waits for `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * The first child of process `pid`, waited for: a master listens before it has
 * its worker.
 */
export async function childOf(
  pid: number,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    const children = await Deno.readTextFile(
      `/proc/${pid}/task/${pid}/children`,
    );
    const [child] = children.trim().split(" ");
    if (child) return Number(child);
    await pause(20);
  }
}

/** The version that `program` says it has, or undefined if it is not installed. */
export async function versionOf(
  program: string,
  flag: string,
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await commandOf([program, flag], { env: {} })
      .output();
    const decoder = new TextDecoder();
    const text = decoder.decode(stdout) + decoder.decode(stderr);
    return /\d+(\.\d+)+/.exec(text)?.[0] ?? "of an unknown version";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function commandOf(
  [program = "", ...args]: string[],
  options: { env: Record<string, string>; signal?: AbortSignal },
): Deno.Command {
  return new Deno.Command(program, {
    ...options,
    args,
    cwd: join(import.meta.dirname ?? ".", ".."),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

/** Reads to the end: a program whose pipe nobody empties stands still. */
async function collectTail(
  stream: ReadableStream<Uint8Array>,
  tail: { text: string },
): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    tail.text = (tail.text + text).slice(-TAIL_CHARS);
  }
}

async function stop(
  child: Deno.ChildProcess,
  ended: Promise<void>,
): Promise<void> {
  kill(child, "SIGTERM");
  const timer = setTimeout(() => kill(child, "SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has exited already.
  }
}
