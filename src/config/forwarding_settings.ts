import { boolean, name, octets, optionalPath, words } from "./kinds.ts";
import { setting } from "./setting.ts";

const HEADERS = "Headers";
const SEAL = "The seal on requests to the application";

/** What the application is told beside the request. */
export const FORWARDING_SETTINGS = {
  injectClientHeaders: setting({
    variable: "INJECT_CLIENT_HEADERS",
    kind: boolean,
    default: "false",
    group: HEADERS,
    description: "Tell the application X-Client-CN and X-Client-Subject",
  }),
  identityHeaders: setting({
    variable: "IDENTITY_HEADERS",
    kind: words(["x-client", "xfcc", "rfc9440", "traefik", "nginx"]),
    default: "",
    group: HEADERS,
    description: "Formats in which to tell the application who the client is",
  }),
  xfccDetails: setting({
    variable: "XFCC_DETAILS",
    kind: words(["subject", "uri", "dns", "cert", "chain"]),
    default: "subject,uri,dns",
    group: HEADERS,
    description: "What xfcc says beside By and Hash",
  }),
  identityHeadersMaxBytes: setting({
    variable: "IDENTITY_HEADERS_MAX_BYTES",
    kind: octets({ min: 1024, max: 65536 }),
    default: "8192",
    group: HEADERS,
    description: "Limit on identity headers; certificates are left out first",
  }),
  preserveHost: setting({
    variable: "PRESERVE_HOST",
    kind: boolean,
    default: "false",
    group: HEADERS,
    description: "Pass the client's Host on instead of the application's own",
  }),
  via: setting({
    variable: "VIA",
    kind: boolean,
    default: "true",
    group: HEADERS,
    description: "Add Via to requests (RFC 9110 §7.6.3)",
  }),
  /** Empty where it is not set. */
  sealKeyFile: setting({
    variable: "SEAL_KEY_FILE",
    kind: optionalPath,
    default: "",
    group: SEAL,
    description: "One or two keys to sign each request with; no seal if empty",
  }),
  sealId: setting({
    variable: "SEAL_ID",
    kind: name,
    default: "mtls-sidecar",
    group: SEAL,
    description: "Who signs: the keyid of the signature",
  }),
  sealBody: setting({
    variable: "SEAL_BODY",
    kind: boolean,
    default: "false",
    group: SEAL,
    description: "Also sign bodies, held back until they are whole",
  }),
  sealBodyMaxBytes: setting({
    variable: "SEAL_BODY_MAX_BYTES",
    kind: octets({ min: 1, max: 16777216 }),
    default: "65536",
    group: SEAL,
    description: "Bodies larger than this are passed on unsigned",
  }),
};
