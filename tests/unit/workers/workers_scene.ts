import { parseConfig } from "../../../src/config/config.ts";
import { Deadlines } from "../../../src/deadlines.ts";
import type { FileRecipe, InForce } from "../../../src/followed_store.ts";
import { Peers } from "../../../src/identity/peers.ts";
import { Observations } from "../../../src/observations/observations.ts";
import type { Question } from "../../../src/workers/messages.ts";
import type { Spawned } from "../../../src/workers/worker_link.ts";
import { Workers } from "../../../src/workers/workers.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { eventually } from "../../support/waiting.ts";
import { RecordedLog } from "./recorded_log.ts";
import { type Answers, ScriptedWorker } from "./scripted_worker.ts";

/** A value as a test makes it: `narrower` than the one before, or not. */
export class Value {
  readonly peers = new Peers({ peers: [], unpinned: "refuse" }, 0);
  readonly recipe: FileRecipe;
  readonly narrower: boolean;

  constructor(name: string, { narrower = false } = {}) {
    const contents = new TextEncoder().encode(name);
    this.recipe = { contents: new Map([["peers", contents]]), now: 0 };
    this.narrower = narrower;
  }
}

/** What a recipe is of, by {@linkcode Value}. */
export function nameIn({ contents }: FileRecipe): string {
  return new TextDecoder().decode(contents.get("peers"));
}

export interface WorkersSceneOptions {
  readonly count?: number;
  /** By variable. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How each worker answers that is started, unless it is told otherwise later. */
  readonly answers?: Partial<Answers>;
}

/** Workers that a test plays, and what controls them, by a clock that stands still. */
export class WorkersScene implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new RecordedLog();
  readonly observations = new Observations(() => this.clock.now());
  /** In the order of their start, those that were replaced included. */
  readonly all: ScriptedWorker[] = [];
  /** What was asked, and of whom, in the order of their hearing it. */
  readonly heard: string[] = [];
  readonly workers: Workers;
  readonly #values = new WeakMap<Peers, Value>();
  readonly #inForce: InForce<Peers, FileRecipe>;
  /** How the workers answer that are started from now on. */
  answers: Partial<Answers>;

  constructor(
    { count = 2, settings = {}, answers = {} }: WorkersSceneOptions = {},
  ) {
    const variables: Readonly<Record<string, string>> = {
      TLS_LISTEN_HOST: "127.0.0.1",
      TLS_LISTEN_PORT: "0",
      MONITOR_PORT: "0",
      ...settings,
    };
    const lookup = (name: string) => variables[name];
    this.answers = answers;
    this.workers = new Workers(parseConfig({ args: [], lookup }), {
      count,
      deadlines: new Deadlines(this.clock),
      log: this.log.logger,
      accessLog: { line() {} },
      observations: this.observations,
      spawn: (index) => this.#spawn(index),
    });
    this.#inForce = this.workers.inForce("peers", {
      shrinks: (_, after) => this.#values.get(after)?.narrower === true,
      same: Object.is,
    });
  }

  /** Workers that serve, with the value `first` in force. */
  static async start(options: WorkersSceneOptions = {}): Promise<WorkersScene> {
    const scene = new WorkersScene(options);
    await scene.change(new Value("first"));
    await scene.workers.start();
    scene.heard.length = 0;
    return scene;
  }

  /** Those that were not ended. */
  get living(): ScriptedWorker[] {
    return this.all.filter(({ terminated }) => !terminated);
  }

  /** Puts a value in force. Rejects where it is not taken. */
  change(value: Value, { asked = false } = {}): Promise<void> {
    const { peers, recipe } = value;
    this.#values.set(peers, value);
    this.#inForce.onMade?.(peers, recipe);
    const agreed = this.#inForce.agree?.(peers, { asked });
    if (agreed === undefined) throw new Error("nobody must agree");
    return agreed;
  }

  /** How many connections the last change ended, as the log would tell. */
  get retired(): number | undefined {
    const { peers } = new Value("any");
    const any = { material: peers, generation: 1, sequence: 1 };
    return this.#inForce.applied(any, any);
  }

  /** How often workers were asked something. */
  count(question: Question): number {
    return this.heard.filter((one) => one.startsWith(question)).length;
  }

  /** The worker that is started as the `nth` of all, from 0, there or to come. */
  async started(nth: number): Promise<ScriptedWorker> {
    await eventually(() => this.all.length > nth, `worker ${nth} of all`);
    const worker = this.all[nth]!;
    await worker.ask("begin");
    return worker;
  }

  /** Resolves when there are so many events with this message. */
  logged(message: string, times = 1): Promise<void> {
    return eventually(
      () => this.log.messages.filter((one) => one === message).length === times,
      message,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.workers.close();
  }

  #spawn(index: number): Spawned {
    const worker = new ScriptedWorker(index, {
      answers: this.answers,
      onAsked: (question) => void this.heard.push(`${question} ${index}`),
    });
    this.all.push(worker);
    return worker.spawned;
  }
}

/** Lets messages be delivered, and what waits for them go on. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
