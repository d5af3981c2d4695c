import { SidecarError } from "../errors.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { OctetWriters } from "../http/octet_writers.ts";
import type { Ending, ServerConnection } from "../http/server_connection.ts";
import { writeLastChunk } from "../http/trailers.ts";
import type { UpstreamConnection } from "../upstream/connection.ts";
import type { UpstreamPool } from "../upstream/pool.ts";
import {
  type ResponseHeadWriter,
  writeInterimHead,
} from "./response_head_writer.ts";

/** Pieces of a body up to this size are put together with what else is to be sent. */
const SMALL_OCTETS = 8 * 1024;

/** What has been put together is sent when it is this much. */
const FLUSH_OCTETS = 32 * 1024;

/** Methods whose request may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** What all exchanges share. */
export interface ExchangeDependencies {
  readonly pool: UpstreamPool;
  readonly writers: OctetWriters;
  readonly responseHeads: ResponseHeadWriter;
  /** How long the application may keep us waiting, in milliseconds. */
  readonly upstreamTimeoutMs: number;
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

  /** The status of the response that has begun, 0 before. */
  status = 0;
  /** Octets of content, either way. */
  received = 0;
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
    connection.onClientGone = () => this.#abort(clientGone());
    if (connection.clientGone) throw clientGone();
    try {
      return await this.#attempt(this.#dependencies.pool.take());
    } catch (error) {
      if (this.#clientFault !== undefined) throw this.#clientFault;
      if (!this.#mayRetry(error)) throw error;
      return await this.#attempt(undefined);
    } finally {
      connection.onClientGone = undefined;
      // Without effect where the response is whole and the pool has it again.
      this.#upstream?.destroy();
    }
  }

  /**
   * Whether the request can be sent once more, to a fresh connection: the one
   * that was used had served before and was closed under us without a word, and
   * the request is idempotent, and has no body that is gone now.
   */
  #mayRetry(error: unknown): boolean {
    const upstream = this.#upstream;
    const { head } = this.#connection;
    return error instanceof SidecarError && error.code === "UPSTREAM_CLOSED" &&
      upstream !== undefined && upstream.reused && !upstream.heard &&
      head.framing.kind === "none" && IDEMPOTENT.has(head.method);
  }

  async #attempt(idle: UpstreamConnection | undefined): Promise<Ending> {
    const { pool } = this.#dependencies;
    const upstream = this.#upstream = idle ?? await pool.connect();
    // The client may have gone while we were connecting.
    if (this.#clientFault !== undefined) throw this.#clientFault;
    const upload = this.#upload(upstream);
    try {
      const ending = await this.#download(upstream);
      if (!this.#connection.body.done) {
        // Answered before the body was read. Nobody wants the rest of it.
        upstream.destroy();
        this.#connection.abandonBody();
        await upload;
        return ending === "cut" ? "cut" : "close";
      }
      await upload;
      this.#upstream = undefined;
      pool.give(upstream);
      return ending;
    } catch (error) {
      upstream.destroy();
      this.#connection.abandonBody();
      await upload;
      throw error;
    }
  }

  #abort(fault: SidecarError): void {
    this.#clientFault ??= fault;
    this.#upstream?.destroy();
  }

  /**
   * Sends the request. Never rejects: where the application is at fault that
   * shows when its response is read, which it may have sent before it closed.
   */
  async #upload(upstream: UpstreamConnection): Promise<void> {
    const { body } = this.#connection;
    try {
      if (!body.done) await this.#uploadBody(upstream);
      else {
        upstream.arm(this.#dependencies.upstreamTimeoutMs);
        await upstream.send(this.#out.octets);
      }
    } catch (error) {
      if (upstream.destroyed) return;
      if (error instanceof SidecarError && error.code === "UPSTREAM_CLOSED") {
        return;
      }
      this.#abort(
        error instanceof SidecarError ? error : clientGone(),
      );
    }
  }

  async #uploadBody(upstream: UpstreamConnection): Promise<void> {
    const connection = this.#connection;
    const { body } = connection;
    const out = this.#out;
    const chunked = connection.head.framing.kind === "chunked";
    for (;;) {
      const piece = body.take();
      if (piece === null) break;
      if (piece === undefined) {
        await this.#sendUpstream(upstream);
        // Nothing interrupts a wait that is begun after the exchange has ended.
        if (upstream.destroyed) return;
        await connection.moreBody();
        continue;
      }
      this.received += piece.length;
      if (chunked) addChunk(out, piece);
      else if (piece.length <= SMALL_OCTETS) out.add(piece);
      else {
        await this.#sendUpstream(upstream);
        await this.#sendUpstream(upstream, piece);
      }
      if (out.length >= FLUSH_OCTETS) await this.#sendUpstream(upstream);
    }
    if (chunked) writeLastChunk(out, body.trailers);
    await this.#sendUpstream(upstream);
    // From now on it is the application that is waited for.
    if (this.status === 0) upstream.arm(this.#dependencies.upstreamTimeoutMs);
  }

  /** Sends what has been put together, or `piece`, to the application. */
  async #sendUpstream(
    upstream: UpstreamConnection,
    piece?: Uint8Array,
  ): Promise<void> {
    const octets = piece ?? this.#out.octets;
    if (octets.length === 0) return;
    upstream.arm(this.#dependencies.upstreamTimeoutMs);
    await upstream.send(octets);
    upstream.disarm();
    if (piece === undefined) this.#out.clear();
  }

  /** Takes the response and sends it to the client. Throws `SidecarError`. */
  async #download(upstream: UpstreamConnection): Promise<Ending> {
    const { method } = this.#connection.head;
    await upstream.readHead(method);
    while (upstream.head.interim) {
      await this.#relayInterim(upstream);
      await upstream.readHead(method);
    }
    upstream.disarm();
    const out = this.#dependencies.writers.take();
    try {
      return await this.#relayResponse(upstream, out);
    } finally {
      this.#dependencies.writers.give(out);
    }
  }

  async #relayInterim(upstream: UpstreamConnection): Promise<void> {
    if (upstream.head.status === 100) this.#sawContinue = true;
    // RFC 9110 §15.2: HTTP/1.0 knows no interim responses.
    if (this.#connection.head.minor === 0) return;
    const { writers } = this.#dependencies;
    const out = writers.take();
    writeInterimHead(out, upstream.head);
    await this.#connection.send(out.octets);
    writers.give(out);
  }

  async #relayResponse(
    upstream: UpstreamConnection,
    out: OctetWriter,
  ): Promise<Ending> {
    const { head, body } = upstream;
    const { framing } = head;
    const delimited = framing.kind === "none" || framing.kind === "length";
    const isHttp10 = this.#connection.head.minor === 0;
    const chunked = !delimited && !isHttp10;
    const ending = this.#mayPersist(delimited) ? "keep" : "close";
    this.status = head.status;
    this.#dependencies.responseHeads.write(out, head, {
      chunked,
      connection: ending === "close"
        ? "close"
        : isHttp10
        ? "keep-alive"
        : "unsaid",
    });
    body.begin(framing);
    for (;;) {
      const piece = body.take();
      if (piece === null) break;
      if (piece === undefined) {
        await this.#sendClient(out);
        await body.more();
        continue;
      }
      this.sent += piece.length;
      if (chunked) addChunk(out, piece);
      else if (piece.length <= SMALL_OCTETS) out.add(piece);
      else {
        await this.#sendClient(out);
        await this.#connection.send(piece);
      }
      if (out.length >= FLUSH_OCTETS) await this.#sendClient(out);
    }
    if (chunked) writeLastChunk(out, body.trailers);
    await this.#sendClient(out);
    return ending;
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

  #sendClient(out: OctetWriter): Promise<void> | undefined {
    if (out.length === 0) return undefined;
    const sending = this.#connection.send(out.octets);
    out.clear();
    return sending;
  }
}

function addChunk(out: OctetWriter, piece: Uint8Array): void {
  out.addLatin1(piece.length.toString(16) + "\r\n");
  out.add(piece);
  out.addLatin1("\r\n");
}

function clientGone(): SidecarError {
  return new SidecarError(
    "CLIENT_GONE",
    "Cannot answer: the client went away",
  );
}
