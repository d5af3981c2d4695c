/**
 * Measures once, for guard.ts: how many times as long the cases of this tree take
 * as those of the same names in another, as JSON. What the compiler comes to is
 * not the same in each process, so that one such measurement says little.
 *
 *     measure.ts here|there DIRECTORY NAME…
 *
 * The first word says whose cases are imported, warmed up and timed first.
 */
import type { Case } from "./cases.ts";
import { casesIn, HERE } from "./trees.ts";
import { timesInTurns } from "./turns.ts";

const [first, there, ...names] = Deno.args;
const hereFirst = first === "here";
const trees = hereFirst ? [HERE, there!] : [there!, HERE];
const cases: Map<string, Case>[] = [];
for (const tree of trees) cases.push(await casesIn(tree));

const ratios: Record<string, number> = {};
for (const name of names) {
  const [one, other] = cases.map((each) => each.get(name)!.act);
  const [took, otherTook] = timesInTurns(one!, other!);
  ratios[name] = hereFirst ? took / otherTook : otherTook / took;
}
console.log(JSON.stringify(ratios));
