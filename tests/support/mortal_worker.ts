/**
 * A worker as the program's, but for its end: it ends by an error that nobody
 * catches when it is told to. A message without a port tells it.
 */
import "../../src/workers/worker.ts";

// Before the worker's own, which would keep it alive.
addEventListener("error", (event) => event.stopImmediatePropagation());
addEventListener("message", (event) => {
  const { ports } = event as MessageEvent;
  if (ports.length === 0) throw new Error("told to end");
});
