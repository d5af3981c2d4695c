import type {
  AccessCode,
  AdmissionCode,
  ErrorCode,
  HandshakeCode,
} from "../errors.ts";

const ADVICE: Readonly<
  Record<
    AdmissionCode | AccessCode | HandshakeCode,
    string
  >
> = {
  HANDSHAKE_FAILED:
    "Let the client speak TLS 1.2 or 1.3 to this port, with a certificate whose key it holds, and trust the server's CA",
  HANDSHAKE_TIMEOUT:
    "Look for a client or network that is slow, or raise HANDSHAKE_TIMEOUT_SECS",
  PROXY_HEADER_INVALID:
    "Let the load balancer send the PROXY protocol, or set PROXY_PROTOCOL=false",
  TOO_MANY_HANDSHAKES:
    "Look for clients that open connections and say nothing, or raise MAX_HANDSHAKES or MAX_CONNECTIONS",
  TOO_MANY_CONNECTIONS:
    "Let the client use fewer connections, or raise MAX_CONNECTIONS_PER_ADDRESS",
  UNAUTHORIZED:
    "Give the client a certificate that the TLS library verifies too: of version 3, with a supported key and signature",
  LEAF_MISSING: "Let the client present a certificate",
  LEAF_MALFORMED: "Give the client a certificate that follows RFC 5280",
  LEAF_VERSION: "Give the client an X.509 certificate of version 3",
  LEAF_IS_CA:
    "Give the client a certificate of its own, issued by the CA, in place of the CA's",
  LEAF_NOT_YET_VALID:
    "Wait until the certificate is valid, or set the clocks right",
  LEAF_EXPIRED: "Renew the client's certificate",
  LEAF_KEY_USAGE:
    "Give the client a certificate whose extended key usage includes clientAuth",
  LEAF_REVOKED: "Give the client a new certificate: this one is revoked",
  CRL_EXPIRED:
    "Put a current CRL of the issuer in place, or set CRL_EXPIRED=warn",
  PATH_NOT_FOUND:
    "Add the issuer's CA to CA_DIR, or let the client send the intermediates that lead to one",
  PATH_REFUSED:
    "Let the CA issue certificates that obey its own constraints; the detail names which is broken",
  ACCESS_NOT_ALLOWED:
    "Add a rule that stands for the client, such as ALLOW_SPKI with the hash of its key",
  ACCESS_NOT_PINNED: "Add the client's key to PEERS_FILE",
  ACCESS_PIN_MISMATCH:
    "If the peer changed its key on purpose, add the new one to its pins in PEERS_FILE",
};

/** What would let in a client that was refused for `code`. Tells nothing of who it is. */
export function adviceFor(code: ErrorCode): string {
  const advice: Readonly<Partial<Record<ErrorCode, string>>> = ADVICE;
  return advice[code] ?? "Look into the log of the sidecar";
}
