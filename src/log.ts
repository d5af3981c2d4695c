import {
  configureSync,
  getLogger,
  type LogRecord,
  resetSync,
} from "@logtape/logtape";
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

const CATEGORY = "mtls-sidecar";

/**
 * A logger that writes flat JSON lines: `time` (RFC 3339, milliseconds, UTC),
 * `level`, `message`, then the fields. A field of one of these three names gives
 * way. Dispose of it to make another one: LogTape's configuration belongs to the
 * process, and a second logger would silently take the lines of the first.
 *
 * @throws {Error} If a logger that was made before is not disposed of.
 */
export function createLogger(options: LoggerOptions): Logger & Disposable {
  const { level, sink, now = Date.now } = options;
  configureSync({
    sinks: { lines: (record) => sink.line(recordLine(record)) },
    loggers: [
      { category: CATEGORY, sinks: ["lines"], lowestLevel: level },
      // Left out, LogTape would set up its own category with a console sink.
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  const logger = getLogger(CATEGORY);

  function emit(
    level: LogLevel,
    message: string,
    fields: LogFields = {},
  ): void {
    if (!logger.isEnabledFor(level)) return;
    // `emit` and not `info`: that would read `{name}` in a message as a
    // placeholder, and messages quote what clients and files say.
    const properties = { ...fields };
    logger.emit({
      level,
      message: [message],
      rawMessage: message,
      timestamp: now(),
      properties,
    });
  }

  return {
    debug: (message, fields) => emit("debug", message, fields),
    info: (message, fields) => emit("info", message, fields),
    warning: (message, fields) => emit("warning", message, fields),
    error: (message, fields) => emit("error", message, fields),
    [Symbol.dispose]: resetSync,
  };
}

function recordLine(
  { timestamp, level, rawMessage, properties }: LogRecord,
): string {
  const head = {
    time: new Date(timestamp).toISOString(),
    level,
    message: rawMessage,
  };
  // The head comes first to be read first, and again to have the last word.
  return jsonLine(Object.assign({}, head, properties, head));
}
