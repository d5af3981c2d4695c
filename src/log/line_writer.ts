import { jsonLine } from "./json_line.ts";

/** Where the bytes go: `Deno.stdout` is one. */
export interface ByteSink {
  /** Resolves to how many of the bytes were taken. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Takes whole lines. Never throws and never waits. */
export interface LineSink {
  /** @param text One line without its line end. */
  line(text: string): void;
}

/** Bounds and the clock of a `LineWriter`. */
export interface LineWriterOptions {
  /** How long a line may wait for company, in milliseconds; 100 unless told. */
  readonly delayMs?: number;
  /**
   * How much may be pending, the write under way included; 1 MiB unless told.
   * Counted in UTF-16 units, which are bytes for the ASCII that lines mostly are.
   */
  readonly maxPending?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

// Beyond this a batch is written at once: waiting longer would save no more
// system calls worth the memory.
const BATCH_SIZE = 64 * 1024;
const LINE_FEED = 0x0a;

interface Batch {
  readonly lines: string[];
  size: number;
  /** How many lines are lost with it: a report stands for as many as it reports. */
  count: number;
}

/**
 * Collects lines and writes them in batches, because a system call for each
 * would cost more than the request it tells of. A reader of our standard output
 * that stands still or goes away harms nothing but the log: beyond
 * `maxPending`, and where a write fails, lines are dropped and counted, and the
 * next line that gets through is preceded by one that gives their number.
 */
export class LineWriter implements LineSink {
  readonly #sink: ByteSink;
  readonly #delayMs: number;
  readonly #maxPending: number;
  readonly #now: () => number;
  readonly #encoder = new TextEncoder();
  #batch: Batch = { lines: [], size: 0, count: 0 };
  #writingSize = 0;
  #writing: Promise<void> | undefined;
  #dropped = 0;
  #isLineOpen = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sink: ByteSink, options: LineWriterOptions = {}) {
    this.#sink = sink;
    this.#delayMs = options.delayMs ?? 100;
    this.#maxPending = options.maxPending ?? 1024 * 1024;
    this.#now = options.now ?? Date.now;
  }

  line(text: string): void {
    if (
      this.#batch.size + this.#writingSize + text.length + 1 > this.#maxPending
    ) {
      this.#dropped++;
      return;
    }
    this.#reportDropped();
    this.#append(text, 1);
    if (this.#writing !== undefined) return;
    if (this.#batch.size >= BATCH_SIZE) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), this.#delayMs);
  }

  /**
   * Writes what is pending, at most `timeoutMs` milliseconds long: a reader that
   * stands still must not hold up the end of the process.
   *
   * @returns Whether all of it was written.
   */
  async flush(timeoutMs: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeUp = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    try {
      return await Promise.race([this.#drain(), timeUp]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #drain(): Promise<boolean> {
    this.#reportDropped();
    // A write that fails drops its batch, so this ends however the sink behaves.
    while (this.#writing !== undefined || this.#batch.count > 0) {
      this.#write();
      await this.#writing;
    }
    return this.#dropped === 0;
  }

  /** Stands where the lines are missing, whatever the level of the log is. */
  #reportDropped(): void {
    if (this.#dropped === 0) return;
    const time = new Date(this.#now()).toISOString();
    const message = "log lines were dropped";
    const report = jsonLine({
      time,
      level: "warning",
      message,
      lines: this.#dropped,
    });
    this.#append(report, this.#dropped);
    this.#dropped = 0;
  }

  #append(text: string, count: number): void {
    this.#batch.lines.push(text);
    this.#batch.size += text.length + 1;
    this.#batch.count += count;
  }

  #write(): void {
    if (this.#writing !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#batch;
    this.#batch = { lines: [], size: 0, count: 0 };
    this.#writingSize = batch.size;
    this.#writing = this.#writeBatch(batch).then(() => {
      this.#writing = undefined;
      this.#writingSize = 0;
      if (this.#batch.size >= BATCH_SIZE) this.#write();
      else if (this.#batch.count > 0) {
        this.#timer = setTimeout(() => this.#write(), this.#delayMs);
      }
    });
  }

  /** Never rejects: a closed standard output must not end the process. */
  async #writeBatch(batch: Batch): Promise<void> {
    // What a failed write left of a line would swallow the line after it.
    const start = this.#isLineOpen ? "\n" : "";
    const bytes = this.#encoder.encode(`${start}${batch.lines.join("\n")}\n`);
    let written = 0;
    try {
      while (written < bytes.length) {
        const taken = await this.#sink.write(bytes.subarray(written));
        if (taken === 0) throw new Error("the sink takes no more bytes");
        written += taken;
      }
    } catch {
      this.#dropped += batch.count;
    }
    if (written > 0) this.#isLineOpen = bytes[written - 1] !== LINE_FEED;
  }
}
