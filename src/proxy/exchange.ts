import { type ErrorCode, SidecarError } from "../errors.ts";
import type { BodyReader } from "../http/body_reader.ts";
import { gather } from "../http/gather.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { ResponseHead } from "../http/response_head.ts";
import type { Ending } from "../http/server_connection.ts";
import { writeLastChunk } from "../http/trailers.ts";
import type { UpstreamConnection } from "../upstream/connection.ts";
import type { UpstreamPool } from "../upstream/pool.ts";
import type { RequestHeadWriter } from "./request_head_writer.ts";

/** Methods whose request may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** An application that sends more before its answer is not about to answer. */
const MAX_INTERIM_RESPONSES = 32;

/** What all exchanges share. */
export interface ExchangeDependencies {
  readonly pool: UpstreamPool;
  readonly requestHeads: RequestHeadWriter;
  /** How long the application may take to begin its response, in milliseconds. */
  readonly upstreamTimeoutMs: number;
  /** How long the body of its response may stand still, in milliseconds. */
  readonly bodyTimeoutMs: number;
}

/** A client's request, as an exchange sees it. */
export interface ClientRequest {
  readonly head: RequestHead;
  readonly body: BodyReader;
  /** Whether nobody is there to be answered. */
  readonly clientGone: boolean;
  /** Called once when the client goes away while its request is being handled. */
  set onClientGone(listener: (() => void) | undefined);
  /** Waits for more of the body. Throws `SidecarError`. */
  moreBody(): Promise<void>;
  /** Makes a `moreBody` that is under way fail: nobody needs the rest. */
  abandonBody(): void;
}

/**
 * Where the response to one request goes, in the words of the protocol that the
 * client speaks. What is appended leaves with `flush`.
 */
export interface ResponseSink {
  /** Appends an interim response (RFC 9110 §15.2), where the client knows such. */
  interim(head: ResponseHead): void;
  /** Appends the final response's head. Returns what becomes of the connection after it. */
  begin(head: ResponseHead): Ending;
  /**
   * Appends what has arrived of the body, as far as it can be sent now, and at
   * its end what follows it: then true. False when `pending` should be flushed,
   * or, with nothing pending, more must arrive.
   */
  fill(body: BodyReader, hopByHop: ReadonlySet<string>): boolean;
  /** Whether something waits to be flushed. */
  readonly pending: boolean;
  /** Sends what was appended; undefined when more may follow at once. */
  flush(): Promise<void> | undefined;
  /** Answers with an error of ours, in place of all that was not flushed. */
  answer(code: ErrorCode): Promise<Ending>;
  /** The same for what could not be taken for a request, after which the connection is closed. */
  refuse(code: ErrorCode): void;
  /** Says that the response is over, and that what was not flushed is nobody's. */
  release(): void;
}

/**
 * One request from a client, its way to the application, and the response's way
 * back, both streamed: neither side is read faster than the other takes it.
 *
 * `out` holds the request's head when it begins, and belongs to it until it ends.
 */
export class Exchange {
  readonly #dependencies: ExchangeDependencies;
  readonly #request: ClientRequest;
  readonly #response: ResponseSink;
  readonly #out: OctetWriter;
  #upstream: UpstreamConnection | undefined;
  /** Why the request's body could not be taken from the client, or no one is there to answer. */
  #clientFault: SidecarError | undefined;
  /** The status of the final response, once its head has come. */
  #responseStatus = 0;

  /** The status of the response of which something was sent, 0 before. */
  status = 0;
  /** Octets of content that the client was sent. */
  sent = 0;

  constructor(
    dependencies: ExchangeDependencies,
    { request, response, out }: {
      request: ClientRequest;
      response: ResponseSink;
      out: OctetWriter;
    },
  ) {
    this.#dependencies = dependencies;
    this.#request = request;
    this.#response = response;
    this.#out = out;
  }

  /**
   * Runs to the response's end. Throws `SidecarError` where it fails: with
   * `status` 0 no response has begun, and the client can still be given one.
   */
  async run(): Promise<Ending> {
    const request = this.#request;
    if (request.clientGone) throw clientGone();
    request.onClientGone = this.#onClientGone;
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
      request.onClientGone = undefined;
    }
  }

  /**
   * Whether the request can be sent once more, to a fresh connection: the one
   * that was used had served before and was closed under us without a word, and
   * the request is idempotent, and has no body that is gone now.
   */
  #mayRetry(upstream: UpstreamConnection, error: unknown): boolean {
    const { head } = this.#request;
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
    const { pool, requestHeads, upstreamTimeoutMs } = this.#dependencies;
    const request = this.#request;
    const { method } = request.head;
    this.#upstream = upstream;
    let upload: Promise<void> | undefined;
    try {
      if (request.body.done) {
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
      this.#responseStatus = upstream.head.status;
      const ending = this.#response.begin(upstream.head);
      upstream.body.begin(upstream.head.framing);
      await this.#relayBody(upstream);
      if (upload === undefined || request.body.done) {
        await upload;
        // A client that leaves from now on must not take with it a connection
        // that is the next one's.
        this.#upstream = undefined;
        if (requestHeads.mayReuse(request.head)) pool.give(upstream);
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
        request.abandonBody();
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
    const request = this.#request;
    const { body } = request;
    const out = this.#out;
    const chunked = request.head.framing.kind === "chunked";
    for (;;) {
      const piece = gather(body, out, chunked);
      if (piece === null) break;
      if (out.length > 0) {
        await this.#sendUpstream(upstream, out.octets);
        out.clear();
      } else if (piece === undefined) {
        // Nothing would interrupt a wait begun after the exchange has ended.
        if (upstream.destroyed) return;
        await request.moreBody();
      }
      if (piece !== undefined) await this.#sendUpstream(upstream, piece);
    }
    if (chunked) writeLastChunk(out, body.trailers, request.head.hopByHop);
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
    this.#response.interim(upstream.head);
    if (this.#response.pending) await this.#flush();
  }

  /** To its end, head included: a small body leaves with its head. */
  async #relayBody(upstream: UpstreamConnection): Promise<void> {
    const response = this.#response;
    const { head, body } = upstream;
    while (!response.fill(body, head.hopByHop)) {
      if (response.pending) await this.#flush();
      else {
        upstream.arm(this.#dependencies.bodyTimeoutMs);
        await body.more();
        upstream.disarm();
      }
    }
    await this.#flush();
  }

  #flush(): Promise<void> | undefined {
    this.status = this.#responseStatus;
    return this.#response.flush();
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
