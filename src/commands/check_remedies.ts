import { createHash } from "node:crypto";
import { allowVariable } from "../config/allow_rules.ts";
import type { ErrorCode } from "../errors.ts";
import { AccessRules } from "../identity/access_rules.ts";
import {
  type ClientIdentity,
  clientIdentity,
} from "../identity/client_identity.ts";
import type { RuleForm } from "../identity/rule_grammar.ts";
import { parseRuleList } from "../identity/rule_list.ts";
import type { Certificate } from "../x509/certificate.ts";
import { formatName } from "../x509/name.ts";
import { rfc3339 } from "./check_certificate.ts";

/** The pin of a certificate's key: `sha256:` and base64 of its SubjectPublicKeyInfo's SHA-256. */
export function spkiPin({ spki }: Pick<Certificate, "spki">): string {
  return `sha256:${createHash("sha256").update(spki).digest("base64")}`;
}

/**
 * What would let a client in that is refused for `code`, a sentence each. `leaf`
 * is its certificate, undefined where that does not parse. Of its names only
 * those are quoted that a rule can have, in printable ASCII.
 */
export function remediesFor(
  code: ErrorCode,
  leaf: Certificate | undefined,
): readonly string[] {
  if (leaf === undefined) {
    return ["Issue a certificate to it that follows RFC 5280"];
  }
  switch (code) {
    case "LEAF_MALFORMED":
      return [
        "Issue a certificate to it with fewer or shorter names, or raise IDENTITY_HEADERS_MAX_BYTES",
      ];
    case "LEAF_VERSION":
      return ["Issue an X.509 version 3 certificate to it"];
    case "LEAF_IS_CA":
      return ["Issue a certificate of its own to it, which is not a CA's"];
    case "LEAF_NOT_YET_VALID":
      return [
        `Wait until ${rfc3339(leaf.notBefore)}, or set the clock right`,
      ];
    case "LEAF_EXPIRED":
      return [`Renew its certificate, which expired ${rfc3339(leaf.notAfter)}`];
    case "LEAF_KEY_USAGE":
      return [
        "Issue a certificate to it whose extended key usage, if any, has clientAuth, and whose key usage, if any, has digitalSignature",
      ];
    case "LEAF_REVOKED":
      return ["Issue a new certificate to it, if it is still to be trusted"];
    case "CRL_EXPIRED":
      return [
        "Put the newest CRL of its issuer into CRL_FILE, or set CRL_EXPIRED=warn",
      ];
    case "PATH_NOT_FOUND":
      return [
        `Have it present the intermediates between it and a trusted CA, or trust its issuer: ${
          formatName(leaf.issuer)
        }`,
      ];
    case "PATH_REFUSED":
      return ["Mend what the path is refused for, in the certificate named"];
    case "ACCESS_NOT_ALLOWED":
      return rulesThatAllow(clientIdentity(leaf)).map((rule) =>
        `Add to ${rule}`
      );
    case "ACCESS_NOT_PINNED":
      return [`Add a peer with this pin to PEERS_FILE: ${spkiPin(leaf)}`];
    case "ACCESS_PIN_MISMATCH":
      return [
        `If it is that peer, add this pin to the peer in PEERS_FILE: ${
          spkiPin(leaf)
        }`,
      ];
    default:
      return [];
  }
}

/** Rules that would let the client in, the most exact first, one a form: `ALLOW_CN: billing`. */
function rulesThatAllow(identity: ClientIdentity): string[] {
  const { spki, spiffeId, dnsNames, uris, commonName } = identity;
  const candidates: [RuleForm, string | undefined][] = [
    ["spki", `sha256:${Uint8Array.fromHex(spki).toBase64()}`],
    ["spiffe-id", spiffeId],
    ["dns", dnsNames[0]],
    ["uri", spiffeId === undefined ? uris[0] : undefined],
    ["cn", commonName],
  ];
  return candidates.flatMap(([form, value]) => {
    if (value === undefined || !/^[!-~](?:[ -~]*[!-~])?$/.test(value)) {
      return [];
    }
    const text = value.replace(/[\\,]/g, "\\$&");
    const parsed = parseRuleList(text, form);
    return "value" in parsed && new AccessRules(parsed.value).match(identity)
      ? [`${allowVariable(form)}: ${text}`]
      : [];
  });
}
