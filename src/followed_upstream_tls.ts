import type { Config } from "./config/config.ts";
import { type Followed, followFiles } from "./followed_store.ts";
import type { Logger } from "./log.ts";
import { readCertificateAuthorities } from "./material/certificate_authorities.ts";
import { pemOf } from "./material/certificate_file.ts";
import { readOwnCertificate } from "./material/own_certificate.ts";
import { readPrivateKey } from "./material/private_key.ts";
import type { Journal } from "./observations/journal.ts";
import { systemAnchorsPem, TlsClient } from "./tls/client.ts";
import type { Certificate } from "./x509/certificate.ts";

/** TLS towards the application, as its files have it at the moment. */
export interface FollowedUpstreamTls extends Followed {
  readonly client: TlsClient;
  /** What the application is shown, where it is shown one. */
  readonly certificate: Certificate | undefined;
}

/** What the files named by `UPSTREAM_CA_FILE`, `_CERT_FILE` and `_KEY_FILE` give. */
interface Loaded {
  readonly client: TlsClient;
  readonly certificate: Certificate | undefined;
  /** In milliseconds since the epoch. */
  readonly changesAt: number;
  readonly warnings: readonly string[];
}

/**
 * Makes a TLS client for an application behind `https`, and follows the files
 * that it is made of. Rejects with `SidecarError` where they cannot be used at
 * first, or where no CA is named and the system has none.
 */
export async function followUpstreamTls(
  config: Config,
  { pollMs, log, journal, onSwap }: {
    /** How often the content is compared beside the watch, in milliseconds. */
    pollMs: number;
    log: Logger;
    journal: Journal;
    /** Told of every new client, after the first. */
    onSwap: () => void;
  },
): Promise<FollowedUpstreamTls> {
  const { upstreamCaFile, upstreamCertFile, upstreamKeyFile } = config;
  const paths = [upstreamCaFile, upstreamCertFile, upstreamKeyFile].filter((
    path,
  ) => path !== "");
  if (paths.length === 0) {
    const { client } = load(config, new Map(), Date.now());
    return {
      client,
      certificate: undefined,
      store: { differs: undefined, health: { healthy: true } },
      reload() {},
      stop: () => Promise.resolve(),
    };
  }
  let current: Loaded | undefined;
  const take = (loaded: Loaded): void => {
    current = loaded;
    for (const warning of loaded.warnings) {
      log.warning("TLS towards the application", { warning });
    }
  };
  const followed = await followFiles<Loaded>({
    name: "TLS towards the application",
    paths,
    pollMs,
    parse: (contents, now) => load(config, contents, now),
    // No client is let in by these.
    shrinks: () => false,
    changesAt: (loaded) => loaded.changesAt,
    onFirst: take,
    onSwap({ material }) {
      take(material);
      onSwap();
      journal.reloaded({
        what: "TLS towards the application",
        outcome: "ok",
        detail: paths.join(", "),
      });
      log.info("TLS towards the application reloaded");
    },
    log,
    journal,
  });
  return {
    ...followed,
    get client() {
      return current!.client;
    },
    get certificate() {
      return current!.certificate;
    },
  };
}

function load(
  config: Config,
  contents: ReadonlyMap<string, Uint8Array>,
  now: number,
): Loaded {
  const { upstreamCaFile, upstreamCertFile, upstreamKeyFile } = config;
  const octetsOf = (path: string): Uint8Array => contents.get(path)!;
  const authorities = upstreamCaFile === ""
    ? undefined
    : readCertificateAuthorities(
      [{ path: upstreamCaFile, octets: octetsOf(upstreamCaFile) }],
      { now, whom: "the application" },
    );
  const key = upstreamKeyFile === ""
    ? undefined
    : readPrivateKey(octetsOf(upstreamKeyFile), upstreamKeyFile);
  const own = key && readOwnCertificate(
    octetsOf(upstreamCertFile),
    upstreamCertFile,
    { key, now, purpose: "clientAuth" },
  );
  const { upstreamServerName: serverName } = config;
  return {
    client: new TlsClient({
      anchorsPem: authorities
        ? [pemOf(authorities.anchors)]
        : systemAnchorsPem(),
      ...(key && own && {
        identity: {
          certificateChainPem: pemOf([own.certificate, ...own.chain]),
          privateKeyPem: key.pem,
        },
      }),
      ...(serverName !== "" && { serverName }),
    }),
    certificate: own?.certificate,
    changesAt: Math.min(
      authorities?.changesAt ?? Infinity,
      own?.changesAt ?? Infinity,
    ),
    warnings: [...authorities?.warnings ?? [], ...own?.warnings ?? []],
  };
}
