import { SidecarError } from "../errors.ts";
import { gather } from "../http/gather.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { OctetWriters } from "../http/octet_writers.ts";
import type { Ending, ServerConnection } from "../http/server_connection.ts";
import { writeLastChunk } from "../http/trailers.ts";
import type { UpstreamConnection } from "../upstream/connection.ts";
import type { UpstreamPool } from "../upstream/pool.ts";
import type { RequestHeadWriter } from "./request_head_writer.ts";
import {
  type ResponseHeadWriter,
  writeInterimHead,
} from "./response_head_writer.ts";

/** Methods whose request may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** An application that sends more before its answer is not about to answer. */
const MAX_INTERIM_RESPONSES = 32;

/** What all exchanges share. */
export interface ExchangeDependencies {
  readonly pool: UpstreamPool;
  readonly writers: OctetWriters;
  readonly requestHeads: RequestHeadWriter;
  readonly responseHeads: ResponseHeadWriter;
  /** How long the application may take to begin its response, in milliseconds. */
  readonly upstreamTimeoutMs: number;
  /** How long the body of its response may stand still, in milliseconds. */
  readonly bodyTimeoutMs: number;
}

/**
 * One request from a client, its way to the application, and the response's way
 * back, both streamed: neither side is read faster than the other takes it.
 *
 * `out` holds the request's head when it begins, and belongs to it until it ends.
 */
export class Exchange {
  readonly #dependencies: ExchangeDependencies;
  readonly #connection: ServerConnection;
  readonly #out: OctetWriter;
  #upstream: UpstreamConnection | undefined;
  /** Why the request's body could not be taken from the client, or no one is there to answer. */
  #clientFault: SidecarError | undefined;
  #sawContinue = false;
  /** The status of the final response, once its head has come. */
  #responseStatus = 0;
  /** Whether the response's body is sent in chunks. */
  #chunked = false;
  /** A piece of the response's body that is not to be copied, as `gather` gave it. */
  #large: Uint8Array | null | undefined;

  /** The status of the response of which something was sent, 0 before. */
  status = 0;
  /** Octets of content that the client was sent. */
  sent = 0;

  constructor(
    dependencies: ExchangeDependencies,
    connection: ServerConnection,
    out: OctetWriter,
  ) {
    this.#dependencies = dependencies;
    this.#connection = connection;
    this.#out = out;
  }

  /**
   * Runs to the response's end. Throws `SidecarError` where it fails: with
   * `status` 0 no response has begun, and the client can still be given one.
   */
  async run(): Promise<Ending> {
    const connection = this.#connection;
    if (connection.clientGone) throw clientGone();
    connection.onClientGone = this.#onClientGone;
    let upstream = this.#dependencies.pool.take();
    try {
      for (;;) {
        upstream ??= await this.#dependencies.pool.connect();
        // The client may have gone while we were connecting.
        if (this.#clientFault === undefined) {
          try {
            return await this.#attempt(upstream);
          } catch (error) {
            if (!this.#mayRetry(upstream, error)) {
              throw this.#clientFault ?? error;
            }
          }
        }
        upstream.destroy();
        if (this.#clientFault !== undefined) throw this.#clientFault;
        upstream = undefined;
      }
    } finally {
      connection.onClientGone = undefined;
    }
  }

  /**
   * Whether the request can be sent once more, to a fresh connection: the one
   * that was used had served before and was closed under us without a word, and
   * the request is idempotent, and has no body that is gone now.
   */
  #mayRetry(upstream: UpstreamConnection, error: unknown): boolean {
    const { head } = this.#connection;
    return error instanceof SidecarError && error.code === "UPSTREAM_CLOSED" &&
      upstream.reused && !upstream.heard && this.#clientFault === undefined &&
      head.framing.kind === "none" && IDEMPOTENT.has(head.method);
  }

  readonly #onClientGone = (): void => this.#abort(clientGone());

  /** Ends the exchange for a reason on the client's side. */
  #abort(fault: SidecarError): void {
    this.#clientFault ??= fault;
    this.#upstream?.destroy();
  }

  /** One request on one connection, from its first octet to the response's last. */
  async #attempt(upstream: UpstreamConnection): Promise<Ending> {
    const { pool, requestHeads, writers, upstreamTimeoutMs } =
      this.#dependencies;
    const connection = this.#connection;
    const { method } = connection.head;
    this.#upstream = upstream;
    let upload: Promise<void> | undefined;
    try {
      if (connection.body.done) {
        upstream.arm(upstreamTimeoutMs);
        await upstream.send(this.#out.octets);
      } else upload = this.#upload(upstream);
      await upstream.readHead(method);
      for (let interims = 0; upstream.head.interim; interims++) {
        if (interims === MAX_INTERIM_RESPONSES) throw tooManyInterims();
        await this.#relayInterim(upstream);
        await upstream.readHead(method);
      }
      upstream.disarm();
      const out = writers.take();
      const ending = this.#beginResponse(upstream, out);
      if (!this.#endResponse(upstream, out)) {
        await this.#relayBody(upstream, out);
      }
      await this.#sendClient(out);
      writers.give(out);
      if (upload === undefined || connection.body.done) {
        await upload;
        // A client that leaves from now on must not take with it a connection
        // that is the next one's.
        this.#upstream = undefined;
        if (requestHeads.mayReuse(connection.head)) pool.give(upstream);
        else upstream.destroy();
        return ending;
      }
      // Answered before its body was read; nobody wants the rest of it.
      upstream.destroy();
      return "close";
    } catch (error) {
      upstream.destroy();
      throw error;
    } finally {
      if (this.status !== 0) this.sent = upstream.body.taken;
      if (upload !== undefined && upstream.destroyed) {
        connection.abandonBody();
        await upload;
      }
    }
  }

  /**
   * Sends the request and its body. Never rejects: where the application is at
   * fault that shows when its response is read, which it may have sent before.
   */
  async #upload(upstream: UpstreamConnection): Promise<void> {
    try {
      await this.#sendBody(upstream);
    } catch (error) {
      if (upstream.destroyed || !(error instanceof SidecarError)) return;
      if (error.code !== "UPSTREAM_CLOSED") this.#abort(error);
    }
  }

  async #sendBody(upstream: UpstreamConnection): Promise<void> {
    const connection = this.#connection;
    const { body } = connection;
    const out = this.#out;
    const chunked = connection.head.framing.kind === "chunked";
    for (;;) {
      const piece = gather(body, out, chunked);
      if (piece === null) break;
      if (out.length > 0) {
        await this.#sendUpstream(upstream, out.octets);
        out.clear();
      } else if (piece === undefined) {
        // Nothing would interrupt a wait begun after the exchange has ended.
        if (upstream.destroyed) return;
        await connection.moreBody();
      }
      if (piece !== undefined) await this.#sendUpstream(upstream, piece);
    }
    if (chunked) writeLastChunk(out, body.trailers, connection.head.hopByHop);
    if (out.length > 0) await this.#sendUpstream(upstream, out.octets);
    // From now on it is the application that is waited for.
    if (this.#responseStatus === 0) {
      upstream.arm(this.#dependencies.upstreamTimeoutMs);
    }
  }

  async #sendUpstream(
    upstream: UpstreamConnection,
    octets: Uint8Array,
  ): Promise<void> {
    upstream.arm(this.#dependencies.upstreamTimeoutMs);
    await upstream.send(octets);
    upstream.disarm();
  }

  async #relayInterim(upstream: UpstreamConnection): Promise<void> {
    if (upstream.head.status === 100) this.#sawContinue = true;
    // RFC 9110 §15.2: HTTP/1.0 knows no interim responses.
    if (this.#connection.head.minor === 0) return;
    const { writers } = this.#dependencies;
    const out = writers.take();
    writeInterimHead(out, upstream.head);
    await this.#sendClient(out);
    writers.give(out);
  }

  #beginResponse(upstream: UpstreamConnection, out: OctetWriter): Ending {
    const { head, body } = upstream;
    const kind = head.framing.kind;
    const delimited = kind === "none" || kind === "length";
    const isHttp10 = this.#connection.head.minor === 0;
    const persists = this.#mayPersist(delimited);
    this.#responseStatus = head.status;
    this.#chunked = !delimited && !isHttp10;
    this.#dependencies.responseHeads.write(out, head, {
      chunked: this.#chunked,
      connection: !persists ? "close" : isHttp10 ? "keep-alive" : "unsaid",
    });
    body.begin(head.framing);
    return persists ? "keep" : "close";
  }

  /** Whether the client may send another request after this response (RFC 9112 §9.3). */
  #mayPersist(delimited: boolean): boolean {
    const { head, body, retiring } = this.#connection;
    if (!head.persistent || retiring) return false;
    if (head.minor === 0 && !delimited) return false;
    // Told neither to go on nor to stop, the client may send its body or the
    // next request: nobody could tell which (RFC 9110 §10.1.1).
    return !head.expectsContinue || this.#sawContinue || body.done;
  }

  /** Puts the rest of the response into `out` where it has arrived and is small. */
  #endResponse(upstream: UpstreamConnection, out: OctetWriter): boolean {
    this.#large = gather(upstream.body, out, this.#chunked);
    if (this.#large !== null) return false;
    if (this.#chunked) {
      writeLastChunk(out, upstream.body.trailers, upstream.head.hopByHop);
    }
    return true;
  }

  async #relayBody(
    upstream: UpstreamConnection,
    out: OctetWriter,
  ): Promise<void> {
    do {
      const large = this.#large;
      if (out.length > 0) await this.#sendClient(out);
      else if (large === undefined) {
        upstream.arm(this.#dependencies.bodyTimeoutMs);
        await upstream.body.more();
        upstream.disarm();
      }
      if (large) await this.#connection.send(large);
    } while (!this.#endResponse(upstream, out));
  }

  #sendClient(out: OctetWriter): Promise<void> | undefined {
    this.status = this.#responseStatus;
    const sending = this.#connection.send(out.octets);
    out.clear();
    return sending;
  }
}

function tooManyInterims(): SidecarError {
  return new SidecarError(
    "UPSTREAM_RESPONSE_INVALID",
    `Cannot take the application's response: expected at most ${MAX_INTERIM_RESPONSES} interim ones before it`,
  );
}

function clientGone(): SidecarError {
  return new SidecarError(
    "CLIENT_GONE",
    "Cannot answer: the client went away",
  );
}
