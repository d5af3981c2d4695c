import { Deadlines } from "../../src/deadlines.ts";
import { MaterialStore } from "../../src/material/store.ts";
import { listen, type Listener } from "../../src/net/listener.ts";
import { AdmissionGuard, type Presented } from "../../src/tls/admission.ts";
import { TlsDoor } from "../../src/tls/door.ts";
import type { Refusal } from "../../src/tls/handshake.ts";
import type { AdmittedConnection } from "../../src/tls/secure_connection.ts";
import { limits } from "./limits.ts";
import { ManualClock } from "./manual_clock.ts";
import { materialOf } from "./material.ts";
import type { Issued } from "./pki.ts";
import { root, server } from "./sidecar.ts";
import { eventually } from "./waiting.ts";

export interface TestDoorOptions {
  /** Whom it trusts at first; the test root unless told. */
  readonly authorities?: readonly Pick<Issued, "certPem">[];
  /** Whether clients may be judged; always, if left out. */
  readonly mayJudge?: () => boolean;
}

/** A TLS door behind a port, with a clock that a test moves and nothing of HTTP. */
export class TestDoor implements AsyncDisposable {
  static readonly HANDSHAKE_TIMEOUT_MS = 10_000;

  readonly clock = new ManualClock();
  readonly admitted: AdmittedConnection[] = [];
  readonly refusals: Refusal[] = [];
  readonly store: MaterialStore;
  readonly door: TlsDoor;
  readonly #listener: Listener;

  private constructor(
    store: MaterialStore,
    { onPresented, mayJudge }: Pick<TestDoorOptions, "mayJudge"> & {
      onPresented: ((presented: Presented) => void) | undefined;
    },
  ) {
    this.store = store;
    const deadlines = new Deadlines(this.clock);
    this.door = new TlsDoor({
      store,
      guard: new WatchedGuard(store, onPresented),
      deadlines,
      limits: limits(deadlines),
      handshakeTimeoutMs: TestDoor.HANDSHAKE_TIMEOUT_MS,
      unverified: "close",
      http2: true,
      proxyProtocol: false,
      ...(mayJudge && { mayJudge }),
      onAdmitted: (connection) => this.admitted.push(connection),
      onUnverified: (connection) => connection.destroy(),
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

  /** `onPresented` sees what the guard is about to judge. */
  static async open(
    onPresented?: (presented: Presented) => void,
    { authorities = [root], ...rest }: TestDoorOptions = {},
  ): Promise<TestDoor> {
    const material = await materialOf({ server, authorities });
    const store = new MaterialStore(material);
    return new TestDoor(store, { ...rest, onPresented });
  }

  get port(): number {
    return this.#listener.address.port;
  }

  /** Connects, and says nothing. */
  connect(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.port });
  }

  /** Resolves when so many handshakes are under way. */
  handshaking(count: number): Promise<void> {
    return eventually(
      () => this.door.handshaking === count,
      `${count} handshakes`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.stop();
    this.door.close();
    for (const connection of this.admitted) connection.destroy();
    await this.handshaking(0);
  }
}

class WatchedGuard extends AdmissionGuard {
  readonly #onPresented: ((presented: Presented) => void) | undefined;

  constructor(
    store: MaterialStore,
    onPresented: ((presented: Presented) => void) | undefined,
  ) {
    super(store);
    this.#onPresented = onPresented;
  }

  override judge(
    ...args: Parameters<AdmissionGuard["judge"]>
  ): ReturnType<AdmissionGuard["judge"]> {
    this.#onPresented?.(args[0]);
    return super.judge(...args);
  }
}
