import { SidecarError } from "../errors.ts";
import type { MessageBody } from "../http/body_reader.ts";
import type { Ending } from "../http/server_connection.ts";
import type { ClientRequest, ResponseSink } from "./client_request.ts";
import { HeldBody } from "./held_body.ts";
import type { RequestAdditions } from "./request_head_writer.ts";
import { checkTunnel, type Tunnels } from "./tunnels.ts";
import type { Upstream, UpstreamRequest } from "./upstream_request.ts";
import { trustLost } from "./trust_lost.ts";

/** Methods whose request may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** An application that sends more before its answer is not about to answer. */
const MAX_INTERIM_RESPONSES = 32;

/** How often a request is sent again that the application did not process. */
const MAX_RESENDINGS = 2;

/** How long is waited for the application, and for the client's body. */
export interface ExchangeLimits {
  /** How long the application may take to begin its response, in milliseconds. */
  readonly upstreamTimeoutMs: number;
  /** How long the body of its response may stand still, in milliseconds. */
  readonly bodyTimeoutMs: number;
  /** How long the body of a request may, where that is not for its connection to say. */
  readonly uploadTimeoutMs?: number;
}

/** What all exchanges share. */
export interface ExchangeDependencies extends ExchangeLimits {
  readonly upstream: Upstream;
  /** Undefined where no connection may speak anything but HTTP. */
  readonly tunnels?: Tunnels | undefined;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}

/** What goes on to the application beside the request's own head. */
export interface Outgoing {
  readonly additions: RequestAdditions;
  /** The request's body, or what stands for it. */
  readonly body: MessageBody;
}

/**
 * One request from a client, its way to the application, and the response's way
 * back, both streamed: neither side is read faster than the other takes it.
 */
export class Exchange {
  readonly #dependencies: ExchangeDependencies;
  readonly #request: ClientRequest;
  readonly #response: ResponseSink;
  readonly #limits: ExchangeLimits;
  #outgoing: Outgoing;
  #resendings = 0;
  /** Whether more of the response's body is waited for. */
  #awaitsBody = false;
  #upstream: UpstreamRequest | undefined;
  /** Why the request's body could not be taken from the client, or no one is there to answer. */
  #clientFault: SidecarError | undefined;
  /** The status of the final response, once its head has come. */
  #responseStatus = 0;

  /** The status of the response of which something was sent, 0 before. */
  status = 0;
  /** Octets of content that the client was sent. */
  sent = 0;
  /** When the application had the request, on the clock of `now`; 0 before. */
  #asked = 0;
  /** How long it took from then to the head of its final response, in milliseconds; -1 before. */
  upstreamMs = -1;

  constructor(
    dependencies: ExchangeDependencies,
    { request, response, outgoing, limits = dependencies }: {
      request: ClientRequest;
      response: ResponseSink;
      outgoing: Outgoing;
      limits?: ExchangeLimits;
    },
  ) {
    this.#dependencies = dependencies;
    this.#request = request;
    this.#response = response;
    this.#outgoing = outgoing;
    this.#limits = limits;
  }

  /**
   * Runs to the response's end. Rejects with `SidecarError` where it fails: with
   * `status` 0 no response has begun, and the client can still be given one.
   */
  run(): Promise<Ending> {
    if (this.#request.clientGone) return Promise.reject(clientGone());
    const upstream = this.#dependencies.upstream.take();
    return upstream === undefined
      ? this.#attemptAnew()
      : this.#attempt(upstream);
  }

  /** An attempt for which a connection has to be waited for. */
  async #attemptAnew(): Promise<Ending> {
    const request = this.#request;
    request.onClientGone = this.#onClientGone;
    let upstream: UpstreamRequest;
    try {
      upstream = await this.#dependencies.upstream.connect();
    } finally {
      request.onClientGone = undefined;
    }
    // The application is not told of a client that lost trust meanwhile.
    if (!request.trusted) this.#clientFault ??= trustLost();
    return await this.#attempt(upstream);
  }

  /**
   * Whether the request can be sent once more, and nothing of the response has
   * come: because the application did not process it, or because the connection
   * that was used had served before and was closed under us without a word, and
   * the request is idempotent, and has no body that is gone now.
   */
  #mayRetry(upstream: UpstreamRequest, error: unknown): boolean {
    if (
      this.#clientFault !== undefined || upstream.heard ||
      !(error instanceof SidecarError) || error.code !== "UPSTREAM_CLOSED"
    ) return false;
    if (upstream.unprocessed) return this.#mayResend(upstream);
    const { head } = this.#request;
    return upstream.reused && head.framing.kind === "none" &&
      IDEMPOTENT.has(head.method);
  }

  /** Puts the content back that was sent, where that is possible. */
  #mayResend({ sentContent }: UpstreamRequest): boolean {
    if (sentContent === undefined || this.#resendings === MAX_RESENDINGS) {
      return false;
    }
    this.#resendings++;
    const { additions, body } = this.#outgoing;
    this.#outgoing = { additions, body: new HeldBody(sentContent, body) };
    return true;
  }

  /** Ends it because its client lets it take no longer. */
  expire(): void {
    this.#abort(
      new SidecarError(
        "UPSTREAM_TIMEOUT",
        "Cannot wait any longer for the application: its client set the call a limit",
      ),
    );
  }

  readonly #onClientGone = (): void => this.#abort(clientGone());

  /** Ends the exchange for a reason on the client's side. */
  #abort(fault: SidecarError): void {
    this.#clientFault ??= fault;
    this.#upstream?.destroy();
  }

  /**
   * One request on one connection, from its first octet to the response's last,
   * and where that fails and may be tried once more, another attempt.
   *
   * Every request passes here. It waits for nothing that need not be waited for:
   * each promise is garbage that all requests pay for.
   */
  async #attempt(upstream: UpstreamRequest): Promise<Ending> {
    const request = this.#request;
    request.onClientGone = this.#onClientGone;
    this.#upstream = upstream;
    let upload: Promise<void> | undefined;
    let failure: unknown;
    try {
      // The client may have gone while we were connecting.
      if (this.#clientFault !== undefined) throw this.#clientFault;
      upstream.begin(request.head, this.#outgoing.additions);
      if (this.#outgoing.body.done) {
        upstream.fill(this.#outgoing.body);
        upstream.arm(this.#limits.upstreamTimeoutMs);
        await upstream.flush();
        this.#asked = this.#dependencies.now();
      } else {
        this.#asked = this.#dependencies.now();
        upload = this.#upload(upstream);
      }
      await upstream.readHead();
      for (let interims = 0; upstream.head.interim; interims++) {
        if (interims === MAX_INTERIM_RESPONSES) throw tooManyInterims();
        await this.#relayInterim(upstream);
        await upstream.readHead();
      }
      upstream.disarm();
      this.upstreamMs = this.#dependencies.now() - this.#asked;
      this.#responseStatus = upstream.head.status;
      checkTunnel(request, upstream, this.#outgoing.additions.upgrade);
      if (upstream.head.switching) return await this.#runTunnel(upstream);
      const ending = this.#response.begin(upstream.head);
      upstream.beginBody();
      const relaying = this.#relayBody(upstream);
      if (relaying !== undefined) await relaying;
      if (upload === undefined || this.#outgoing.body.done) {
        if (upload !== undefined) await upload;
        // A client that leaves from now on must not take with it a connection
        // that is the next one's.
        this.#upstream = undefined;
        upstream.done();
        return ending;
      }
      // Answered before its body was read; nobody wants the rest of it.
      upstream.destroy();
      return "close";
    } catch (error) {
      upstream.destroy();
      failure = error;
    } finally {
      if (this.status !== 0) this.sent = upstream.body.taken;
      if (upload !== undefined && upstream.destroyed) {
        request.abandonBody();
        await upload;
      }
      request.onClientGone = undefined;
    }
    if (this.#mayRetry(upstream, failure)) return this.#attemptAnew();
    throw this.#clientFault ?? failure;
  }

  /**
   * Sends the request and its body. Never rejects: where the application is at
   * fault that shows when its response is read, which it may have sent before.
   */
  async #upload(upstream: UpstreamRequest): Promise<void> {
    try {
      await this.#sendBody(upstream);
    } catch (error) {
      if (upstream.destroyed || !(error instanceof SidecarError)) return;
      if (error.code !== "UPSTREAM_CLOSED") this.#abort(error);
    }
  }

  async #sendBody(upstream: UpstreamRequest): Promise<void> {
    const request = this.#request;
    while (!upstream.fill(this.#outgoing.body)) {
      if (upstream.pending) await this.#sendUpstream(upstream);
      else {
        // Nothing would interrupt a wait begun after the exchange has ended.
        if (upstream.destroyed) return;
        await request.moreBody(this.#limits.uploadTimeoutMs);
      }
    }
    if (upstream.pending) await this.#sendUpstream(upstream);
    // From now on it is the application that is waited for.
    if (this.#responseStatus === 0) {
      this.#asked = this.#dependencies.now();
      upstream.arm(this.#limits.upstreamTimeoutMs);
    }
  }

  async #sendUpstream(upstream: UpstreamRequest): Promise<void> {
    upstream.arm(this.#limits.upstreamTimeoutMs);
    await upstream.flush();
    if (this.#awaitsBody) upstream.arm(this.#limits.bodyTimeoutMs);
    else upstream.disarm();
  }

  async #relayInterim(upstream: UpstreamRequest): Promise<void> {
    this.#response.interim(upstream.head);
    if (this.#response.pending) await this.#flush();
  }

  /**
   * To its end, head included: a small body leaves with its head. Undefined where
   * all has left at once.
   */
  #relayBody(upstream: UpstreamRequest): Promise<void> | undefined {
    const { head, body } = upstream;
    return this.#response.fill(body, head.hopByHop)
      ? this.#flush()
      : this.#relayRest(upstream);
  }

  /** What could not leave with the head, as it comes. */
  async #relayRest(upstream: UpstreamRequest): Promise<void> {
    const response = this.#response;
    const { head, body } = upstream;
    do {
      if (response.pending) await this.#flush();
      else {
        upstream.arm(this.#limits.bodyTimeoutMs);
        this.#awaitsBody = true;
        await body.more();
        this.#awaitsBody = false;
        upstream.disarm();
      }
    } while (!response.fill(body, head.hopByHop));
    await this.#flush();
  }

  /** After a 101: what either side sends goes to the other, until both have ended. */
  async #runTunnel(upstream: UpstreamRequest): Promise<Ending> {
    const { protocol } = this.#outgoing.additions.upgrade!;
    const client = this.#response.beginTunnel(upstream.head, protocol);
    await this.#flush();
    // A tunnel can be idle for long, and then holds no memory to write into.
    this.#response.release();
    await this.#dependencies.tunnels!.run(this.#request, {
      client,
      upstream: upstream.beginTunnel!(),
    });
    upstream.destroy();
    return "cut";
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
