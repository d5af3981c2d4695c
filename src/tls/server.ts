import tls, { type TLSSocket } from "node:tls";
import type { ErrorCode } from "../errors.ts";
import type { TlsMaterial } from "../material/tls_material.ts";

/** HTTP/1.0 too: a client may offer nothing else (RFC 7301 §6 registers both). */
const HTTP1_PROTOCOLS = ["http/1.1", "http/1.0"];
/** Ours to choose from: the first of these that the client offers. */
const ALL_PROTOCOLS = ["h2", ...HTTP1_PROTOCOLS];

/** What becomes of a client without a certificate that the guard admits (`UNVERIFIED`). */
export type UnverifiedPolicy = "close" | "401";

/** What, beside the material, a server is made of. */
export interface ServerOptions {
  /**
   * `close` refuses an unverified client, by an alert where it presents no
   * certificate; `401` completes its handshake.
   */
  readonly unverified: UnverifiedPolicy;
  /** Whether clients may choose HTTP/2. */
  readonly http2: boolean;
}

/** A TLS server that asks for client certificates. It never listens. */
export function serverOf(
  material: TlsMaterial,
  { unverified, http2 }: ServerOptions,
): tls.Server {
  const server = tls.createServer({
    cert: material.certificateChainPem,
    key: material.privateKeyPem,
    ca: material.anchorsPem,
    requestCert: true,
    rejectUnauthorized: unverified === "close",
    minVersion: "TLSv1.2",
    // Time is for our own deadline to keep. The runtime's timer would outlive a
    // handshake that fails, and hold what that leaves for two minutes more: memory
    // for whoever connects and leaves, certificate or not. 0 would not turn it off.
    handshakeTimeout: -1,
    ALPNProtocols: http2 ? ALL_PROTOCOLS : HTTP1_PROTOCOLS,
  });
  // The runtime takes undefined for true where it decides whether a certificate
  // must come, and for false where it would close a connection for a bad one,
  // before the guard could say what is wrong with it. Were it to read it in one
  // way or the other, such a client would be refused all the same, by itself or
  // by the guard: only the code or the alert would be less exact.
  if (unverified === "close") {
    Object.assign(server, { rejectUnauthorized: undefined });
  }
  return server;
}

/**
 * The server as one connection sees it: what it emits goes to that connection's
 * own handlers, which is the only public way to know to which TCP connection a
 * TLS socket belongs.
 */
export function serverFor(
  server: tls.Server,
  { onDone, onFailed }: {
    /** The handshake is done, and nothing is known of the client yet. */
    onDone(socket: TLSSocket): void;
    onFailed(code: ErrorCode, detail: string): void;
  },
): tls.Server {
  const view: tls.Server = Object.create(server);
  view.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event === "secureConnection") onDone(args[0] as TLSSocket);
    else if (event === "tlsClientError") {
      onFailed(...reasonOf(args[0] as Error & { code?: string }));
    } else return Reflect.apply(server.emit, view, [event, ...args]);
    return true;
  };
  return view;
}

/** Why a handshake failed, in better words than the runtime's where it has misleading ones. */
function reasonOf(
  { code, message }: Error & { code?: string },
): [code: ErrorCode, detail: string] {
  switch (code) {
    case "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE":
      return ["LEAF_MISSING", "it presented no certificate"];
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      // Of the handshake's signature: of whom the certificate is, nothing is known yet.
      return [
        "HANDSHAKE_FAILED",
        "it did not prove to hold the key of its certificate, or that cannot be read",
      ];
    default:
      return ["HANDSHAKE_FAILED", message];
  }
}
