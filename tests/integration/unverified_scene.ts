import { Deadlines } from "../../src/deadlines.ts";
import { MaterialStore } from "../../src/material/store.ts";
import { listen, type Listener } from "../../src/net/listener.ts";
import { AdmissionGuard } from "../../src/tls/admission.ts";
import { TlsDoor } from "../../src/tls/door.ts";
import type { Refusal } from "../../src/tls/handshake.ts";
import type { SecureConnection } from "../../src/tls/secure_connection.ts";
import type { UnverifiedPolicy } from "../../src/tls/server.ts";
import { limits } from "../support/limits.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { materialOf } from "../support/material.ts";
import type { Authority } from "../support/pki.ts";
import { root, server } from "../support/sidecar.ts";
import { eventually } from "../support/waiting.ts";

/** How a client was handed over: `admitted`, or the code of what it is not. */
export interface HandedOver {
  readonly as: string;
  readonly detail: string;
  readonly resumed: boolean;
  readonly tlsVersion: string;
}

/**
 * A TLS door behind a port that tells each client, once it has sent something,
 * what it was handed over as, and ends the connection.
 */
export class TellingDoor implements AsyncDisposable {
  static readonly HANDSHAKE_TIMEOUT_MS = 10_000;

  readonly clock = new ManualClock();
  readonly handedOver: HandedOver[] = [];
  readonly refusals: Refusal[] = [];
  readonly door: TlsDoor;
  readonly #store: MaterialStore;
  readonly #listener: Listener;
  #open = 0;

  private constructor(
    store: MaterialStore,
    { unverified, guard }: {
      unverified: UnverifiedPolicy;
      guard: AdmissionGuard;
    },
  ) {
    this.#store = store;
    const deadlines = new Deadlines(this.clock);
    this.door = new TlsDoor({
      store,
      guard,
      deadlines,
      limits: limits(deadlines),
      handshakeTimeoutMs: TellingDoor.HANDSHAKE_TIMEOUT_MS,
      unverified,
      http2: true,
      proxyProtocol: false,
      onAdmitted: (connection) =>
        this.#tell(connection, { as: "admitted", detail: "" }),
      onUnverified: (connection, { code, detail }) =>
        this.#tell(connection, { as: code, detail }),
      onRefused: (refusal) => this.refusals.push(refusal),
      onLimit() {},
    });
    this.#listener = listen({
      hostname: "127.0.0.1",
      port: 0,
      onConnection: (connection) => this.door.accept(connection),
      onAcceptError() {},
    });
  }

  /** Trusts the test root, and hands over the unverified, unless told otherwise. */
  static async open(
    { unverified = "401", trusting = [root], guardOf }: {
      unverified?: UnverifiedPolicy;
      trusting?: readonly Authority[];
      guardOf?: (store: MaterialStore) => AdmissionGuard;
    } = {},
  ): Promise<TellingDoor> {
    const store = new MaterialStore(
      await materialOf({ server, authorities: trusting }),
    );
    const guard = guardOf?.(store) ?? new AdmissionGuard(store);
    return new TellingDoor(store, { unverified, guard });
  }

  get port(): number {
    return this.#listener.address.port;
  }

  /** What each client was handed over as, in their order. */
  get outcomes(): string[] {
    return this.handedOver.map(({ as }) => as);
  }

  /** The codes of the connections that were closed, in their order. */
  get refused(): string[] {
    return this.refusals.map(({ code }) => code);
  }

  async trust(...authorities: Authority[]): Promise<void> {
    this.#store.swap(await materialOf({ server, authorities }));
  }

  /** Resolves when nothing of any connection is left. */
  idle(): Promise<void> {
    return eventually(
      () => this.#open === 0 && this.door.handshaking === 0,
      "the last connection to end",
    );
  }

  async #tell(
    connection: SecureConnection,
    { as, detail }: { as: string; detail: string },
  ): Promise<void> {
    const { resumed, tlsVersion } = connection.facts;
    this.handedOver.push({ as, detail, resumed, tlsVersion });
    this.#open++;
    connection.onClosed = () => this.#open--;
    await connection.read();
    connection.write(new TextEncoder().encode(`taken as ${as}\n`));
    await connection.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.stop();
    this.door.close();
    await this.idle();
  }
}
