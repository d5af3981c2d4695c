import { jsonLine } from "./log/json_line.ts";
import type { LineSink } from "./log/line_writer.ts";

/** From the chattiest to the gravest. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/**
 * What an event is told with beside its message. An `Error` becomes its
 * message. No certificate content, no key, no query string.
 */
export type LogFields = Readonly<Record<string, unknown>>;

/** What the parts are given to log with. None of its methods throws. */
export interface Logger {
  /** What helps to find a fault and is too much otherwise. */
  debug(message: string, fields?: LogFields): void;
  /** What an operator expects to see. */
  info(message: string, fields?: LogFields): void;
  /** Something is amiss and the work goes on as it should. */
  warning(message: string, fields?: LogFields): void;
  /** Something that had to be done was not. */
  error(message: string, fields?: LogFields): void;
}

/** What a logger writes, and where. */
export interface LoggerOptions {
  /** The least level that is written. */
  readonly level: LogLevel;
  /** Takes the lines, a `LineWriter` as a rule. */
  readonly sink: LineSink;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The order of the levels. */
const GRAVITY: Readonly<Record<LogLevel, number>> = {
  debug: 0,
  info: 1,
  warning: 2,
  error: 3,
};

/**
 * A logger that writes flat JSON lines: `time` (RFC 3339, milliseconds, UTC),
 * `level`, `message`, then the fields. A field of one of these three names gives
 * way.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level: least, sink, now = Date.now } = options;

  function emit(level: LogLevel, message: string, fields?: LogFields): void {
    if (GRAVITY[level] < GRAVITY[least]) return;
    try {
      const head = { time: new Date(now()).toISOString(), level, message };
      // The head comes first to be read first, and again to have the last word.
      sink.line(jsonLine(Object.assign({}, head, fields, head)));
    } catch {
      // Whoever logs has other work to do than to see to the log.
    }
  }

  return {
    debug: (message, fields) => emit("debug", message, fields),
    info: (message, fields) => emit("info", message, fields),
    warning: (message, fields) => emit("warning", message, fields),
    error: (message, fields) => emit("error", message, fields),
  };
}
