import { join } from "node:path";
import { type Sidecar, startSidecar } from "../../src/app.ts";
import { parseConfig } from "../../src/config/config.ts";
import type { LogFields, Logger, LogLevel } from "../../src/log.ts";
import { MaterialStore } from "../../src/material/store.ts";
import type { Spawn } from "../../src/workers/worker_link.ts";
import { materialOf } from "./material.ts";
import { createAuthority } from "./pki.ts";
import { eventually, soon } from "./waiting.ts";
import { RawClient, type RawClientOptions } from "./raw_client.ts";

/** The PKI of a test file: what each of its sidecars trusts and serves unless told otherwise. */
export const root = createAuthority({ commonName: "Test Root" });
export const server = root.issue({
  commonName: "sidecar",
  ips: ["127.0.0.1"],
  dnsNames: ["localhost"],
});
export const client = root.issue({ commonName: "test-client" });

/** One event of the log. */
export interface LogEvent {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** One line of the access log, parsed. */
export type AccessEntry = Readonly<Record<string, unknown>>;

export interface TestSidecarOptions {
  /** `UPSTREAM_URL`. Without it nothing listens where requests go. */
  readonly upstream?: string;
  /** By variable: `{ VIA: "false" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Trust and certificate, in place of {@linkcode root} and {@linkcode server}. */
  readonly store?: MaterialStore;
  /** Where `certs` and `ca` are that it is to follow, in place of a store. */
  readonly directory?: string;
  /** Whether it has a monitor port. */
  readonly monitor?: boolean;
  /** Starts its workers, in place of threads of the program. */
  readonly spawn?: Spawn;
  /** How many processors there are. */
  readonly processors?: number;
}

/** A sidecar in this process, on a port of its own, with all that it logs. */
export class TestSidecar implements AsyncDisposable {
  readonly events: LogEvent[] = [];
  readonly entries: AccessEntry[] = [];
  readonly #listeners = new Set<() => void>();
  #sidecar: Sidecar | undefined;
  #stopped: Promise<boolean> | undefined;

  private constructor() {}

  static async start(options: TestSidecarOptions = {}): Promise<TestSidecar> {
    const { directory } = options;
    const settings: Record<string, string> = {
      ...(directory && {
        CERT_DIR: join(directory, "certs"),
        CA_DIR: join(directory, "ca"),
      }),
      TLS_LISTEN_HOST: "127.0.0.1",
      TLS_LISTEN_PORT: "0",
      MONITOR_HOST: "127.0.0.1",
      MONITOR_PORT: "0",
      UPSTREAM_READINESS_URL: "none",
      SHUTDOWN_TIMEOUT_SECS: "5",
      UPSTREAM_URL: options.upstream ?? "http://127.0.0.1:1",
      ...options.settings,
    };
    const test = new TestSidecar();
    const lookup = (name: string) => settings[name];
    test.#sidecar = await startSidecar(parseConfig({ args: [], lookup }), {
      log: test.#logger(),
      accessLog: { line: (text) => test.#add(test.entries, JSON.parse(text)) },
      ...(directory === undefined && {
        store: options.store ??
          new MaterialStore(await materialOf({ server, authorities: [root] })),
      }),
      ...(options.monitor && { monitorPort: 0 }),
      ...(options.spawn && { spawn: options.spawn }),
      ...(options.processors && { processors: options.processors }),
    });
    return test;
  }

  get sidecar(): Sidecar {
    if (this.#sidecar === undefined) throw new Error("the sidecar is starting");
    return this.#sidecar;
  }

  get port(): number {
    return this.sidecar.address.port;
  }

  /** Where its monitor port is, for `fetch`. */
  get monitorUrl(): string {
    const { monitor } = this.sidecar;
    if (monitor === undefined) throw new Error("there is no monitor port");
    return `http://${monitor.hostname}:${monitor.port}`;
  }

  /** Connects as {@linkcode client}, unless told otherwise. */
  connect(options: Partial<RawClientOptions> = {}): Promise<RawClient> {
    return RawClient.connect({
      port: this.port,
      caCerts: [root.certPem],
      identity: client,
      ...options,
    });
  }

  /** The first event with this message, there or to come. */
  event(message: string): Promise<LogEvent> {
    return this.#first(this.events, (event) => event.message === message);
  }

  /** The next event with this message that is not there yet. */
  nextEvent(message: string): Promise<LogEvent> {
    const before = new Set(this.events);
    return this.#first(
      this.events,
      (event) => event.message === message && !before.has(event),
    );
  }

  /** The first entry of the access log that has these fields, there or to come. */
  entry(fields: AccessEntry = {}): Promise<AccessEntry> {
    const wanted = Object.entries(fields);
    return this.#first(
      this.entries,
      (entry) => wanted.every(([name, value]) => entry[name] === value),
    );
  }

  /** Resolves when no connection of a client is open, nor any handshake under way. */
  idle(): Promise<void> {
    return eventually(() => {
      const { admitted, handshaking } = this.sidecar.connections;
      return admitted === 0 && handshaking === 0;
    }, "the last connection to end");
  }

  /** Shuts down, once. */
  shutdown(): Promise<boolean> {
    return this.#stopped ??= this.sidecar.shutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #logger(): Logger {
    const log = (level: LogLevel) => (message: string, fields?: LogFields) =>
      this.#add(this.events, { level, message, fields: fields ?? {} });
    return {
      debug: log("debug"),
      info: log("info"),
      warning: log("warning"),
      error: log("error"),
    };
  }

  #add<T>(list: T[], item: T): void {
    list.push(item);
    for (const listener of [...this.#listeners]) listener();
  }

  async #first<T>(list: T[], wanted: (item: T) => boolean): Promise<T> {
    for (;;) {
      const found = list.find(wanted);
      if (found !== undefined) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#listeners.add(resolve);
      await soon(promise, "the log");
      this.#listeners.delete(resolve);
    }
  }
}
