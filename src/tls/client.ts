import { isIP } from "node:net";
import tls, { type SecureContext, type TLSSocket } from "node:tls";
import { SidecarError } from "../errors.ts";
import { type TcpConnection, TcpStream } from "../net/tcp_stream.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { ClientTransport } from "./client_transport.ts";

/** What a TLS client trusts, and what it shows. It must have been checked: this does not. */
export interface TlsClientMaterial {
  /** PEM of the only roots that a server's certificate may lead to. */
  readonly anchorsPem: readonly string[];
  /** What a server that asks for a certificate is shown; none where it is left out. */
  readonly identity?: {
    /** The certificate and its intermediates. */
    readonly certificateChainPem: string;
    readonly privateKeyPem: string;
  };
  /** The name that a server must prove, in place of the one it is connected to by. */
  readonly serverName?: string;
}

/** The runtime does not tell these apart, and shows no certificate that it refused. */
const UNTRUSTED =
  "its certificate leads to no CA that is trusted, or is expired, not yet valid or not for a server";

/** Why the runtime does not go on with a server, by its code. */
const REFUSALS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
};

/**
 * Makes TLS connections as a client, all with the same material.
 *
 * `Deno.connectTls` would do so for 6 µs less a request, but trusts the roots of
 * the runtime and of its environment beside those that it is given, knows no name
 * other than the one it connects to, and can't be told to stop; `Deno.startTls`
 * shows no certificate.
 */
export class TlsClient {
  readonly #context: SecureContext;
  readonly #serverName: string | undefined;

  /** Throws `SidecarError` with `CA_EMPTY` where there is no root. */
  constructor({ anchorsPem, identity, serverName }: TlsClientMaterial) {
    if (anchorsPem.length === 0) {
      // The runtime might take its own roots for none.
      throw new SidecarError(
        "CA_EMPTY",
        "Cannot verify the application: expected at least one CA certificate",
      );
    }
    this.#serverName = serverName;
    this.#context = tls.createSecureContext({
      ca: [...anchorsPem],
      minVersion: "TLSv1.2",
      ...(identity && {
        cert: identity.certificateChainPem,
        key: identity.privateKeyPem,
      }),
    });
  }

  /**
   * Performs a handshake on a TCP connection, which it owns from now on: where it
   * rejects, the connection is closed.
   *
   * @param to.hostname The name or address that was connected to; the server must
   * prove it, unless there is a server name.
   * @param to.signal Ends the handshake; it has no part in what follows.
   * @throws {Error} Whose message tells why, after a colon.
   */
  secure(
    tcp: TcpConnection,
    to: { readonly hostname: string; readonly signal: AbortSignal },
  ): Promise<ClientTransport> {
    const { signal } = to;
    // A dot at the end of a host name is none of its certificate's.
    const name = this.#serverName ?? to.hostname.replace(/\.$/, "");
    const stream = new TcpStream(tcp);
    const { promise, resolve, reject } = Promise.withResolvers<
      ClientTransport
    >();
    const fail = (error: Error) => {
      signal.removeEventListener("abort", abort);
      stream.destroy();
      reject(error);
    };
    const abort = () => fail(asError(signal.reason));
    const leave = () => fail(new Error("it closed the connection"));
    signal.addEventListener("abort", abort);
    stream.on("error", fail);
    // To the TLS socket an end before that of the handshake is no error.
    stream.on("end", leave);
    stream.on("close", leave);
    try {
      const socket = this.#connect(stream, name);
      socket.on("error", (error) => fail(explain(error, name)));
      socket.once("secureConnect", () => {
        signal.removeEventListener("abort", abort);
        stream.off("end", leave);
        if (!socket.authorized) {
          return fail(new Error("its certificate was not verified"));
        }
        // RFC 9525 §2: a common name is no name of a server, whatever the runtime takes.
        if (!hasAlternativeName(socket)) {
          return fail(new Error("its certificate has no subjectAltName"));
        }
        resolve(new ClientTransport(socket, stream));
      });
      if (signal.aborted) abort();
    } catch (error) {
      fail(asError(error));
    }
    return promise;
  }

  #connect(stream: TcpStream, name: string): TLSSocket {
    return tls.connect({
      socket: stream,
      host: name,
      // RFC 6066 §3: an address is no server name.
      servername: isIP(name) === 0 ? name : "",
      secureContext: this.#context,
      rejectUnauthorized: true,
      ALPNProtocols: ["http/1.1"],
    });
  }
}

/** By our own reading: the runtime's makes names of what is none. What can't be read has none. */
function hasAlternativeName(socket: TLSSocket): boolean {
  try {
    const { raw } = socket.getPeerCertificate();
    const { extensions } = parseCertificate(new Uint8Array(raw));
    return (extensions.subjectAltName ?? []).length > 0;
  } catch {
    // Out of here it would end the process.
    return false;
  }
}

/** The roots of the operating system, in PEM; empty where it has none. */
export function systemAnchorsPem(): string[] {
  return tls.getCACertificates("system");
}

function explain(error: Error, name: string): Error {
  const code = "code" in error ? String(error.code) : "";
  const reason = code === "ERR_TLS_CERT_ALTNAME_INVALID"
    ? `its certificate is not for "${name}"`
    : REFUSALS[code];
  return reason === undefined ? error : new Error(reason, { cause: error });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
