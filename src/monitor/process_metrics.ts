import process from "node:process";
import type { MetricFamily } from "./metric_family.ts";
import type { Watched } from "./watched.ts";

/** What this process takes of the machine, under the names that Prometheus's own clients give them. */
export function processMetrics(
  { observations, workers }: Watched,
): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = Deno.memoryUsage();
  const gauges: [name: string, help: string, value: number | undefined][] = [
    ["process_resident_memory_bytes", "Memory that is resident", rss],
    [
      "mtls_sidecar_heap_bytes",
      "JavaScript heap that is in use",
      heapUsed + workers.heapUsed,
    ],
    [
      "process_start_time_seconds",
      "When the process started, since the epoch",
      observations.startedAt / 1000,
    ],
    ["process_open_fds", "Descriptors that are open", openDescriptors()],
  ];
  return [
    {
      name: "process_cpu_seconds_total",
      help: "Processor time, of the program and of the system for it",
      type: "counter",
      samples: [{ value: (user + system) / 1e6 }],
    },
    ...gauges.flatMap(([name, help, value]): MetricFamily[] =>
      value === undefined
        ? []
        : [{ name, help, type: "gauge", samples: [{ value }] }]
    ),
    {
      name: "mtls_sidecar_event_loop_delay_seconds",
      help: "How late timers are, looked at ten times a second",
      type: "histogram",
      histogram: observations.eventLoopDelay,
    },
  ];
}

/** Undefined where `/proc` may not be read: the runtime's `--allow-read` does not reach it. */
function openDescriptors(): number | undefined {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    return undefined;
  }
}
