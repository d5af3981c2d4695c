import { type AccessRule, ruleList } from "../identity/rule_list.ts";
import { boolean, choice, optionalPath, path, seconds } from "./kinds.ts";
import { setting } from "./setting.ts";

const CERTIFICATES = "Certificates";
const ACCESS = "Who may enter";

/** Which certificates there are, and who may enter by them. */
export const TRUST_SETTINGS = {
  certDir: setting({
    variable: "CERT_DIR",
    kind: path,
    default: "/etc/certs",
    group: CERTIFICATES,
    description: "Holds tls.crt and tls.key, or certificate and private_key",
  }),
  caDir: setting({
    variable: "CA_DIR",
    kind: path,
    default: "/etc/ca",
    group: CERTIFICATES,
    description:
      "Holds ca-bundle.pem or ca.crt, which client certificates must lead to",
  }),
  caFromCertDir: setting({
    variable: "CA_FROM_CERT_DIR",
    kind: boolean,
    default: "true",
    group: CERTIFICATES,
    description: "Also trust ca.crt or issuing_ca in CERT_DIR",
  }),
  /** Empty where it is not set. */
  crlFile: setting({
    variable: "CRL_FILE",
    kind: optionalPath,
    default: "",
    group: CERTIFICATES,
    description:
      "CRLs of the CAs, in PEM or DER; if empty, crl.pem in CA_DIR where present",
  }),
  crlExpired: setting({
    variable: "CRL_EXPIRED",
    kind: choice(["refuse", "warn"]),
    default: "refuse",
    group: CERTIFICATES,
    description: "What to do with clients whose CA's CRL has expired",
  }),
  trustDrainSecs: setting({
    variable: "TRUST_DRAIN_SECS",
    kind: seconds({ min: 0, max: 86400 }),
    default: "30",
    group: CERTIFICATES,
    description:
      "How long the request in hand of a client that lost trust may take",
  }),
  refuseLockout: setting({
    variable: "REFUSE_LOCKOUT",
    kind: boolean,
    default: "false",
    group: CERTIFICATES,
    description:
      "Keep the old trust where new would refuse all clients connected now",
  }),
  reloadPollSecs: setting({
    variable: "RELOAD_POLL_SECS",
    kind: seconds({ min: 1, max: 3600 }),
    default: "30",
    group: CERTIFICATES,
    description:
      "How often the files are compared beside the watch on them, in seconds",
  }),
  allowCn: setting<readonly AccessRule[]>({
    variable: "ALLOW_CN",
    kind: ruleList("cn"),
    default: "",
    group: ACCESS,
    description:
      "Common names that may enter; without any rule all clients may",
  }),
  allowOu: setting<readonly AccessRule[]>({
    variable: "ALLOW_OU",
    kind: ruleList("ou"),
    default: "",
    group: ACCESS,
    description: "Organizational units that may enter",
  }),
  allowDns: setting<readonly AccessRule[]>({
    variable: "ALLOW_DNS",
    kind: ruleList("dns"),
    default: "",
    group: ACCESS,
    description: "DNS names that may enter; * is one label, ** several",
  }),
  allowUri: setting<readonly AccessRule[]>({
    variable: "ALLOW_URI",
    kind: ruleList("uri"),
    default: "",
    group: ACCESS,
    description: "URIs that may enter; * is one path segment, ** several",
  }),
  allowSpiffeId: setting<readonly AccessRule[]>({
    variable: "ALLOW_SPIFFE_ID",
    kind: ruleList("spiffe-id"),
    default: "",
    group: ACCESS,
    description: "SPIFFE IDs that may enter, with wildcards as for URIs",
  }),
  allowSpki: setting<readonly AccessRule[]>({
    variable: "ALLOW_SPKI",
    kind: ruleList("spki"),
    default: "",
    group: ACCESS,
    description: "Public keys that may enter, as sha256: and base64 or hex",
  }),
  /** Empty where it is not set. */
  peersFile: setting({
    variable: "PEERS_FILE",
    kind: optionalPath,
    default: "",
    group: ACCESS,
    description: "Pinned peers, in JSON; none if empty",
  }),
  accessMode: setting({
    variable: "ACCESS_MODE",
    kind: choice(["enforce", "audit"]),
    default: "enforce",
    group: ACCESS,
    description: "With audit everyone enters, and who would not is logged",
  }),
  accessRefuse: setting({
    variable: "ACCESS_REFUSE",
    kind: choice(["403", "close"]),
    default: "403",
    group: ACCESS,
    description: "What a client meets that may not enter",
  }),
  unverified: setting({
    variable: "UNVERIFIED",
    kind: choice(["close", "401"]),
    default: "close",
    group: ACCESS,
    description: "What a client meets whose certificate is missing or not good",
  }),
};
