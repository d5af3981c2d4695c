import type { Config } from "./config/config.ts";
import {
  type FileRecipe,
  type Followed,
  followFiles,
  type InForce,
} from "./followed_store.ts";
import type { Logger } from "./log.ts";
import { readCertificateAuthorities } from "./material/certificate_authorities.ts";
import { pemOf } from "./material/certificate_file.ts";
import { readOwnCertificate } from "./material/own_certificate.ts";
import { readPrivateKey } from "./material/private_key.ts";
import { Store } from "./material/store.ts";
import type { Journal } from "./observations/journal.ts";
import { systemAnchorsPem, TlsClient } from "./tls/client.ts";
import type { Certificate } from "./x509/certificate.ts";

/** What TLS towards the application is made of. */
export interface UpstreamCredentials {
  readonly client: TlsClient;
  /** What the application is shown, where it is shown one. */
  readonly certificate: Certificate | undefined;
  /** In milliseconds since the epoch. */
  readonly changesAt: number;
  readonly warnings: readonly string[];
}

/** TLS towards the application, as its files have it at the moment. */
export interface FollowedUpstreamTls extends Followed {
  readonly store: Store<UpstreamCredentials>;
}

/**
 * Makes a TLS client for an application behind `https`, and follows the files
 * named by `UPSTREAM_CA_FILE`, `_CERT_FILE` and `_KEY_FILE`, where there are any.
 * Rejects with `SidecarError` where they cannot be used at first, or where no CA
 * is named and the system has none.
 */
export async function followUpstreamTls(
  config: Config,
  { pollMs, inForce, log, journal }: {
    /** How often the content is compared beside the watch, in milliseconds. */
    pollMs: number;
    inForce: InForce<UpstreamCredentials, FileRecipe>;
    log: Logger;
    journal: Journal;
  },
): Promise<FollowedUpstreamTls> {
  const { upstreamCaFile, upstreamCertFile, upstreamKeyFile } = config;
  const paths = [upstreamCaFile, upstreamCertFile, upstreamKeyFile].filter((
    path,
  ) => path !== "");
  if (paths.length === 0) {
    return {
      store: systemCredentials(config),
      reload() {},
      stop: () => Promise.resolve(),
    };
  }
  const warn = ({ warnings }: UpstreamCredentials): void => {
    for (const warning of warnings) {
      log.warning("TLS towards the application", { warning });
    }
  };
  return await followFiles<UpstreamCredentials>({
    name: "TLS towards the application",
    paths,
    pollMs,
    parse: (contents, now) => upstreamCredentialsOf(config, { contents, now }),
    // No client is let in by these.
    shrinks: () => false,
    changesAt: ({ changesAt }) => changesAt,
    inForce,
    tell: {
      loaded: (credentials) => warn(credentials),
      reloaded(credentials) {
        warn(credentials);
        log.info("TLS towards the application reloaded");
      },
      detail: () => paths.join(", "),
    },
    log,
    journal,
  });
}

/** Where no files are named: the system's CAs, and no certificate to show. */
export function systemCredentials(config: Config): Store<UpstreamCredentials> {
  const recipe = { contents: new Map(), now: Date.now() };
  return new Store({
    initial: upstreamCredentialsOf(config, recipe),
    shrinks: () => false,
    same: Object.is,
  });
}

/** The credentials that files give. Throws `SidecarError` for what can't be used. */
export function upstreamCredentialsOf(
  config: Config,
  { contents, now }: FileRecipe,
): UpstreamCredentials {
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
