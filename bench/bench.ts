/**
 * Compares this program with nginx and what else the machine has as mTLS proxy,
 * side by side on this machine; `--help` says how.
 */
import { join } from "node:path";
import { writeDemoPki } from "../src/commands/demo_pki.ts";
import { bigBodies } from "./big_bodies.ts";
import type { Contender } from "./contender.ts";
import { allContenders } from "./contenders/all.ts";
import { REFERENCE } from "./contenders/nginx.ts";
import { SIDECAR } from "./contenders/sidecar.ts";
import { OTHER_CORE, PROXY_CORE } from "./cores.ts";
import { describeMachine } from "./machine.ts";
import { type BenchOptions, parseOptions, USAGE } from "./options.ts";
import { chart } from "./report/chart.ts";
import { resultsPage } from "./report/page.ts";
import { withDigest } from "./report/readme.ts";
import { digestLines } from "./report/table.ts";
import { type Outcome, runScenarios } from "./run.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import { Workbench } from "./workbench.ts";

/** Too long for a minute's run. */
const NOT_QUICK = [
  "idle-10000",
  "floors",
  "settings",
  "workers",
  "workers-full",
  "workers-steady",
];

const HERE = import.meta.dirname ?? ".";
const NAMES = SCENARIOS.map(({ name }) => name).join(", ");

const interrupt = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(name, () => interrupt.abort(new Error(name)));
}
try {
  const options = parseOptions(Deno.args);
  const held = options
    ? await bench(options)
    : console.log(`${USAGE}\n\nScenarios: ${NAMES}`);
  Deno.exit(held === false ? 1 : 0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}

/** Returns false if a limit was not held. */
async function bench(options: BenchOptions): Promise<boolean> {
  const scenarios = chosenScenarios(options);
  const contenders = (await allContenders(options.sidecar)).filter(
    ({ name }) => takesPart(name, options.against),
  );
  const machine = await describeMachine();
  if (machine.cores < 2) {
    throw new Error("Cannot compare on one core: the load needs another");
  }
  const needed = ["taskset", ...options.bodies ? ["curl"] : ["nginx"]];
  const missing = needed.filter((name) => !machine.programs.has(name));
  if (missing.length > 0) {
    console.log(`skipped (missing: ${missing.join(", ")})`);
    return true;
  }
  const [load = 0] = Deno.loadavg();
  await using workbench = new Workbench(interrupt.signal);
  const pki = await writeDemoPki(workbench.directory, { now: new Date() });
  const pin = ["taskset", "--all-tasks", "--cpu-list", "--pid"];
  await workbench.run([...pin, `${OTHER_CORE}`, `${Deno.pid}`]);
  if (options.bodies) {
    return await bigBodies(workbench, {
      contender: own(contenders),
      pki,
      core: PROXY_CORE,
      write: console.log,
    });
  }
  const { runs, seconds, quick } = options;
  const outcomes = await runScenarios(workbench, {
    scenarios,
    contenders,
    pki,
    core: PROXY_CORE,
    runs,
    seconds,
    settleMs: quick ? 200 : 2_000,
    installed: (program) => machine.programs.has(program),
    progress: console.error,
  });
  const date = new Date();
  const page = resultsPage(outcomes, { machine, date, runs, seconds, load });
  console.log(page);
  if (options.write) await write(page, outcomes);
  else console.error("A trial: bench/results.md is left as it is");
  return true;
}

async function write(page: string, outcomes: Outcome[]): Promise<void> {
  await Deno.writeTextFile(join(HERE, "results.md"), page);
  await Deno.writeTextFile(
    join(HERE, "results.svg"),
    chart(digestLines(outcomes), SIDECAR),
  );
  const readme = join(HERE, "..", "README.md");
  await Deno.writeTextFile(
    readme,
    withDigest(await Deno.readTextFile(readme), outcomes),
  );
}

function chosenScenarios({ only, quick }: BenchOptions): Scenario[] {
  const unknown = only.find((name) =>
    !SCENARIOS.some((scenario) => scenario.name === name)
  );
  if (unknown !== undefined) {
    throw new TypeError(`Cannot parse --only "${unknown}": expected ${NAMES}`);
  }
  return SCENARIOS.filter(({ name }) =>
    only.length > 0 ? only.includes(name) : !quick || !NOT_QUICK.includes(name)
  );
}

function takesPart(name: string, against: readonly string[]): boolean {
  return against.length === 0 || name === SIDECAR || name === REFERENCE ||
    against.some((beginning) => name.startsWith(beginning));
}

function own(contenders: readonly Contender[]): Contender {
  const contender = contenders.find(({ name }) => name === SIDECAR);
  if (!contender) throw new Error(`Cannot find ${SIDECAR}`);
  return contender;
}
