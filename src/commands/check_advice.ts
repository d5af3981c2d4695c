import { allowRules } from "../config/allow_rules.ts";
import type { Config } from "../config/config.ts";
import type { PeersDescription } from "../identity/peers.ts";
import type { CertificateReport, CheckReport } from "./check_report.ts";
import { duration } from "./check_time.ts";

/** Warns of certificates and CRLs whose time is nearly up. Of those whose time is over the loaders tell. */
export function expiryWarnings(
  { certificate, authorities = [], revocationLists = [] }: Pick<
    CheckReport,
    "certificate" | "authorities" | "revocationLists"
  >,
  now: number,
): string[] {
  const warnings: string[] = [];
  const warn = (
    what: string,
    { standing, notAfter }: Pick<CertificateReport, "standing" | "notAfter">,
  ) => {
    if (standing !== "soon" && standing !== "imminent") return;
    const left = duration(Date.parse(notAfter) - now);
    warnings.push(`${what} expires in ${left}, at ${notAfter}`);
  };
  if (certificate) {
    warn(`"${certificate.file}"`, certificate);
    for (const issuer of certificate.chain) {
      warn(`${issuer.subject} of the chain`, issuer);
    }
  }
  for (const authority of authorities) {
    warn(`CA ${authority.subject}`, authority);
  }
  for (const { place, standing, nextUpdate } of revocationLists) {
    warn(place, { standing, notAfter: nextUpdate });
  }
  return warnings;
}

/** What of the rules and pins may be meant otherwise than it works at `now`, in milliseconds since the epoch. */
export function accessWarnings(
  config: Config,
  peers: PeersDescription | undefined,
  now: number,
): { notes: string[]; warnings: string[] } {
  const notes: string[] = [];
  const warnings: string[] = [];
  const hasRules = allowRules(config).length > 0;
  if (config.accessMode === "audit") {
    warnings.push(
      "ACCESS_MODE=audit refuses nobody whose certificate is good: what rules and pins say is only logged",
    );
  }
  if (peers === undefined) {
    if (!hasRules) {
      notes.push(
        "No ALLOW rule and no PEERS_FILE is set: every client whose certificate leads to a trusted CA may enter",
      );
    }
    return { notes, warnings };
  }
  const { unpinned, bootstrapUntil } = peers;
  if (unpinned === "accept") {
    if (!hasRules) {
      warnings.push(
        "PEERS_FILE accepts unpinned clients and no ALLOW rule is set: every client whose certificate leads to a trusted CA may enter",
      );
    }
  } else if (bootstrapUntil !== undefined && now < Date.parse(bootstrapUntil)) {
    warnings.push(
      `Clients that are no pinned peers may enter until ${bootstrapUntil}${
        hasRules ? " where a rule allows them" : ""
      }`,
    );
  } else {
    if (peers.peers.length === 0) {
      warnings.push("PEERS_FILE pins no peer and refuses all others");
    }
    if (hasRules) {
      warnings.push(
        "The ALLOW rules let nobody in: PEERS_FILE refuses clients that are no pinned peers",
      );
    }
  }
  return { notes, warnings };
}
