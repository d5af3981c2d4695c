import { setImmediate } from "node:timers";
import tls, { type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import type { ErrorCode } from "../errors.ts";
import type { Current, MaterialStore } from "../material/store.ts";
import type { Deadlines } from "../deadlines.ts";
import { TcpStream } from "../net/tcp_stream.ts";
import type { Admission, AdmissionGuard, Presented } from "./admission.ts";
import { SecureConnection } from "./secure_connection.ts";

/** HTTP/1.0 too: a client may offer nothing else (RFC 7301 §6 registers both). */
const ALPN_PROTOCOLS = ["http/1.1", "http/1.0"];

/** Longer chains than this are cut short: no path is that long. */
const MAX_PRESENTED = 16;

/** A handshake that led to no admitted connection. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly address: string;
}

export interface TlsDoorOptions {
  readonly store: MaterialStore;
  readonly guard: AdmissionGuard;
  readonly deadlines: Deadlines;
  /** Milliseconds in which a handshake must be done. */
  readonly handshakeTimeoutMs: number;
  onAdmitted(connection: SecureConnection): void;
  onRefused(refusal: Refusal): void;
}

/**
 * Turns TCP connections into admitted TLS connections, or closes them. It owns
 * every connection until it is admitted.
 *
 * There is one `tls.Server` for each value of the material store, and it never
 * listens: a connection is given to the current one. What it was begun under says
 * nothing of what is trusted when it is done, and is not asked.
 */
export class TlsDoor {
  readonly #options: TlsDoorOptions;
  readonly #handshaking = new Set<TcpStream>();
  readonly #unsubscribe: () => void;
  #server: tls.Server;

  constructor(options: TlsDoorOptions) {
    this.#options = options;
    const { store } = options;
    this.#server = serverOf(store.current);
    this.#unsubscribe = store.onSwap((current) => {
      this.#server = serverOf(current);
    });
  }

  /** How many handshakes are under way. */
  get handshaking(): number {
    return this.#handshaking.size;
  }

  /** Takes over a TCP connection, and closes it unless its client is admitted. */
  accept(connection: Deno.TcpConn): void {
    const { deadlines, handshakeTimeoutMs } = this.#options;
    // On a port of both families IPv4 comes as `::ffff:192.0.2.1`.
    const address = connection.remoteAddr.hostname.replace(/^::ffff:/, "");
    connection.setNoDelay(true);
    const stream = new TcpStream(connection);
    this.#handshaking.add(stream);
    const deadline = deadlines.add(() =>
      refuse("HANDSHAKE_TIMEOUT", "the handshake took too long")
    );
    deadline.arm(handshakeTimeoutMs);

    const settle = (): boolean => {
      deadlines.remove(deadline);
      return this.#handshaking.delete(stream);
    };
    const refuse = (code: ErrorCode, detail: string): void => {
      if (settle()) this.#options.onRefused({ code, detail, address });
      stream.destroy();
    };
    const admit = (socket: TLSSocket): void => {
      let verdict: Admission;
      try {
        verdict = this.#options.guard.judge(presentedBy(socket));
      } catch (error) {
        // Out of here it would end the process, and a certificate be a weapon.
        return refuse("INTERNAL", `the guard failed: ${String(error)}`);
      }
      if (!verdict.admitted) return refuse(verdict.code, verdict.detail);
      if (!settle()) return;
      this.#options.onAdmitted(
        new SecureConnection(socket, stream, {
          standing: verdict.standing,
          address,
          tlsVersion: socket.getProtocol() ?? "unknown",
          resumed: socket.isSessionReused(),
        }),
      );
    };

    // An error without a listener would end the process.
    stream.on("error", (error) => refuse("HANDSHAKE_FAILED", error.message));
    const leave = () => refuse("HANDSHAKE_FAILED", "the client left");
    stream.on("close", () => {
      deadlines.remove(deadline);
      // Where the runtime's verifier refuses, the stream closes first, and why is
      // told in the same turn of the event loop.
      setImmediate(leave);
    });
    // Without this a client that ends its side before its hello would be kept
    // until the deadline: the TLS socket says nothing of it.
    stream.on("end", () => {
      if (this.#handshaking.has(stream)) leave();
    });
    serverFor(this.#server, { admit, refuse }).emit("connection", stream);
  }

  /** Cuts all handshakes that are under way, and takes no part in swaps any more. */
  close(): void {
    this.#unsubscribe();
    for (const stream of this.#handshaking) stream.destroy();
  }
}

function serverOf({ material }: Current): tls.Server {
  return tls.createServer({
    cert: material.certificateChainPem,
    key: material.privateKeyPem,
    ca: material.anchorsPem,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    ALPNProtocols: ALPN_PROTOCOLS,
  });
}

/**
 * The server as one connection sees it: what it emits goes to that connection's
 * own handlers, which is the only public way to know to which TCP connection a
 * TLS socket belongs.
 */
function serverFor(
  server: tls.Server,
  { admit, refuse }: {
    admit(socket: TLSSocket): void;
    refuse(code: ErrorCode, detail: string): void;
  },
): tls.Server {
  const view: tls.Server = Object.create(server);
  view.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event === "secureConnection") admit(args[0] as TLSSocket);
    else if (event === "tlsClientError") {
      const [error, { authorizationError }] = args as [Error, TLSSocket];
      if (authorizationError) {
        refuse("UNAUTHORIZED", `the runtime's verifier: ${authorizationError}`);
      } else refuse("HANDSHAKE_FAILED", error.message);
    } else return Reflect.apply(server.emit, view, [event, ...args]);
    return true;
  };
  return view;
}

function presentedBy(socket: TLSSocket): Presented {
  return {
    authorized: socket.authorized,
    leaf: rawLeaf(socket),
    intermediates: () => rawIntermediates(socket),
  };
}

function rawLeaf(socket: TLSSocket): Uint8Array | undefined {
  try {
    return socket.getPeerCertificate(false).raw;
  } catch {
    // The runtime could not parse it; neither shall we.
    return undefined;
  }
}

/** What came with the leaf, each once. Empty where the runtime throws on junk in it. */
function rawIntermediates(socket: TLSSocket): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  try {
    let certificate: DetailedPeerCertificate | undefined = socket
      .getPeerCertificate(true).issuerCertificate;
    const seen = new Set<DetailedPeerCertificate>();
    while (
      certificate?.raw && !seen.has(certificate) && seen.size < MAX_PRESENTED
    ) {
      seen.add(certificate);
      found.push(certificate.raw);
      certificate = certificate.issuerCertificate;
    }
  } catch {
    return [];
  }
  return found;
}
