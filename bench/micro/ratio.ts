import { quantile } from "../statistics.ts";

/** Long enough for the clock, short enough that most batches run undisturbed. */
const BATCH_MS = 0.25;
/** However long it takes: one call in a batch that costs more is to tell. */
const LEAST_CALLS = 16;
const WARM_UP_BATCHES = 400;
const BATCHES = 800;
/**
 * Of all batches this share was quicker. What else the machine does can only make
 * a batch slower, so that the quickest say most, and the very quickest is luck.
 */
const SHARE = 0.1;

/** A table and octets to look up in it: fixed, whatever becomes of `src/`. */
const TABLE = Uint8Array.from({ length: 256 }, (_, at) => at % 7);
const OCTETS = Uint8Array.from({ length: 512 }, (_, at) => 31 * at % 256);

/**
 * What everything is compared with: octets looked up one by one, a string, an
 * object and a copy, as parsing and writing a head take them. It must not change,
 * or all baselines are void.
 */
export function reference(): number {
  let sum = 0;
  for (let i = 0; i < OCTETS.length; i++) sum += TABLE[OCTETS[i]!]!;
  let text = "";
  for (let i = 0; i < 24; i++) text += String.fromCharCode(97 + i);
  const copy = new Uint8Array(256);
  copy.set(OCTETS.subarray(0, 256));
  const parts = { sum, text: text.toUpperCase(), copy };
  return parts.sum + parts.text.length + parts.copy[7]!;
}

/**
 * How many times as long as the reference an act takes. Batches of the two take
 * turns in one process, so that a slow machine or a busy one slows both.
 */
export function ratioTo(act: () => void): number {
  const repetitions = calibrate(act);
  const ours = calibrate(reference);
  const times: number[] = [];
  const references: number[] = [];
  for (let batch = -WARM_UP_BATCHES; batch < BATCHES; batch++) {
    const took = timeOf(reference, ours) / ours;
    const time = timeOf(act, repetitions) / repetitions;
    if (batch < 0) continue;
    references.push(took);
    times.push(time);
  }
  return quantile(times, SHARE) / quantile(references, SHARE);
}

/** How often an act is repeated for a batch. */
function calibrate(act: () => void): number {
  for (let repetitions = 1;; repetitions *= 2) {
    if (timeOf(act, repetitions) >= BATCH_MS / 2) {
      // Once more, compiled by now.
      const each = timeOf(act, repetitions) / repetitions;
      return Math.max(LEAST_CALLS, Math.ceil(BATCH_MS / each));
    }
  }
}

function timeOf(act: () => void, repetitions: number): number {
  const began = performance.now();
  for (let i = 0; i < repetitions; i++) act();
  return performance.now() - began;
}
