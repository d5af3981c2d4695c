import type { Histogram } from "./histogram.ts";

/** How often the event loop is looked at, in milliseconds. */
const LOOK_MS = 100;

/** Bounds of the event loop's delay, in seconds. A timer is a millisecond late as a rule. */
export const DELAY_BOUNDS: readonly number[] = [
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  1,
];

/**
 * Observes how late the timers of this thread are, in seconds, until the function
 * that is returned is called.
 */
export function observeEventLoop(delay: Histogram): () => void {
  let expected = performance.now() + LOOK_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    delay.observe(Math.max(0, now - expected) / 1000);
    expected = now + LOOK_MS;
  }, LOOK_MS);
  return () => clearInterval(timer);
}
