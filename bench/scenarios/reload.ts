import { writeDemoPki } from "../../src/commands/demo_pki.ts";
import { isPeer } from "../contender.ts";
import { clientCredentials, serverFingerprint } from "../generators/client.ts";
import { startProxy } from "../proxy.ts";
import type { FreshScenario } from "../scenario.ts";
import { pause } from "../workbench.ts";

const TIMEOUT_MS = 15_000;

/** From a certificate changed on disk to the first handshake with it. */
export const RELOAD: FreshScenario = {
  name: "reload",
  title: "Reload",
  note:
    "From a server certificate replaced on disk to the first handshake that " +
    "shows it, tried every millisecond. This program notices by itself, and " +
    "waits 150 ms for writes to settle; the others are told by a signal at once.",
  needs: [],
  columns: [{
    key: "ms",
    title: "first new handshake, ms",
    digits: 0,
    ratio: true,
    digest: "new certificate to first handshake, ms",
  }],
  fresh: true,
  takes: (contender) => isPeer(contender) && contender.knows.includes("reload"),
  prepare({ bench }) {
    let round = 0;
    return Promise.resolve(async ({ contender, start }) => {
      const make = async (name: string) => {
        const directory = bench.path(`reload-${round}-${name}`);
        await Deno.mkdir(directory);
        return await writeDemoPki(directory, { now: new Date() });
      };
      round++;
      const pki = await make("old");
      const next = await make("new");
      await using proxy = await startProxy(bench, { ...start, contender, pki });
      const credentials = await clientCredentials(pki);
      const old = await serverFingerprint(proxy.port, credentials);
      // A watch may not be up yet when the port is.
      await pause(500);
      const began = performance.now();
      // The pair changes in two steps, as everywhere but in a Kubernetes volume.
      await Deno.rename(next.server.key, pki.server.key);
      await Deno.rename(next.server.certificate, pki.server.certificate);
      await proxy.reload();
      while (await serverFingerprint(proxy.port, credentials) === old) {
        bench.signal.throwIfAborted();
        if (performance.now() - began > TIMEOUT_MS) {
          throw new Error(`${contender.name} keeps its old certificate`);
        }
        await pause(1);
      }
      return { ms: performance.now() - began };
    });
  },
};
