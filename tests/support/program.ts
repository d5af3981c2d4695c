import { programCommand } from "./program_command.ts";
import { soon } from "./waiting.ts";

/** A line of standard output, parsed. */
export type Line = Readonly<Record<string, unknown>>;

/** The program as a process of its own, with its standard output line by line. */
export class Program implements AsyncDisposable {
  readonly lines: Line[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #stderr: Promise<string>;
  #onLine = Promise.withResolvers<void>();

  /**
   * @param env By variable; nothing else of this process's environment is handed on.
   * @param options.processors Those that it may use, by number: `0,1`. All, if left out.
   */
  constructor(
    env: Readonly<Record<string, string>>,
    { processors }: { processors?: string } = {},
  ) {
    const command = programCommand();
    const [path = "", ...args] = [
      ...(processors === undefined ? [] : ["taskset", "-c", processors]),
      command.path,
      ...command.args,
    ];
    this.#process = new Deno.Command(path, {
      args,
      env: {
        ...command.env,
        TLS_LISTEN_HOST: "127.0.0.1",
        TLS_LISTEN_PORT: "0",
        MONITOR_PORT: "0",
        UPSTREAM_READINESS_URL: "none",
        ...env,
      },
      clearEnv: true,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
    this.#stderr = new Response(this.#process.stderr).text();
  }

  /** The first line with this message, there or to come. */
  line(message: string): Promise<Line> {
    return this.#first((line) => line["message"] === message);
  }

  /** The next line with this message that is not there yet. */
  nextLine(message: string): Promise<Line> {
    const before = new Set(this.lines);
    return this.#first((line) =>
      line["message"] === message && !before.has(line)
    );
  }

  /** Of the process, for what `/proc` says of it. */
  get pid(): number {
    return this.#process.pid;
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Resolves when the program has ended, which nobody else makes it do. */
  async ended(): Promise<{ code: number; stderr: string }> {
    const { code } = await soon(this.#process.status, "the program's end");
    await this.#reading;
    return { code, stderr: await this.#stderr };
  }

  async #first(wanted: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const found = this.lines.find(wanted);
      if (found !== undefined) return found;
      await soon(this.#onLine.promise, "a line of the program");
    }
  }

  async #read(): Promise<void> {
    let rest = "";
    const text = this.#process.stdout.pipeThrough(new TextDecoderStream());
    for await (const piece of text) {
      const lines = `${rest}${piece}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.lines.push(JSON.parse(line));
      this.#onLine.resolve();
      this.#onLine = Promise.withResolvers();
    }
    if (rest !== "") throw new Error(`the last line does not end: ${rest}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#process.status;
    await Promise.all([this.#reading, this.#stderr]);
  }
}
