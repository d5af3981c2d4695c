import assert from "node:assert/strict";
import {
  balance,
  discountedRate,
  type Observed,
  readyShare,
} from "../../../bench/speed_up.ts";

/** Ten seconds of threads that ran and waited for a core for so long. */
function observed(
  threads: readonly (readonly [ran: number, waited: number])[],
  { cpu }: { cpu: number },
): Observed {
  return {
    rate: 1_000,
    seconds: 10,
    cpu,
    serving: threads.map(([ran, waited]) => ({ name: "", ran, waited })),
  };
}

Deno.test("discountedRate() gives threads the time in which they were ready to run, and no more", () => {
  const alone = observed([[5, 4]], { cpu: 5 });
  assert.equal(discountedRate(alone, 2), 1_800);
  const two = observed([[5, 4], [3, 4]], { cpu: 8 });
  assert.equal(discountedRate(two, 2), 2_000);
});

Deno.test("discountedRate() gives all threads together no more than the cores there are", () => {
  const collecting = observed([[4, 6], [4, 6]], { cpu: 10 });
  assert.equal(discountedRate(collecting, 2), 2_000);
});

Deno.test("readyShare() counts what threads waited for a core", () => {
  assert.equal(readyShare(observed([[5, 4], [3, 4]], { cpu: 8 })), 0.8);
});

Deno.test("balance() is the mean ready time of the threads to the longest", () => {
  assert.equal(balance(observed([[6, 2], [1, 3]], { cpu: 7 })), 0.75);
  assert.equal(balance(observed([[6, 0]], { cpu: 6 })), 1);
});
