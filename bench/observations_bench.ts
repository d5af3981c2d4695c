// What counting costs a request, at most 1 µs: deno bench --allow-all bench/observations_bench.ts
import { Observations } from "../src/observations/observations.ts";
import type { Exchanged } from "../src/observations/traffic.ts";

/** Enough that the cost of measuring does not count. */
const REQUESTS = 1000;

const OUTCOMES: readonly Exchanged[] = Array.from(
  { length: 64 },
  (_, i): Exchanged => ({
    protocol: i % 3 === 0 ? "h2" : "http/1.1",
    status: [200, 204, 304, 404, 502][i % 5]!,
    fault: undefined,
    durationMs: 0.2 * 1.1 ** i,
    upstreamMs: 0.1 * 1.1 ** i,
    received: i,
    sent: 1000 * i,
  }),
);

Deno.bench("count 1,000 requests", (b) => {
  const { traffic } = new Observations(Date.now);
  b.start();
  for (let i = 0; i < REQUESTS; i++) {
    traffic.begin();
    traffic.end(OUTCOMES[i % 64]!);
  }
  b.end();
});

Deno.bench("count 1,000 requests that failed", (b) => {
  const { traffic } = new Observations(Date.now);
  const fault = { code: "UPSTREAM_TIMEOUT" } as const;
  const failed = OUTCOMES.map((each): Exchanged => ({ ...each, fault }));
  b.start();
  for (let i = 0; i < REQUESTS; i++) {
    traffic.begin();
    traffic.end(failed[i % 64]!);
  }
  b.end();
});

Deno.bench("count 1,000 handshakes", (b) => {
  const { handshakes } = new Observations(Date.now);
  b.start();
  for (let i = 0; i < REQUESTS; i++) {
    handshakes.complete(handshakes.begin(), i % 2 === 0);
  }
  b.end();
});
