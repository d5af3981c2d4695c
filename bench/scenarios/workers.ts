import { withWorkers } from "../contenders/sidecar.ts";
import {
  runWrk,
  withClientCertificate,
  type WrkOptions,
} from "../generators/wrk.ts";
import { cpuSeconds } from "../process_figures.ts";
import type { RunningProxy } from "../proxy.ts";
import type { LoadScenario, Sample } from "../scenario.ts";
import { balance, discountedRate, readyShare } from "../speed_up.ts";
import { threadTimes, timesBetween, type TimesById } from "../thread_times.ts";
import type { Done } from "../under_load.ts";
import { STEADY } from "./steady.ts";

/** The cores that the two of them have. */
const TWO_CORES = 2;

/** One worker and two, small requests. */
export const WORKERS: LoadScenario = twoWorkers({
  name: "workers",
  title: "Two workers, small requests",
  amount: "request",
});

/** One worker and two, full handshakes. */
export const WORKERS_FULL: LoadScenario = twoWorkers({
  name: "workers-full",
  title: "Two workers, full handshakes",
  amount: "handshake",
  handshakes: "full",
});

/** What one worker more takes of memory. */
export const WORKERS_STEADY: LoadScenario = {
  ...STEADY,
  name: "workers-steady",
  title: "One to three workers, 1,000 requests a second",
  note: "As 1,000 requests a second, but on both cores and with the load " +
    "before them.",
  // The digest is of one worker beside others, not of several.
  columns: STEADY.columns.map(({ digest: _, ...column }) => column),
  reference: withWorkers(1),
  takes: ({ kind }) => kind === "workers",
};

function twoWorkers(
  { name, title, amount, handshakes }: {
    name: string;
    title: string;
    amount: string;
    handshakes?: "full";
  },
): LoadScenario {
  const both = [withWorkers(1), withWorkers(2)];
  return {
    name,
    title,
    note:
      "The load of one thread above. The program has both cores and shares " +
      "one of them with the load, which goes first. *On free cores* are " +
      `${amount}s a second with the load elsewhere: a thread that serves would ` +
      "run for as long as it was ready here, running or waiting for a core, and " +
      "all threads together would have no more than those cores. With *a free " +
      "core each* one worker has one; with *two*, the threads that compile and " +
      "collect garbage for it have the other. *Ready* is the mean of the threads " +
      "that serve, *balance* that mean to the longest.",
    needs: ["wrk", "cc"],
    columns: [
      { key: "each", title: "with a free core each", digits: 0, ratio: true },
      { key: "two", title: "with two free cores", digits: 0, ratio: true },
      { key: "rate", title: `${amount}s/s here`, digits: 0, ratio: true },
      { key: "cpu", title: `CPU a ${amount}, µs`, digits: 1, ratio: true },
      { key: "cores", title: "cores used", digits: 2 },
      { key: "ready", title: "ready, %", digits: 0 },
      { key: "balance", title: "balance", digits: 2 },
      { key: "main", title: "main thread, %", digits: 1 },
    ],
    reference: withWorkers(1),
    takes: ({ name }) => both.includes(name),
    async prepare({ bench, pki, seconds }) {
      const env = await withClientCertificate(bench, pki);
      const load: Omit<WrkOptions, "port"> = {
        seconds,
        env,
        path: "/bytes/100",
        ...(handshakes && { handshakes }),
      };
      return (proxy) =>
        observe(proxy, () => runWrk(bench, { ...load, port: proxy.port }));
    },
  };
}

/** Runs a load and tells how the threads of the proxy shared it. */
async function observe(
  { pid }: RunningProxy,
  run: () => Promise<Done>,
): Promise<Sample> {
  const cpuBefore = cpuSeconds(pid);
  const before = threadTimes(pid);
  const began = performance.now();
  const done = await run();
  const seconds = (performance.now() - began) / 1_000;
  const times = timesBetween(before, threadTimes(pid));
  const cpu = cpuSeconds(pid) - cpuBefore;
  const observed = {
    rate: done.amount / seconds,
    seconds,
    cpu,
    serving: servingThreads(times, pid),
  };
  return {
    each: discountedRate(observed, observed.serving.length),
    two: discountedRate(observed, TWO_CORES),
    rate: observed.rate,
    cpu: cpu / done.amount * 1e6,
    cores: cpu / seconds,
    ready: 100 * readyShare(observed),
    balance: balance(observed),
    main: 100 * (times.get(pid)?.ran ?? NaN) / seconds,
  };
}

/** The workers; without any, the main thread, whose id is that of the process. */
function servingThreads(times: TimesById, pid: number) {
  const workers = [...times.values()].filter(({ name }) =>
    name.startsWith("worker-")
  );
  const main = times.get(pid);
  return workers.length > 0 || main === undefined ? workers : [main];
}
