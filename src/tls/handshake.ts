import { setImmediate } from "node:timers";
import type { Server, TLSSocket } from "node:tls";
import type { Deadline, Deadlines } from "../deadlines.ts";
import { type AdmissionCode, type ErrorCode, SidecarError } from "../errors.ts";
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
import { serverFor, type UnverifiedPolicy } from "./server.ts";

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

/** What all handshakes share. */
export interface HandshakeOptions {
  readonly guard: AdmissionGuard;
  readonly deadlines: Deadlines;
  /** Told of each connection, from its coming to its being closed. */
  readonly limits: ConnectionLimits;
  /** Milliseconds in which a handshake must be done. */
  readonly handshakeTimeoutMs: number;
  /** Under `close` an unverified client is refused, under `401` handed to `onUnverified`. */
  readonly unverified: UnverifiedPolicy;
  /** Whether each connection begins with a PROXY protocol header. */
  readonly proxyProtocol: boolean;
  readonly handshakes?: HandshakeObserver;
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

/** What the door sees to for one handshake. */
export interface HandshakePlace {
  /** The server for a handshake that begins now. */
  server(): Server;
  /** False where the client must wait: `judge` is to be called later. */
  mayJudge(handshake: Handshake): boolean;
  /** The connection is closed. */
  onClosed(handshake: Handshake): void;
}

/**
 * One TCP connection, from its coming until it is handed over as a TLS connection
 * or is closed.
 */
export class Handshake implements Occupant {
  readonly #options: HandshakeOptions;
  readonly #place: HandshakePlace;
  readonly #stream: TcpStream;
  readonly #deadline: Deadline;
  readonly #begun: number;
  #address: string;
  /** Done, its client not judged yet; with what lets it be read again. */
  #waiting: { readonly socket: TLSSocket; release(): void } | undefined;

  constructor(
    connection: Deno.TcpConn,
    { options, place }: { options: HandshakeOptions; place: HandshakePlace },
  ) {
    this.#options = options;
    this.#place = place;
    this.#begun = options.handshakes?.begin() ?? 0;
    // On a port of both families IPv4 comes as `::ffff:192.0.2.1`.
    this.#address = connection.remoteAddr.hostname.replace(/^::ffff:/, "");
    connection.setNoDelay(true);
    this.#stream = new TcpStream(connection);
    options.limits.enter(this);
    this.#deadline = options.deadlines.add(() => {
      options.onLimit("handshake_time");
      this.#refuse("HANDSHAKE_TIMEOUT", "the handshake took too long");
    });
    this.#deadline.arm(options.handshakeTimeoutMs);
    this.#listen();
  }

  get silent(): boolean {
    return !this.#stream.readableDidRead;
  }

  giveWay(): void {
    this.#refuse("TOO_MANY_HANDSHAKES", "another connection needed its room");
  }

  destroy(): void {
    this.#stream.destroy();
  }

  /** Begins, when the PROXY protocol header has arrived where there is to be one. */
  begin(): void {
    if (!this.#options.proxyProtocol) return this.#begin();
    readProxyHeader(this.#stream).then((client) => {
      // It may have been refused, for the time it took, while we waited.
      if (!this.#isUnderWay) return;
      this.#address = client ?? this.#address;
      this.#begin();
    }, (error) => {
      const known = error instanceof SidecarError;
      this.#refuse(known ? error.code : "HANDSHAKE_FAILED", error.message);
    });
  }

  /** Judges a client that had to wait for it, unless it was given up meanwhile. */
  judge(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || !this.#isUnderWay) return;
    this.#waiting = undefined;
    waiting.release();
    this.#conclude(waiting.socket);
  }

  get #isUnderWay(): boolean {
    return this.#options.limits.isHandshaking(this);
  }

  #listen(): void {
    const stream = this.#stream;
    // An error without a listener would end the process.
    stream.on(
      "error",
      (error) => this.#refuse("HANDSHAKE_FAILED", error.message),
    );
    stream.on("close", () => {
      const { deadlines, limits } = this.#options;
      deadlines.remove(this.#deadline);
      this.#place.onClosed(this);
      limits.leave(this);
      // Where the runtime ends the handshake, the stream closes first, and why is
      // told in the same turn of the event loop.
      setImmediate(() => this.#leave());
    });
    // Without this a client that ends its side before its hello would be kept
    // until the deadline: the TLS socket says nothing of it.
    stream.on("end", () => {
      if (this.#isUnderWay) this.#leave();
    });
  }

  #begin(): void {
    if (!this.#options.limits.claim(this, this.#address)) {
      const detail = "its address has all it may have";
      return this.#refuse("TOO_MANY_CONNECTIONS", detail);
    }
    serverFor(this.#place.server(), {
      onDone: (socket) => this.#conclude(socket),
      onFailed: (code, detail) => this.#refuse(code, detail),
    }).emit("connection", this.#stream);
  }

  #conclude(socket: TLSSocket): void {
    if (!this.#place.mayJudge(this)) return this.#wait(socket);
    const { guard, handshakes, unverified, onAdmitted, onUnverified } =
      this.#options;
    if (this.#isUnderWay) {
      handshakes?.complete(this.#begun, socket.isSessionReused());
    }
    const presented = presentedBy(socket);
    const { leaf } = presented;
    let verdict: Admission;
    try {
      verdict = guard.judge(presented);
    } catch (error) {
      // Out of here it would end the process, and a certificate be a weapon.
      const detail = `the guard failed: ${String(error)}`;
      return this.#close({ code: "INTERNAL", detail, leaf });
    }
    if (!verdict.admitted && unverified === "close") {
      const { code, detail } = verdict;
      return this.#close({ code, detail, leaf });
    }
    if (!this.#settle()) return;
    const facts: ConnectionFacts = {
      address: this.#address,
      tlsVersion: socket.getProtocol() ?? "unknown",
      resumed: socket.isSessionReused(),
      protocol: socket.alpnProtocol === "h2" ? "h2" : "http/1.1",
    };
    const stream = this.#stream;
    if (verdict.admitted) {
      const { standing } = verdict;
      onAdmitted(new SecureConnection(socket, stream, { ...facts, standing }));
    } else {
      const { code, detail } = verdict;
      const connection = new SecureConnection(socket, stream, facts);
      onUnverified(connection, { code, detail, leaf });
    }
  }

  #wait(socket: TLSSocket): void {
    // Whoever listens once it was judged would not hear of it any more.
    socket.once(
      "error",
      (error) => this.#refuse("HANDSHAKE_FAILED", error.message),
    );
    this.#waiting = { socket, release: holdAhead(this.#stream) };
  }

  #leave(): void {
    this.#refuse("HANDSHAKE_FAILED", "the client left");
  }

  #refuse(code: ErrorCode, detail: string): void {
    if (this.#isUnderWay) this.#options.handshakes?.fail();
    this.#close({ code, detail });
  }

  #close(refusal: Omit<Refusal, "address">): void {
    if (this.#settle()) {
      this.#options.onRefused({ ...refusal, address: this.#address });
    }
    this.#stream.destroy();
  }

  /** The handshake is over, however. False where it was before. */
  #settle(): boolean {
    this.#options.deadlines.remove(this.#deadline);
    return this.#options.limits.settle(this);
  }
}
