import type { DemoPki } from "../src/commands/demo_pki.ts";
import type { Contender, StartOptions } from "./contender.ts";
import type { RunningProxy } from "./proxy.ts";
import type { Workbench } from "./workbench.ts";

/** What one run of a scenario showed of one contender, by {@linkcode Column.key}. */
export type Sample = Readonly<Record<string, number>>;

/** One figure of a scenario and how it is shown. */
export interface Column {
  readonly key: string;
  /** Head of the column, with its unit. */
  readonly title: string;
  /** Digits behind the point. */
  readonly digits: number;
  /** Whether its ratio to the reference is shown beside it. */
  readonly ratio?: true;
  /** Its name in the digest of README.md and in the chart; without it, it is not there. */
  readonly digest?: string;
}

/** What a scenario is made ready with. */
export interface Stage {
  readonly bench: Workbench;
  readonly pki: DemoPki;
  /** Length of a run, where the scenario has one of its own choosing. */
  readonly seconds: number;
}

/** A contender that is measured in one round. */
export interface Turn {
  readonly contender: Contender;
  /** What it is to be started with, by scenarios that are `fresh`. */
  readonly start: StartOptions;
}

/** A way of measuring contenders that stay up from round to round. */
export interface LoadScenario extends ScenarioText {
  readonly fresh?: never;
  /** Makes what is needed in the workbench and returns what measures one run. */
  prepare(stage: Stage): Promise<(proxy: RunningProxy) => Promise<Sample>>;
}

/** A way of measuring contenders each of which is started anew for every run. */
export interface FreshScenario extends ScenarioText {
  readonly fresh: true;
  prepare(stage: Stage): Promise<(turn: Turn) => Promise<Sample>>;
}

interface ScenarioText {
  /** What `--only` calls it. */
  readonly name: string;
  readonly title: string;
  /** How the figures came about, as a sentence or two of Markdown. */
  readonly note: string;
  /** Programs that must be installed. */
  readonly needs: readonly string[];
  readonly columns: readonly Column[];
  /** The contender that ratios refer to: nginx, if left out. */
  readonly reference?: string;
  /** Whether a contender can take part, and is meant to. */
  takes(contender: Contender): boolean;
}

export type Scenario = LoadScenario | FreshScenario;
