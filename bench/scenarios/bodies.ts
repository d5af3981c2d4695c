import { isPeer } from "../contender.ts";
import { transferBodies } from "../generators/curl.ts";
import { runWrk, withClientCertificate } from "../generators/wrk.ts";
import type { Column, LoadScenario } from "../scenario.ts";
import { MEMORY_COLUMNS, underLoad } from "../under_load.ts";

const LARGE_BYTES = 100_000_000;
/** Large bodies a run: enough CPU time for a clock that ticks every 10 ms. */
const LARGE_TIMES = 3;
const MEDIUM_BYTES = 65_536;

type Direction = "down" | "up";

/** Bodies of 100 MB, one after the other over one connection. */
export function largeBodies(
  direction: Direction,
  protocol: "HTTP/1.1" | "HTTP/2" = "HTTP/1.1",
): LoadScenario {
  const isHttp2 = protocol === "HTTP/2";
  return {
    name: `100mb-${direction}${isHttp2 ? "-http2" : ""}`,
    title: `100 MB ${direction}${isHttp2 ? ", HTTP/2" : ""}`,
    note: `curl, ${protocol}, ${LARGE_TIMES} bodies over one connection.`,
    needs: ["curl"],
    columns: [
      {
        key: "cpu",
        title: "CPU a GB, s",
        digits: 2,
        ratio: true,
        digest: `CPU a GB ${direction}${isHttp2 ? ", HTTP/2" : ""}, s`,
      },
      { key: "rate", title: "MB/s", digits: 0 },
      { key: "efficiency", title: "MB a CPU second", digits: 0, ratio: true },
      ...MEMORY_COLUMNS,
    ],
    takes: (contender) =>
      isPeer(contender) && (!isHttp2 || contender.knows.includes("h2")),
    async prepare({ bench, pki }) {
      const file = await bench.bodyFile(LARGE_BYTES);
      return async (proxy) => {
        const sample = await underLoad(proxy, async (port) => {
          const seconds = await transferBodies(bench, {
            port,
            pki,
            direction,
            protocol,
            file,
            bytes: LARGE_BYTES,
            times: LARGE_TIMES,
          });
          return { amount: LARGE_BYTES * LARGE_TIMES / 1e6, seconds };
        });
        // Microseconds a MB are milliseconds a GB.
        const cpu = (sample.cpu ?? NaN) / 1_000;
        return { ...sample, cpu, efficiency: 1_000 / cpu };
      };
    },
  };
}

/** Bodies of 64 KiB over 32 kept-alive connections. */
export function mediumBodies(direction: Direction): LoadScenario {
  return {
    name: `64k-${direction}`,
    title: `64 KiB ${direction}`,
    note: "wrk, HTTP/1.1, 32 kept-alive connections.",
    needs: ["wrk", "cc"],
    columns: mediumColumns(direction),
    takes: isPeer,
    async prepare({ bench, pki, seconds }) {
      const env = await withClientCertificate(bench, pki);
      await bench.bodyFile(MEDIUM_BYTES);
      const asked = direction === "down"
        ? { path: `/bytes/${MEDIUM_BYTES}` }
        : { path: "/upload/64k", upload: MEDIUM_BYTES };
      return (proxy) =>
        underLoad(
          proxy,
          (port) => runWrk(bench, { port, seconds, env, ...asked }),
        );
    },
  };
}

function mediumColumns(direction: Direction): Column[] {
  return [
    {
      key: "cpu",
      title: "CPU a request, µs",
      digits: 0,
      ratio: true,
      digest: `CPU a body of 64 KiB ${direction}, µs`,
    },
    { key: "rate", title: "requests/s", digits: 0 },
    ...MEMORY_COLUMNS,
  ];
}
