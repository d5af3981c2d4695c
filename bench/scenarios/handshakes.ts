import { isPeer } from "../contender.ts";
import { runWrk, withClientCertificate } from "../generators/wrk.ts";
import type { LoadScenario } from "../scenario.ts";
import { MEMORY_COLUMNS, underLoad } from "../under_load.ts";

/** Full TLS 1.3 handshakes with a client certificate. */
export const FULL_HANDSHAKES: LoadScenario = handshakes("full");

/** Resumed ones. */
export const RESUMED_HANDSHAKES: LoadScenario = handshakes("resumed");

function handshakes(kind: "full" | "resumed"): LoadScenario {
  const title = kind === "full" ? "Full" : "Resumed";
  return {
    name: kind,
    title: `${title} handshakes`,
    note: "wrk, TLS 1.3, P-256 keys on both sides, 32 connections at a time, " +
      "each for one request of 100 octets. CPU is that of the proxy for all of " +
      "it: TCP, handshake, request, end; where its core is not busy, the client " +
      `held the rate back. The client's OpenSSL says that all were ${kind}` +
      (kind === "full" ? "." : ", but for the first 32."),
    needs: ["wrk", "cc"],
    columns: [
      {
        key: "cpu",
        title: "CPU a handshake, µs",
        digits: 0,
        ratio: true,
        digest: `CPU a ${kind} handshake, µs`,
      },
      {
        key: "rate",
        title: "handshakes/s",
        digits: 0,
        ratio: true,
        digest: `${kind} handshakes/s`,
      },
      ...MEMORY_COLUMNS,
    ],
    takes: isPeer,
    async prepare({ bench, pki, seconds }) {
      const env = await withClientCertificate(bench, pki);
      const path = "/bytes/100";
      return (proxy) =>
        underLoad(
          proxy,
          (port) =>
            runWrk(bench, { port, seconds, env, path, handshakes: kind }),
        );
    },
  };
}
