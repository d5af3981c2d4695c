import type { ByteSink } from "../log/line_writer.ts";
import { jsonLine } from "../log/json_line.ts";
import type { LogFields, Logger, LogLevel } from "../log.ts";
import type { FromWorker } from "./messages.ts";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warning", "error"];

/** A logger whose events the other side writes; those below `level` are not sent. */
export function remoteLogger(
  send: (message: FromWorker) => void,
  { level, worker }: { level: LogLevel; worker: number },
): Logger {
  const least = LEVELS.indexOf(level);
  const emitter =
    (level: LogLevel) => (message: string, fields: LogFields = {}) => {
      if (LEVELS.indexOf(level) < least) return;
      send({
        kind: "log",
        level,
        message,
        fields: jsonLine({ ...fields, worker }),
      });
    };
  return {
    debug: emitter("debug"),
    info: emitter("info"),
    warning: emitter("warning"),
    error: emitter("error"),
  };
}

/** Sends batches of lines, the next one when the last was taken: what is pending stays bounded. */
export class RemoteLines implements ByteSink {
  readonly #send: (message: FromWorker) => void;
  #onTaken: (() => void) | undefined;

  constructor(send: (message: FromWorker) => void) {
    this.#send = send;
  }

  async write(octets: Uint8Array): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onTaken = resolve;
    this.#send({ kind: "lines", octets });
    await promise;
    return octets.length;
  }

  /** The other side took the last batch. */
  taken(): void {
    this.#onTaken?.();
  }
}
