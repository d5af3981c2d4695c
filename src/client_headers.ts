import type { Config } from "./config/config.ts";
import {
  headerLines,
  type IdentityHeaders,
  identityHeaders,
} from "./identity/headers/identity_headers.ts";
import type { Standing } from "./tls/standing.ts";
import type { Certificate } from "./x509/certificate.ts";

/** Where the settings ask for none. */
export const NO_HEADERS: IdentityHeaders = Object.freeze({
  lines: Object.freeze([]),
  trimmed: false,
});

/** What of the settings says which headers there are. */
type HeaderSettings = Pick<
  Config,
  | "injectClientHeaders"
  | "identityHeaders"
  | "xfccDetails"
  | "identityHeadersMaxBytes"
>;

/** What the headers are made of, beside the settings. */
interface HeaderGrounds {
  readonly standing: Standing;
  /** The sidecar's certificate. */
  readonly own: Certificate;
  /** The id of the pinned peer that the client is. */
  readonly peer: string | undefined;
}

/** What the application learns of a client with each of its requests. */
export interface ToldHeaders extends IdentityHeaders {
  /** The lines as they stand in a head, each ended by CR LF. */
  readonly octets: Uint8Array;
}

/** What the application would learn of a client that is not let in. */
export const NOTHING_TOLD: ToldHeaders = Object.freeze({
  ...NO_HEADERS,
  octets: new Uint8Array(0),
});

/**
 * The headers of clients that come again and again, made once for as long as what
 * they are made of stays the same.
 */
export class ClientHeaders {
  readonly #settings: HeaderSettings;
  /** Goes with the guard's memory of the client. */
  readonly #made = new WeakMap<Standing, HeaderGrounds & ToldHeaders>();

  constructor(settings: HeaderSettings) {
    this.#settings = settings;
  }

  /** Throws as `clientHeaders` does. */
  of(grounds: HeaderGrounds): ToldHeaders {
    const { standing, own, peer } = grounds;
    const made = this.#made.get(standing);
    if (made?.own === own && made.peer === peer) return made;
    const headers = clientHeaders(this.#settings, grounds);
    const told = { ...grounds, ...headers, octets: headerLines(headers) };
    this.#made.set(standing, told);
    return told;
  }
}

/**
 * The headers by which the application learns of a client, as the settings ask
 * for them. Throws `LEAF_MALFORMED` where the client cannot be told of without
 * ambiguity, so that it must be refused.
 */
export function clientHeaders(
  settings: HeaderSettings,
  { standing, own, peer }: HeaderGrounds,
): IdentityHeaders {
  const { injectClientHeaders, identityHeaders: formats } = settings;
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
    xfccDetails: settings.xfccDetails,
    maxOctets: settings.identityHeadersMaxBytes,
  });
}

function uriNames({ extensions }: Certificate): readonly string[] {
  return (extensions.subjectAltName ?? []).flatMap((name) =>
    name.form === "uri" ? [name.value] : []
  );
}
