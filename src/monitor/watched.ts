import type { AccessReport } from "./status_report.ts";
import type { Phase } from "../lifecycle.ts";
import type { Differs, Health, MaterialStore } from "../material/store.ts";
import type { Observations } from "../observations/observations.ts";
import type { Certificate } from "../x509/certificate.ts";

/** What the monitor port looks at, and never changes. */
export interface Watched {
  readonly version: string;
  readonly observations: Observations;
  readonly phase: Phase;
  /** Undefined before the first material was loaded. */
  readonly store:
    | Pick<MaterialStore, "current" | "differs" | "health">
    | undefined;
  /** All that follows files, the material included. */
  readonly followed: readonly {
    readonly differs: Differs | undefined;
    readonly health: Health;
  }[];
  readonly access: AccessReport;
  /** What the application is shown; undefined where that is no certificate, or not loaded yet. */
  readonly upstreamCertificate: Certificate | undefined;
  /** How many handshakes are under way. */
  readonly handshaking: number;
  readonly workers: WatchedWorkers;
  /** Resolves when all that is to be seen is as it is now, as far as can be had soon. */
  refresh(): Promise<void>;
}

/** The threads that serve: the main one, or others. */
export interface WatchedWorkers {
  /** How many there should be. */
  readonly wanted: number;
  /** How many there are. */
  readonly running: number;
  /** The numbers of those that have said nothing for too long. */
  readonly silent: readonly number[];
  /** Octets of the JavaScript heaps of others than the main one that are in use. */
  readonly heapUsed: number;
}

/** Since when and why a source can't be followed, of several the one that failed first. */
export function downSource(
  { followed }: Pick<Watched, "followed">,
): Extract<Health, { healthy: false }> | undefined {
  return earliest(
    followed.map(({ health }) => health).filter((health) => !health.healthy),
  );
}

/** Since when and why what is on disk is not what is in force, of several the first. */
export function firstDiffering(
  { followed }: Pick<Watched, "followed">,
): Differs | undefined {
  return earliest(
    followed.map(({ differs }) => differs).filter((each) => each !== undefined),
  );
}

function earliest<T extends { readonly since: number }>(
  all: readonly T[],
): T | undefined {
  return all.toSorted((one, other) => one.since - other.since)[0];
}
