import type { Server } from "node:tls";
import type { MaterialStore } from "../material/store.ts";
import { Handshake, type HandshakeOptions } from "./handshake.ts";
import { serverOf, type ServerOptions } from "./server.ts";

export interface TlsDoorOptions extends HandshakeOptions, ServerOptions {
  readonly store: MaterialStore;
  /**
   * Whether clients may be judged now, by what the store holds. Where they may
   * not, those whose handshake is done wait for `resume`, no longer than for a
   * handshake. Always, if left out.
   */
  readonly mayJudge?: () => boolean;
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
  /** Those whose clients wait to be judged. */
  #waiting = new Set<Handshake>();
  #server: Server;
  readonly #place = {
    server: () => this.#server,
    mayJudge: (handshake: Handshake) => this.#mayJudge(handshake),
    onClosed: (handshake: Handshake) => void this.#waiting.delete(handshake),
  };

  constructor(options: TlsDoorOptions) {
    this.#options = options;
    const { store } = options;
    this.#server = serverOf(store.current.material, options);
    this.#unsubscribe = store.onSwap(({ material }) => {
      this.#server = serverOf(material, options);
    });
  }

  /** How many handshakes are under way. */
  get handshaking(): number {
    return this.#options.limits.handshaking;
  }

  /** Takes over a TCP connection, and closes it unless it hands it over. */
  accept(connection: Deno.TcpConn): void {
    new Handshake(connection, { options: this.#options, place: this.#place })
      .begin();
  }

  /** Judges those who wait for it, where `mayJudge` lets it. */
  resume(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const handshake of waiting) handshake.judge();
  }

  /** Cuts all handshakes that are under way, and takes no part in swaps any more. */
  close(): void {
    this.#unsubscribe();
    this.#options.limits.destroyHandshakes();
  }

  #mayJudge(handshake: Handshake): boolean {
    if (this.#options.mayJudge?.() !== false) return true;
    this.#waiting.add(handshake);
    return false;
  }
}
