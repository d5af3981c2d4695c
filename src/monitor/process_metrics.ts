import process from "node:process";
import { Histogram } from "../observations/histogram.ts";
import type { MetricFamily } from "./metric_family.ts";

/** How often the event loop is looked at, in milliseconds. */
const LOOK_MS = 100;

/** Bounds of the event loop's delay, in seconds. A timer is a millisecond late as a rule. */
const DELAY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** What this process takes of the machine. */
export class ProcessMetrics {
  readonly #delay = new Histogram(DELAY_BOUNDS);
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #startedAt: number;

  /** `startedAt` in milliseconds since the epoch. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
    let expected = performance.now() + LOOK_MS;
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#delay.observe(Math.max(0, now - expected) / 1000);
      expected = now + LOOK_MS;
    }, LOOK_MS);
  }

  /** Leaves no timer. */
  end(): void {
    clearInterval(this.#timer);
  }

  /** Under the names that Prometheus's own clients give them. */
  families(): MetricFamily[] {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = Deno.memoryUsage();
    const gauges: [name: string, help: string, value: number | undefined][] = [
      ["process_resident_memory_bytes", "Memory that is resident", rss],
      ["mtls_sidecar_heap_bytes", "JavaScript heap that is in use", heapUsed],
      [
        "process_start_time_seconds",
        "When the process started, since the epoch",
        this.#startedAt / 1000,
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
        histogram: this.#delay,
      },
    ];
  }
}

/** Undefined where `/proc` may not be read: the runtime's `--allow-read` does not reach it. */
function openDescriptors(): number | undefined {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    return undefined;
  }
}
