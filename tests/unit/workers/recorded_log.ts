import type { LogFields, Logger, LogLevel } from "../../../src/log.ts";

/** A logger that keeps all that it is told. */
export class RecordedLog {
  readonly events: [level: LogLevel, message: string, fields: LogFields][] = [];
  readonly logger: Logger;

  constructor() {
    const at = (level: LogLevel) => (message: string, fields?: LogFields) =>
      void this.events.push([level, message, fields ?? {}]);
    this.logger = {
      debug: at("debug"),
      info: at("info"),
      warning: at("warning"),
      error: at("error"),
    };
  }

  get messages(): string[] {
    return this.events.map(([, message]) => message);
  }
}
