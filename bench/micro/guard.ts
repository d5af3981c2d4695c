/**
 * Fails where something that runs with every request or connection has become
 * slower: `deno task bench:guard`. It compares ratios to a fixed loop with those
 * in baseline.json, not times. `--write` measures a new baseline.
 *
 * Each ratio is the median of several processes, because the compiler does not
 * come to the same code each time. What seems slower is measured again before it
 * counts.
 */
import { median } from "../statistics.ts";
import { allCases } from "./cases.ts";
import { ratioTo } from "./ratio.ts";

/** What is slower than the baseline by a fifth must not pass; noise takes its share. */
const LIMIT = 1.15;
const PROCESSES = 5;
/** As the program is run, and without a compiler that gets ready sooner or later. */
const V8_FLAGS = "--no-maglev,--no-concurrent-recompilation";
/** How often what seems slower is measured again. */
const SECOND_THOUGHTS = 2;

const FILE = new URL("baseline.json", import.meta.url);

type Ratios = Record<string, number>;

if (Deno.args[0] === "--one") {
  console.log(JSON.stringify(await measure(Deno.args.slice(1))));
} else Deno.exit(await guard(Deno.args.includes("--write")));

async function guard(write: boolean): Promise<number> {
  const names = (await allCases()).map(({ name }) => name);
  if (write) {
    const ratios = await medianRatios(names, 3 * PROCESSES);
    const text = JSON.stringify(
      ratios,
      (_, value) =>
        typeof value === "number" ? Number(value.toFixed(3)) : value,
      2,
    );
    await Deno.writeTextFile(FILE, `${text}\n`);
    return 0;
  }
  const baseline: Ratios = JSON.parse(await Deno.readTextFile(FILE));
  const unknown = names.filter((name) => !(name in baseline));
  if (unknown.length > 0) {
    console.error(
      `Cannot judge ${
        unknown.join(", ")
      }: expected a ratio in baseline.json; ` +
        "run deno task bench:guard --write",
    );
    return 1;
  }
  const slowdown = (name: string, ratios: Ratios) =>
    ratios[name]! / baseline[name]!;
  const least: Ratios = {};
  let suspects = names;
  for (
    let round = 0;
    round <= SECOND_THOUGHTS && suspects.length > 0;
    round++
  ) {
    const ratios = await medianRatios(suspects, PROCESSES);
    for (const name of suspects) {
      least[name] = Math.min(least[name] ?? Infinity, slowdown(name, ratios));
    }
    suspects = suspects.filter((name) => least[name]! > LIMIT);
  }
  for (const name of names) {
    console.log(`${least[name]!.toFixed(2)} of the baseline: ${name}`);
  }
  for (const name of suspects) {
    console.error(
      `Too slow: "${name}" takes ${
        least[name]!.toFixed(2)
      } times as long as in baseline.json, at most ${LIMIT} is allowed. Profile ` +
        "it with deno bench bench/micro/; if the cost is meant, run " +
        "deno task bench:guard --write and say why in the commit",
    );
  }
  return suspects.length > 0 ? 1 : 0;
}

async function medianRatios(
  names: readonly string[],
  processes: number,
): Promise<Ratios> {
  const all: Ratios[] = [];
  for (let i = 0; i < processes; i++) {
    const { success, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        `--v8-flags=${V8_FLAGS}`,
        "--allow-all",
        import.meta.filename!,
        "--one",
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

async function measure(names: readonly string[]): Promise<Ratios> {
  const ratios: Ratios = {};
  for (const { name, act } of await allCases()) {
    if (names.includes(name)) ratios[name] = ratioTo(act);
  }
  return ratios;
}
