import { quantile } from "../statistics.ts";

/** Long enough for the clock, short enough that most batches run undisturbed. */
const BATCH_MS = 0.25;
/** However long it takes: one call in a batch that costs more is to tell. */
const LEAST_CALLS = 16;
const WARM_UP_BATCHES = 300;
const BATCHES = 500;
/**
 * Of all batches this share was quicker. What else the machine does can only make
 * a batch slower, so that the quickest say most, and the very quickest is luck.
 */
const SHARE = 0.1;

type Act = () => void;

/**
 * How long each of two acts takes, in milliseconds. Batches of the two take turns
 * in one process, so that a slow machine or a busy one slows both.
 */
export function timesInTurns(one: Act, other: Act): [number, number] {
  const calls = Math.max(callsOf(one), callsOf(other));
  const times: [number[], number[]] = [[], []];
  for (let batch = -WARM_UP_BATCHES; batch < BATCHES; batch++) {
    const first = timeOf(one, calls);
    const second = timeOf(other, calls);
    if (batch < 0) continue;
    times[0].push(first / calls);
    times[1].push(second / calls);
  }
  return [quantile(times[0], SHARE), quantile(times[1], SHARE)];
}

/** How many calls make a batch. */
function callsOf(act: Act): number {
  for (let calls = 1;; calls *= 2) {
    if (timeOf(act, calls) >= BATCH_MS / 2) {
      // Once more, compiled by now.
      const each = timeOf(act, calls) / calls;
      return Math.max(LEAST_CALLS, Math.ceil(BATCH_MS / each));
    }
  }
}

function timeOf(act: Act, calls: number): number {
  const began = performance.now();
  for (let i = 0; i < calls; i++) act();
  return performance.now() - began;
}
