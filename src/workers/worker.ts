/**
 * What a worker runs: a data plane that is told by messages what to do. Loaded
 * with `new Worker`; the first message brings the port by which it is spoken to.
 */
import { WorkerThread } from "./worker_thread.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

addEventListener("message", (event) => {
  const [port] = (event as MessageEvent).ports;
  if (port === undefined) return;
  const thread = new WorkerThread((message: FromWorker) =>
    port.postMessage(message)
  );
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => void thread.take(data);
  // As in the main thread: an error that nobody caught concerns one connection as
  // a rule, and the end of the worker would cut those of everyone else.
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    thread.fault("unhandled rejection", event.reason);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    thread.fault("uncaught exception", event.error);
  });
}, { once: true });
