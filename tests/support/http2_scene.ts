import { Deadlines, type SweepClock } from "../../src/deadlines.ts";
import { OctetWriters } from "../../src/http/octet_writers.ts";
import type { SidecarError } from "../../src/errors.ts";
import {
  type ConnectionTimeouts,
  ServerConnection,
} from "../../src/http/server_connection.ts";
import { Http2Buffers } from "../../src/http2/buffers.ts";
import { ServerSession } from "../../src/http2/server_session.ts";
import { Observations } from "../../src/observations/observations.ts";
import { AccessLog } from "../../src/proxy/access_log.ts";
import { Http1Handler } from "../../src/proxy/http1_handler.ts";
import { Http1Upstream } from "../../src/proxy/http1_request.ts";
import { Http2Handler } from "../../src/proxy/http2_handler.ts";
import { RequestHeadWriter } from "../../src/proxy/request_head_writer.ts";
import { RequestIds } from "../../src/proxy/request_id.ts";
import { ResponseHeadWriter } from "../../src/proxy/response_head_writer.ts";
import { Session } from "../../src/proxy/session.ts";
import type { Limit } from "../../src/tally.ts";
import { UpstreamPool } from "../../src/upstream/pool.ts";
import { Application, type Script } from "./application.ts";
import { TcpTransport } from "./tcp_transport.ts";
import { eventually, soon } from "./waiting.ts";

/** One line of the access log, parsed. */
export type AccessEntry = Readonly<Record<string, unknown>>;

export interface Http2SceneOptions {
  readonly timeouts?: Partial<ConnectionTimeouts>;
  /** For the deadlines. */
  readonly clock?: SweepClock;
  /** Why no request comes near the application. */
  readonly refusal?: SidecarError;
  /** Whether the client may still be served. */
  readonly mayServe?: () => boolean;
  /** What connections speak: HTTP/2 with prior knowledge, unless told otherwise. */
  readonly protocol?: "HTTP/1.1" | "HTTP/2";
  readonly upstreamTimeoutMs?: number;
}

/** Octets with which every request is answered, a script, or the port of what is there already. */
export type SceneApplication = string | Script | number;

/**
 * An application, and a server of HTTP/2 sessions before it that goes over plain
 * TCP: what the sidecar is, less TLS and the guard.
 */
export class Http2Scene implements AsyncDisposable {
  readonly application: Application | undefined;
  readonly sessions: ServerSession[] = [];
  readonly entries: AccessEntry[] = [];
  /** What the handlers were told of that should never happen. */
  readonly unexpected: unknown[] = [];
  /** Which limits were met. */
  readonly limits: string[] = [];
  readonly deadlines: Deadlines;
  readonly pool: UpstreamPool;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #transports: TcpTransport[] = [];
  readonly #running = new Set<Promise<void>>();

  private constructor(
    application: Application | number,
    options: Http2SceneOptions,
  ) {
    this.application = typeof application === "number"
      ? undefined
      : application;
    const port = typeof application === "number"
      ? application
      : application.port;
    this.deadlines = new Deadlines(options.clock);
    this.pool = new UpstreamPool({
      address: { scheme: "http", hostname: "127.0.0.1", port },
      deadlines: this.deadlines,
    });
    this.#accept(options);
  }

  static async set(
    application: SceneApplication,
    options: Http2SceneOptions = {},
  ): Promise<Http2Scene> {
    return new Http2Scene(
      typeof application === "string"
        ? await Application.answering(application)
        : typeof application === "number"
        ? application
        : await Application.start(application),
      options,
    );
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async #accept(options: Http2SceneOptions): Promise<void> {
    const writers = new OctetWriters();
    const buffers = new Http2Buffers(writers);
    const session = new Session({
      upstream: new Http1Upstream({
        pool: this.pool,
        writers,
        requestHeads: new RequestHeadWriter({
          authority: "app.test",
          preserveHost: false,
          via: true,
          keepAlive: true,
          seal: "none",
        }),
      }),
      writers,
      responseHeads: new ResponseHeadWriter(),
      accessLog: new AccessLog({
        which: "all",
        lines: { line: (text) => this.entries.push(JSON.parse(text)) },
      }),
      upstreamTimeoutMs: options.upstreamTimeoutMs ?? 60_000,
      bodyTimeoutMs: 60_000,
      grpcLimits: { upstreamTimeoutMs: 60_000, bodyTimeoutMs: 60_000 },
      deadlines: this.deadlines,
      bodyLimit: undefined,
      bodySeal: undefined,
      traffic: new Observations(Date.now).traffic,
      requestIds: new RequestIds(),
      spans: undefined,
      now: () => performance.now(),
      onUnexpected: (error) => this.unexpected.push(error),
    }, {
      address: "192.0.2.1",
      tlsVersion: "TLSv1.3",
      protocol: options.protocol === "HTTP/1.1" ? "http/1.1" : "h2",
      resumed: false,
      fingerprint: undefined,
      subjectHash: "none",
      identityLines: new Uint8Array(0),
      seal: undefined,
      refusal: options.refusal,
    });
    const common = {
      timeouts: {
        headerMs: 10_000,
        keepAliveMs: 75_000,
        bodyMs: 60_000,
        ...options.timeouts,
      },
      deadlines: this.deadlines,
      onLimit: (limit: Limit) => this.limits.push(limit),
      mayServe: options.mayServe ?? (() => true),
    };
    for await (const connection of this.#listener) {
      const transport = new TcpTransport(connection);
      this.#transports.push(transport);
      if (options.protocol === "HTTP/1.1") {
        this.#track(
          new ServerConnection(transport, common).run(
            new Http1Handler(session),
          ),
        );
        continue;
      }
      const served = new ServerSession(transport, {
        ...common,
        buffers,
      });
      this.sessions.push(served);
      this.#track(served.run(new Http2Handler(session)));
    }
  }

  #track(run: Promise<void>): void {
    this.#running.add(run);
    run.finally(() => this.#running.delete(run));
  }

  /** How many connections have not ended. */
  get open(): number {
    return this.#running.size;
  }

  /** Resolves when all connections of so far have ended. */
  ended(): Promise<unknown> {
    return soon(Promise.all(this.#running), "the connections to end");
  }

  /** The first entry of the access log with these fields, there or to come. */
  async entry(fields: AccessEntry = {}): Promise<AccessEntry> {
    const find = () =>
      this.entries.find((entry) =>
        Object.entries(fields).every(([name, value]) => entry[name] === value)
      );
    await eventually(() => find() !== undefined, "the access log");
    return find()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const transport of this.#transports) transport.destroy();
    await this.ended();
    this.pool.close();
    await this.application?.[Symbol.asyncDispose]();
    if (this.unexpected.length > 0) throw this.unexpected[0];
  }
}
