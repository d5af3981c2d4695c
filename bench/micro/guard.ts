/**
 * Fails where something that runs with every request or connection has become
 * slower than at the commit that baseline.json names: `deno task bench:guard`.
 * Both are timed in turns on this machine, so that neither its kind nor what else
 * it does matters. `--write` names HEAD.
 *
 * Each ratio is the median of several processes, because the compiler does not
 * come to the same code each time; by turns the one and the other is first there.
 * Where there is nothing to compare with, the exit code is 77.
 */
import { join } from "node:path";
import { median } from "../statistics.ts";
import { Baseline, BaselineMissing } from "./baseline.ts";
import { leastRatios, type Ratios } from "./suspects.ts";
import { casesIn, HERE } from "./trees.ts";

/** What is slower by a fifth or a little more must not pass; noise takes its share. */
const LIMIT = 1.15;
/** Even, so that each is first as often as the other. */
const PROCESSES = 6;
const SECOND_THOUGHTS = 2;
/** As the program is run, and without a compiler that gets ready sooner or later. */
const V8_FLAGS = "--no-maglev,--no-concurrent-recompilation";
/** The exit code of a test that was skipped, as elsewhere. */
const SKIPPED = 77;

Deno.exit(await (Deno.args.includes("--write") ? write() : guard()));

async function write(): Promise<number> {
  try {
    console.log(`The baseline is ${await Baseline.write(HERE)}`);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

async function guard(): Promise<number> {
  try {
    await using baseline = await Baseline.layOut(HERE);
    return await compare(baseline);
  } catch (error) {
    if (!(error instanceof BaselineMissing)) throw error;
    console.error(
      `Cannot compare: expected git, and the commit of baseline.json in this clone: ${error.message}`,
    );
    return SKIPPED;
  }
}

async function compare({ commit, directory }: Baseline): Promise<number> {
  const then = commit.slice(0, 12);
  const before = await casesIn(directory);
  const now = await casesIn(HERE);
  const names = [...now.keys()].filter((name) => before.has(name));
  const least = await leastRatios(names, {
    limit: LIMIT,
    secondThoughts: SECOND_THOUGHTS,
    measure: (names) => medianRatios(names, directory),
  });
  console.log(`Times as long as at ${then}:`);
  for (const name of names) console.log(`${least[name]!.toFixed(2)}  ${name}`);
  for (const name of now.keys()) {
    if (!before.has(name)) console.log(`new   ${name}`);
  }
  for (const name of before.keys()) {
    if (!now.has(name)) console.log(`gone  ${name}`);
  }
  const slower = names.filter((name) => least[name]! > LIMIT);
  for (const name of slower) {
    console.error(
      `Too slow: "${name}" takes ${
        least[name]!.toFixed(2)
      } times as long as at ${then}, at most ${LIMIT} is allowed. Profile ` +
        "it with deno bench bench/micro/; if the cost is meant, commit it, run " +
        "deno task bench:guard --write and say why",
    );
  }
  return slower.length > 0 ? 1 : 0;
}

async function medianRatios(
  names: readonly string[],
  directory: string,
): Promise<Ratios> {
  const all: Ratios[] = [];
  for (let i = 0; i < PROCESSES; i++) {
    const { success, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        `--v8-flags=${V8_FLAGS}`,
        "--allow-all",
        join(import.meta.dirname!, "measure.ts"),
        i % 2 === 0 ? "here" : "there",
        directory,
        ...names,
      ],
      stderr: "inherit",
    }).output();
    if (!success) throw new Error("A measurement failed");
    all.push(JSON.parse(new TextDecoder().decode(stdout)));
  }
  return Object.fromEntries(
    names.map((name) => [name, median(all.map((each) => each[name]!))]),
  );
}
