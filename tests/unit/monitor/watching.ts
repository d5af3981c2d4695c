import type { Watched } from "../../../src/monitor/watched.ts";
import { Observations } from "../../../src/observations/observations.ts";
import { MaterialStore } from "../../../src/material/store.ts";
import { materialOf } from "../../support/material.ts";
import { createAuthority } from "../../support/pki.ts";

export const HOUR = 60 * 60 * 1000;

/** In the middle of the validity of what {@linkcode store} holds. */
export const NOW = Date.now();

export const root = createAuthority({ commonName: "Test Root" });

/** A store with one server certificate, valid an hour to either side of {@linkcode NOW}. */
export const store = new MaterialStore(
  await materialOf({
    server: root.issue({
      commonName: "sidecar",
      notBefore: NOW - HOUR,
      notAfter: NOW + HOUR,
    }),
    authorities: [root],
  }),
);

/** A sidecar that serves and lacks nothing, unless told otherwise. */
export function watching(changes: Partial<Watched> = {}): Watched {
  return {
    version: "1.2.3",
    observations: new Observations(() => NOW),
    phase: "serving",
    store,
    followed: [{ differs: undefined, health: { healthy: true } }],
    access: {
      mode: "enforce",
      refuse: "403",
      unverified: "close",
      rules: [],
      peers: null,
    },
    upstreamCertificate: undefined,
    handshaking: 0,
    workers: { wanted: 1, running: 1, silent: [], heapUsed: 0 },
    refresh: () => Promise.resolve(),
    ...changes,
  };
}
