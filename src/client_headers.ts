import type { Config } from "./config/config.ts";
import {
  type IdentityHeaders,
  identityHeaders,
} from "./identity/headers/identity_headers.ts";
import type { Standing } from "./tls/standing.ts";
import type { Certificate } from "./x509/certificate.ts";

/** What the application learns of a client that it need not know, or that is not let in. */
export const NO_HEADERS: IdentityHeaders = Object.freeze({
  lines: Object.freeze([]),
  trimmed: false,
});

/**
 * The headers by which the application learns of a client, as the settings ask
 * for them. `own` is the sidecar's certificate, `peer` the id of the pinned peer
 * that the client is. Throws `LEAF_MALFORMED` where the client cannot be told of
 * without ambiguity, so that it must be refused.
 */
export function clientHeaders(
  config: Pick<
    Config,
    | "injectClientHeaders"
    | "identityHeaders"
    | "xfccDetails"
    | "identityHeadersMaxBytes"
  >,
  { standing, own, peer }: {
    standing: Standing;
    own: Certificate;
    peer: string | undefined;
  },
): IdentityHeaders {
  const { injectClientHeaders, identityHeaders: formats } = config;
  if (!injectClientHeaders && formats.length === 0) return NO_HEADERS;
  return identityHeaders({
    identity: standing.client,
    leaf: standing.presented[0]!,
    chain: standing.chain,
    by: uriNames(own),
    ...(peer !== undefined && { peer }),
  }, {
    basic: injectClientHeaders,
    formats,
    xfccDetails: config.xfccDetails,
    maxOctets: config.identityHeadersMaxBytes,
  });
}

function uriNames({ extensions }: Certificate): readonly string[] {
  return (extensions.subjectAltName ?? []).flatMap((name) =>
    name.form === "uri" ? [name.value] : []
  );
}
