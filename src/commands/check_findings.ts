import { ConfigError } from "../config/config.ts";
import { SidecarError } from "../errors.ts";
import type { ProblemReport } from "./check_report.ts";

/** Collects what there is to say, so that one problem does not hide another. */
export class Findings {
  readonly notes: string[] = [];
  readonly warnings: string[] = [];
  readonly #problems = new Map<string, ProblemReport>();

  /** Each message once. */
  get problems(): readonly ProblemReport[] {
    return [...this.#problems.values()];
  }

  /** The result of `work`; undefined where that throws a `SidecarError`, which is a problem then. */
  async attempt<T>(work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error;
      const { code } = error;
      const messages = error instanceof ConfigError
        ? error.problems
        : [error.message];
      for (const message of messages) {
        this.#problems.set(message, { code, message });
      }
      return undefined;
    }
  }
}
