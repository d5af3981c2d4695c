import type { AdmittedBy } from "../identity/access_policy.ts";
import type { HeaderFormat } from "../identity/headers/identity_headers.ts";
import type { PeersDescription } from "../identity/peers.ts";
import type { RuleForm } from "../identity/rule_grammar.ts";
import type { ErrorCode } from "../errors.ts";
import type { Standing } from "./check_time.ts";

/**
 * What `check` found, and the object that `check --json` prints. Times are RFC
 * 3339 in UTC. A part that could not be read is absent, and `problems` says why.
 * Fields may be added; one is renamed, dropped or given another meaning only
 * with another `version`.
 */
export interface CheckReport {
  readonly version: 1;
  readonly checkedAt: string;
  /**
   * Whether `serve` would start with these settings and files. That its ports
   * are free and the application is there is not asked.
   */
  readonly wouldStart: boolean;
  /** The settings that are not as by default, by their variables. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly certificate?: OwnCertificateReport;
  /** The CAs that are trusted; those that are left out are among `warnings`. */
  readonly authorities?: readonly CertificateReport[];
  readonly revocationLists?: readonly RevocationListReport[];
  readonly access?: AccessReport;
  /** Absent without `PEERS_FILE`, too. */
  readonly peers?: PeersReport;
  readonly identityHeaders?: IdentityHeadersReport;
  /** Absent without `SEAL_KEY_FILE`, too. */
  readonly seal?: SealReport;
  /** Absent without `--client-cert`, and where nobody could enter for `problems`. */
  readonly client?: ClientReport;
  /** What may be meant so. */
  readonly notes: readonly string[];
  /** What should probably be mended. */
  readonly warnings: readonly string[];
  /** What keeps `serve` from starting. */
  readonly problems: readonly ProblemReport[];
}

export interface ProblemReport {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface CertificateReport {
  /** RFC 4514, in printable ASCII. */
  readonly subject: string;
  readonly issuer: string;
  /** The content octets in lower-case hex. */
  readonly serial: string;
  /** SHA-256 in lower-case hex. */
  readonly fingerprint: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** Whole days until `notAfter`; negative once that has passed. */
  readonly daysLeft: number;
  readonly standing: Standing;
}

export interface OwnCertificateReport extends CertificateReport {
  readonly file: string;
  /** Subject alternative names, such as `DNS:localhost`. */
  readonly names: readonly string[];
  /** For example `EC P-256`; absent where the key could not be read. */
  readonly keyType?: string;
  /** What is sent after it, as the file orders them. */
  readonly chain: readonly CertificateReport[];
}

export interface RevocationListReport {
  readonly issuer: string;
  /** Where it stands, for example `CRL 1 (line 1) of "/etc/ca/crl.pem"`. */
  readonly place: string;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  readonly standing: Standing;
  /** How many certificates it revokes. */
  readonly entries: number;
  /** Its CRL number in decimal, where it has one. */
  readonly number?: string;
}

export interface AccessReport {
  /** `ACCESS_MODE` */
  readonly mode: "enforce" | "audit";
  /** `ACCESS_REFUSE` */
  readonly refuse: "403" | "close";
  /** `UNVERIFIED` */
  readonly unverified: "401" | "close";
  /** In the order of the settings; none lets every verified client in. */
  readonly rules: readonly { readonly form: RuleForm; readonly text: string }[];
}

export interface PeersReport extends PeersDescription {
  readonly file: string;
}

export interface IdentityHeadersReport {
  /** `INJECT_CLIENT_HEADERS` */
  readonly basic: boolean;
  readonly formats: readonly HeaderFormat[];
}

export interface SealReport {
  readonly file: string;
  /** How many keys the file has; the first one signs. */
  readonly keys: number;
  /** `SEAL_ID` */
  readonly id: string;
  /** `SEAL_BODY` */
  readonly body: boolean;
}

/** Whether the client of `--client-cert` would get in now. */
export interface ClientReport {
  readonly file: string;
  readonly admitted: boolean;
  /** By what, where it is. */
  readonly by?: AdmittedBy;
  /** The text of the rule, where one lets it in. */
  readonly rule?: string;
  /** The id of the pinned peer that it is. */
  readonly peer?: string;
  /** When what lets it in ends, short of its certificates: `bootstrapUntil`. */
  readonly until?: string;
  /** Why it would not get in, or in audit mode would not but for that. */
  readonly refusal?: {
    readonly code: ErrorCode;
    readonly detail: string;
    /** What would let it in, a sentence each. */
    readonly remedies: readonly string[];
    /** What it would meet: an HTTP status, or the end of its connection. Absent in audit mode and where the file could not be read. */
    readonly meets?: "401" | "403" | "close";
  };
  /** Absent where it could not be read. */
  readonly certificate?: ClientCertificateReport;
  /** The identity headers that the application would see, in their order. */
  readonly headers: readonly {
    readonly name: string;
    readonly value: string;
  }[];
  /** Whether certificates are left out of the headers because all is too large with them. */
  readonly headersTrimmed: boolean;
}

export interface ClientCertificateReport extends CertificateReport {
  /** Subject alternative names, such as `URI:spiffe://acme/billing`. */
  readonly names: readonly string[];
  /** As rules and `PEERS_FILE` take it: `sha256:` and base64. */
  readonly spki: string;
}
