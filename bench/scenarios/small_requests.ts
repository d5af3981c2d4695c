import type { Contender } from "../contender.ts";
import { isPeer } from "../contender.ts";
import { REFERENCE } from "../contenders/nginx.ts";
import { SIDECAR } from "../contenders/sidecar.ts";
import { runH2load } from "../generators/h2load.ts";
import { runWrk, withClientCertificate } from "../generators/wrk.ts";
import type { Column, LoadScenario, Sample, Stage } from "../scenario.ts";
import type { RunningProxy } from "../proxy.ts";
import { MEMORY_COLUMNS, underLoad } from "../under_load.ts";

const PATH = "/bytes/100";

/** HTTP/1.1 with 32 kept-alive connections, as fast as it is answered. */
export const HTTP1_SMALL: LoadScenario = {
  name: "http1",
  title: "Small requests, HTTP/1.1",
  note: "wrk, 32 kept-alive connections, answers of 100 octets.",
  needs: ["wrk", "cc"],
  columns: columns("CPU a request, HTTP/1.1, µs"),
  takes: isPeer,
  prepare: smallRequests,
};

/** HTTP/2 with 8 connections of 32 streams. */
export const HTTP2_SMALL: LoadScenario = {
  name: "http2",
  title: "Small requests, HTTP/2",
  note: "h2load, 8 connections of up to 32 streams at a time, answers of 100 " +
    "octets; HTTP/1.1 towards the application.",
  needs: ["h2load", "cc"],
  columns: columns("CPU a request, HTTP/2, µs"),
  takes: (contender) => isPeer(contender) && contender.knows.includes("h2"),
  async prepare({ bench, pki, seconds }) {
    const env = await withClientCertificate(bench, pki);
    const flags = ["-c8", "-m32"];
    return (proxy) =>
      underLoad(
        proxy,
        (port) => runH2load(bench, { port, seconds, env, path: PATH, flags }),
      );
  },
};

/** What log, metrics and seal cost, each beside this program with all three off. */
export const SETTINGS: LoadScenario = {
  ...HTTP1_SMALL,
  name: "settings",
  title: "What log, metrics and seal cost",
  note: "As small requests over HTTP/1.1. The first row has all of them off; " +
    "nginx is there with and without a JSON line a request.",
  columns: columns(),
  takes: ({ kind, name }) =>
    kind === "setting" || name === SIDECAR || name === REFERENCE,
};

/** What a TypeScript proxy on this runtime cannot go below. */
export const FLOORS: LoadScenario = {
  ...HTTP1_SMALL,
  name: "floors",
  title: "Floors",
  note: "As small requests over HTTP/1.1. *TLS alone* decrypts on the " +
    "sidecar's own door, finds the end of a request, and answers from memory; " +
    "*splice alone* hands the octets to a connection of its own to the " +
    "application and back without reading them.",
  columns: columns(),
  takes: ({ kind, name }: Contender) =>
    kind === "floor" || name === SIDECAR || name === REFERENCE,
};

function columns(digest?: string): Column[] {
  return [
    {
      key: "cpu",
      title: "CPU a request, µs",
      digits: 1,
      ratio: true,
      ...(digest === undefined ? {} : { digest }),
    },
    { key: "rate", title: "requests/s", digits: 0 },
    ...MEMORY_COLUMNS,
  ];
}

async function smallRequests(
  { bench, pki, seconds }: Stage,
): Promise<(proxy: RunningProxy) => Promise<Sample>> {
  const env = await withClientCertificate(bench, pki);
  return (proxy) =>
    underLoad(
      proxy,
      (port) => runWrk(bench, { port, seconds, env, path: PATH }),
    );
}
