import type { DemoPki } from "../src/commands/demo_pki.ts";
import type { Workbench } from "./workbench.ts";

/** What every proxy is started with. */
export interface StartOptions {
  /** The core it is held to. */
  readonly core: number;
  /** The application's port of 127.0.0.1. */
  readonly upstream: number;
  /** Its certificate, followed or reloaded by scenarios that change it. */
  readonly pki: DemoPki;
  /** Connections that it must be able to hold, where it sets memory aside for them. */
  readonly connections: number;
}

/** How a proxy is run. */
export interface Launch {
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether its only child does the work, and not the process itself. */
  readonly forks?: true;
  /** Has it take its certificate files anew. Absent where it follows them by itself. */
  readonly reload?: (pid: number) => Promise<void>;
}

/** A proxy that is measured. */
export interface Contender {
  readonly name: string;
  /** The program that must be installed. */
  readonly program: string;
  /** What it can be asked for: a proxy of bytes leaves HTTP to the application. */
  readonly knows: readonly ("http/1.1" | "h2" | "reload")[];
  /** What it is there for: all scenarios, or those that compare settings, floors or workers. */
  readonly kind: "peer" | "setting" | "floor" | "workers";
  /** The cores it is held to, where those are not the one of {@linkcode StartOptions}. */
  readonly cores?: readonly number[];
  /** The most connections that it is asked to hold, if it cannot be asked for any. */
  readonly holds?: number;
  /** Writes what it needs into the workbench. */
  launch(bench: Workbench, options: StartOptions): Promise<Launch>;
}

/** Whether a contender takes part wherever it can, rather than in one scenario. */
export function isPeer({ kind }: Contender): boolean {
  return kind === "peer";
}
