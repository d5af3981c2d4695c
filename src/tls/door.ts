import { setImmediate } from "node:timers";
import tls, { type TLSSocket } from "node:tls";
import { type AdmissionCode, type ErrorCode, SidecarError } from "../errors.ts";
import type { Current, MaterialStore } from "../material/store.ts";
import type { Deadlines } from "../deadlines.ts";
import type { ConnectionLimits, Occupant } from "../net/connection_limits.ts";
import { readProxyHeader } from "../net/proxy_protocol.ts";
import { TcpStream } from "../net/tcp_stream.ts";
import type { Limit } from "../tally.ts";
import type { Admission, AdmissionGuard } from "./admission.ts";
import { holdAhead } from "./hold_ahead.ts";
import { presentedBy } from "./presented.ts";
import {
  type AdmittedConnection,
  type ConnectionFacts,
  SecureConnection,
} from "./secure_connection.ts";

/** HTTP/1.0 too: a client may offer nothing else (RFC 7301 §6 registers both). */
const HTTP1_PROTOCOLS = ["http/1.1", "http/1.0"];
/** Ours to choose from: the first of these that the client offers. */
const ALL_PROTOCOLS = ["h2", ...HTTP1_PROTOCOLS];

/** What becomes of a client without a certificate that the guard admits (`UNVERIFIED`). */
export type UnverifiedPolicy = "close" | "401";

/** A TCP connection that came to nothing, and was closed. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly address: string;
  /** DER of the certificate that the client presented, where it came that far. */
  readonly leaf?: Uint8Array | undefined;
}

/** Why the client of a connection is not admitted. */
export interface Unverified {
  readonly code: AdmissionCode;
  /** For the log: nothing of the certificate's content. */
  readonly detail: string;
  /** DER of the certificate that the client presented, where there is one. */
  readonly leaf?: Uint8Array | undefined;
}

/** Counts handshakes. */
export interface HandshakeObserver {
  /** When a handshake begins, for `complete`. */
  begin(): number;
  complete(begun: number, resumed: boolean): void;
  fail(): void;
}

export interface TlsDoorOptions {
  readonly store: MaterialStore;
  readonly guard: AdmissionGuard;
  readonly deadlines: Deadlines;
  /** Told of each connection, from its coming to its being closed. */
  readonly limits: ConnectionLimits;
  /** Milliseconds in which a handshake must be done. */
  readonly handshakeTimeoutMs: number;
  /**
   * `close` refuses an unverified client, by an alert where it presents no
   * certificate; `401` completes its handshake and hands it to `onUnverified`.
   */
  readonly unverified: UnverifiedPolicy;
  /** Whether clients may choose HTTP/2. */
  readonly http2: boolean;
  /** Whether each connection begins with a PROXY protocol header. */
  readonly proxyProtocol: boolean;
  readonly handshakes?: HandshakeObserver;
  /**
   * Whether clients may be judged now, by what the store holds. Where they may
   * not, those whose handshake is done wait for `resume`, no longer than for a
   * handshake. Always, if left out.
   */
  readonly mayJudge?: () => boolean;
  // Not methods, whose parameters the compiler compares either way round: what
  // takes admitted connections must not be given for `onUnverified`.
  readonly onAdmitted: (connection: AdmittedConnection) => void;
  /** Never called under `close`. */
  readonly onUnverified: (
    connection: SecureConnection,
    reason: Unverified,
  ) => void;
  readonly onRefused: (refusal: Refusal) => void;
  readonly onLimit: (limit: Limit) => void;
}

/**
 * Turns TCP connections into TLS connections whose client is admitted or, where
 * that is asked for, known to be unverified, or closes them. It owns every
 * connection until it hands it over.
 *
 * Under either policy a client is unverified, with the same codes, whom the guard
 * does not admit, on full and resumed sessions alike: `LEAF_MISSING`,
 * `LEAF_MALFORMED`, `LEAF_VERSION`, `LEAF_IS_CA`, `LEAF_NOT_YET_VALID`,
 * `LEAF_EXPIRED`, `LEAF_KEY_USAGE`, `LEAF_REVOKED`, `CRL_EXPIRED`,
 * `PATH_NOT_FOUND`, `PATH_REFUSED`; and on full ones `UNAUTHORIZED` where the
 * runtime's verifier alone refuses it. A client whose handshake fails is closed
 * under either: `HANDSHAKE_FAILED`, `HANDSHAKE_TIMEOUT`, and by the limits
 * `TOO_MANY_HANDSHAKES` or `TOO_MANY_CONNECTIONS`. A failed handshake is also that
 * of a client that does not prove that it holds its certificate's key, or whose
 * certificate the runtime cannot read for that proof.
 *
 * There is one `tls.Server` for each value of the material store, and it never
 * listens: a connection is given to the current one. What it was begun under says
 * nothing of what is trusted when it is done, and is not asked.
 */
export class TlsDoor {
  readonly #options: TlsDoorOptions;
  readonly #unsubscribe: () => void;
  /** What is to be done for those who wait to be judged. */
  #waiting = new Map<Occupant, () => void>();
  #server: tls.Server;

  constructor(options: TlsDoorOptions) {
    this.#options = options;
    const { store } = options;
    this.#server = serverOf(store.current, options);
    this.#unsubscribe = store.onSwap((current) => {
      this.#server = serverOf(current, options);
    });
  }

  /** How many handshakes are under way. */
  get handshaking(): number {
    return this.#options.limits.handshaking;
  }

  /** Judges those who wait for it, where `mayJudge` lets it. */
  resume(): void {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const conclude of waiting.values()) conclude();
  }

  /** Takes over a TCP connection, and closes it unless it hands it over. */
  accept(connection: Deno.TcpConn): void {
    const { deadlines, handshakeTimeoutMs, handshakes, limits, proxyProtocol } =
      this.#options;
    const begun = handshakes?.begin() ?? 0;
    // On a port of both families IPv4 comes as `::ffff:192.0.2.1`.
    let address = connection.remoteAddr.hostname.replace(/^::ffff:/, "");
    connection.setNoDelay(true);
    const stream = new TcpStream(connection);
    const occupant: Occupant = {
      get silent() {
        return !stream.readableDidRead;
      },
      giveWay: () =>
        refuse("TOO_MANY_HANDSHAKES", "another connection needed its room"),
      destroy: () => stream.destroy(),
    };
    limits.enter(occupant);
    const deadline = deadlines.add(() => {
      this.#options.onLimit("handshake_time");
      refuse("HANDSHAKE_TIMEOUT", "the handshake took too long");
    });
    deadline.arm(handshakeTimeoutMs);

    const settle = (): boolean => {
      deadlines.remove(deadline);
      return limits.settle(occupant);
    };
    const close = (refusal: Omit<Refusal, "address">): void => {
      if (settle()) this.#options.onRefused({ ...refusal, address });
      stream.destroy();
    };
    const refuse = (code: ErrorCode, detail: string): void => {
      if (limits.isHandshaking(occupant)) handshakes?.fail();
      close({ code, detail });
    };
    const conclude = (socket: TLSSocket): void => {
      const { guard, unverified, onAdmitted, onUnverified, mayJudge } =
        this.#options;
      if (mayJudge?.() === false) {
        // Whoever listens once it was judged would not hear of it any more.
        socket.once(
          "error",
          (error) => refuse("HANDSHAKE_FAILED", error.message),
        );
        const release = holdAhead(stream);
        this.#waiting.set(occupant, () => {
          // It may have been given up, for the time it took, while it waited.
          if (!limits.isHandshaking(occupant)) return;
          release();
          conclude(socket);
        });
        return;
      }
      if (limits.isHandshaking(occupant)) {
        handshakes?.complete(begun, socket.isSessionReused());
      }
      const presented = presentedBy(socket);
      const { leaf } = presented;
      let verdict: Admission;
      try {
        verdict = guard.judge(presented);
      } catch (error) {
        // Out of here it would end the process, and a certificate be a weapon.
        const detail = `the guard failed: ${String(error)}`;
        return close({ code: "INTERNAL", detail, leaf });
      }
      if (!verdict.admitted && unverified === "close") {
        const { code, detail } = verdict;
        return close({ code, detail, leaf });
      }
      if (!settle()) return;
      const facts: ConnectionFacts = {
        address,
        tlsVersion: socket.getProtocol() ?? "unknown",
        resumed: socket.isSessionReused(),
        protocol: socket.alpnProtocol === "h2" ? "h2" : "http/1.1",
      };
      if (verdict.admitted) {
        const { standing } = verdict;
        onAdmitted(
          new SecureConnection(socket, stream, { ...facts, standing }),
        );
      } else {
        const { code, detail } = verdict;
        onUnverified(new SecureConnection(socket, stream, facts), {
          code,
          detail,
          leaf,
        });
      }
    };

    // An error without a listener would end the process.
    stream.on("error", (error) => refuse("HANDSHAKE_FAILED", error.message));
    const leave = () => refuse("HANDSHAKE_FAILED", "the client left");
    stream.on("close", () => {
      deadlines.remove(deadline);
      this.#waiting.delete(occupant);
      limits.leave(occupant);
      // Where the runtime ends the handshake, the stream closes first, and why is
      // told in the same turn of the event loop.
      setImmediate(leave);
    });
    // Without this a client that ends its side before its hello would be kept
    // until the deadline: the TLS socket says nothing of it.
    stream.on("end", () => {
      if (limits.isHandshaking(occupant)) leave();
    });
    const begin = (): void => {
      if (!limits.claim(occupant, address)) {
        const detail = "its address has all it may have";
        return refuse("TOO_MANY_CONNECTIONS", detail);
      }
      serverFor(this.#server, { conclude, refuse }).emit("connection", stream);
    };
    if (!proxyProtocol) return begin();
    readProxyHeader(stream).then((client) => {
      // It may have been refused, for the time it took, while we waited.
      if (!limits.isHandshaking(occupant)) return;
      address = client ?? address;
      begin();
    }, (error) => {
      const known = error instanceof SidecarError;
      refuse(known ? error.code : "HANDSHAKE_FAILED", error.message);
    });
  }

  /** Cuts all handshakes that are under way, and takes no part in swaps any more. */
  close(): void {
    this.#unsubscribe();
    this.#options.limits.destroyHandshakes();
  }
}

function serverOf(
  { material }: Current,
  { unverified, http2 }: TlsDoorOptions,
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
function serverFor(
  server: tls.Server,
  { conclude, refuse }: {
    conclude(socket: TLSSocket): void;
    refuse(code: ErrorCode, detail: string): void;
  },
): tls.Server {
  const view: tls.Server = Object.create(server);
  view.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event === "secureConnection") conclude(args[0] as TLSSocket);
    else if (event === "tlsClientError") {
      refuse(...reasonOf(args[0] as Error & { code?: string }));
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
