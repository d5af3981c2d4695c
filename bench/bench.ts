/**
 * Compares this program with nginx as mTLS proxy and with `node:https` +
 * `fetch`, side by side on this machine; `--help` says how.
 */
import { join } from "node:path";
import { writeDemoPki } from "../src/commands/demo_pki.ts";
import { bigBodies } from "./big_bodies.ts";
import { compare } from "./compare.ts";
import { fetchShape, NGINX, sealingSidecar, sidecar } from "./contenders.ts";
import { describeMachine } from "./machine.ts";
import { type BenchOptions, parseOptions, USAGE } from "./options.ts";
import { resultsPage } from "./report.ts";
import { Workbench } from "./workbench.ts";

/** Core 0 is the measured proxies' alone, core 1 of everything else. */
const PROXY_CORE = 0;
const OTHER_CORE = 1;

const interrupt = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(name, () => interrupt.abort(new Error(name)));
}
try {
  const options = parseOptions(Deno.args);
  const held = options ? await bench(options) : console.log(USAGE);
  Deno.exit(held === false ? 1 : 0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}

/** Returns false if a limit was not held. */
async function bench(options: BenchOptions): Promise<boolean> {
  const machine = await describeMachine();
  if (machine.cores < 2) {
    throw new Error("Cannot compare on one core: the load needs another");
  }
  await using workbench = new Workbench(interrupt.signal);
  const pki = await writeDemoPki(workbench.directory, { now: new Date() });
  if (machine.programs.has("taskset")) {
    const pin = ["taskset", "--all-tasks", "--cpu-list", "--pid"];
    await workbench.run([...pin, `${OTHER_CORE}`, `${Deno.pid}`]);
  }
  if (options.bodies) {
    const missing = ["curl", "taskset"].filter((program) =>
      !machine.programs.has(program)
    );
    if (missing.length > 0) {
      console.log(`skipped (missing: ${missing.join(", ")})`);
      return true;
    }
    return await bigBodies(workbench, {
      contender: await sidecar(options.sidecar),
      pki,
      core: PROXY_CORE,
      write: console.log,
    });
  }
  const comparison = await compare(workbench, {
    contenders: [
      await sidecar(options.sidecar),
      await sealingSidecar(options.sidecar),
      NGINX,
      await fetchShape(),
    ],
    pki,
    core: PROXY_CORE,
    runs: options.runs,
    seconds: options.seconds,
    installed: (program) => machine.programs.has(program),
    progress: console.error,
  });
  const text = resultsPage(comparison, {
    machine,
    date: new Date(),
    runs: options.runs,
    seconds: options.seconds,
  });
  console.log(text);
  if (options.quick || options.sidecar !== undefined) {
    console.error("A trial: bench/results.md is left as it is");
  } else {
    const file = join(import.meta.dirname ?? ".", "results.md");
    await Deno.writeTextFile(file, text);
  }
  return true;
}
