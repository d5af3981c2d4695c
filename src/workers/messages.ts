import type { Config } from "../config/config.ts";
import type { ConnectionNumbers } from "../data_plane.ts";
import type { ErrorCode } from "../errors.ts";
import type { FileRecipe } from "../followed_store.ts";
import type { Effect } from "../lockout.ts";
import type { LogLevel } from "../log.ts";
import type { MaterialRecipe } from "../material/directory_source.ts";
import type { ConnectionProtocol } from "../observations/connection_counts.ts";
import type { DrainedObservations } from "../observations/observations.ts";

/** What each value that follows files can be made of, in any thread. */
export interface Recipes {
  readonly material: MaterialRecipe;
  readonly peers: FileRecipe;
  readonly sealKeys: FileRecipe;
  readonly upstreamTls: FileRecipe;
}

export type Kind = keyof Recipes;

/** A value that is to take the place of another, of one kind at a time. */
export type Change = {
  readonly [K in Kind]: { readonly kind: K; readonly recipe: Recipes[K] };
}[Kind];

/** What a worker begins with. */
export interface Beginning {
  readonly config: Config;
  /** From 0; those that live at the same time have different ones. */
  readonly index: number;
  readonly port: number;
  /** Of `TrustEpoch`, for its memory, and its value with these changes in force. */
  readonly epoch: {
    readonly memory: SharedArrayBuffer;
    readonly value: number;
  };
  readonly changes: readonly Change[];
}

/** What a worker is and was doing. */
export interface Report {
  /** Since the report before. */
  readonly observed: DrainedObservations;
  readonly connections: ConnectionNumbers;
  readonly open: Readonly<Record<ConnectionProtocol, number>>;
  /** Requests that are being answered. */
  readonly inFlight: number;
  /** Octets of its JavaScript heap that are in use. */
  readonly heapUsed: number;
}

/** What a worker is asked to do, and what it answers. */
export interface Dialogue {
  /** Build the parts and listen. */
  begin: { ask: Beginning; answer: null };
  /** Make a value, and say what it would do. It counts with `commit`, and only then. */
  prepare: {
    ask: { readonly number: number; readonly change: Change };
    answer: Effect | null;
  };
  /** Put in force what was prepared under this number. Answers how many connections end, where trust was taken away. */
  commit: {
    ask: { readonly number: number; readonly epoch: number };
    answer: number | null;
  };
  /** Forget what was prepared. */
  discard: { ask: null; answer: null };
  report: { ask: null; answer: Report };
  /** Accept nothing more. Answers when no connection is left: false where some had to be cut. */
  drain: { ask: null; answer: boolean };
}

export type Question = keyof Dialogue;

/** From the thread that controls. */
export type ToWorker =
  | {
    readonly [Q in Question]: {
      readonly question: Q;
      readonly id: number;
      readonly ask: Dialogue[Q]["ask"];
    };
  }[Question]
  /** A batch of lines was taken; there may be another. */
  | { readonly question: "lines taken" };

/** From a worker. */
export type FromWorker =
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | {
    readonly kind: "failure";
    readonly id: number;
    readonly code: ErrorCode;
    readonly message: string;
  }
  /** An event for the log; its fields as JSON, in which no error is left an object. */
  | {
    readonly kind: "log";
    readonly level: LogLevel;
    readonly message: string;
    readonly fields: string;
  }
  /** Whole lines of the access log, each with its end. */
  | { readonly kind: "lines"; readonly octets: Uint8Array };
