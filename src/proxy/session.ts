import type { Deadline, Deadlines } from "../deadlines.ts";
import { SidecarError } from "../errors.ts";
import type { MessageBody } from "../http/body_reader.ts";
import { ascii } from "../http/octets.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { Ending } from "../http/server_connection.ts";
import { AccessLog, type ConnectionFields } from "./access_log.ts";
import type { BodyLimit } from "./body_limit.ts";
import type { ClientRequest, ResponseSink } from "./client_request.ts";
import {
  Exchange,
  type ExchangeDependencies,
  type ExchangeLimits,
  type Outgoing,
} from "./exchange.ts";
import { grpcMediaType, grpcTimeoutMs } from "./grpc_call.ts";
import { grpcStatusLines } from "./grpc_status.ts";
import { HeldBody, holdBody } from "./held_body.ts";
import type { ResponseDependencies } from "./http1_response.ts";
import type { RequestAdditions, RequestSeal } from "./request_head_writer.ts";
import {
  type RecordDependencies,
  recordRefusal,
  RequestRecord,
} from "./request_record.ts";
import { statusOf } from "./status.ts";
import { trustLost } from "./trust_lost.ts";

/** What all sessions share. */
export interface SessionDependencies
  extends ExchangeDependencies, RecordDependencies, ResponseDependencies {
  /** Undefined where requests may be of any size. */
  readonly bodyLimit: BodyLimit | undefined;
  /** What stands in place of the limits where a request is a gRPC call; undefined where there are none. */
  readonly grpcLimits: ExchangeLimits | undefined;
  readonly deadlines: Deadlines;
  /** Undefined where content is not sealed. */
  readonly bodySeal: BodySeal | undefined;
  /** Told of what should never happen. */
  onUnexpected(error: unknown): void;
}

/** How content is sealed, where it is. */
export interface BodySeal {
  /** Content of more octets than this is passed on unsealed. */
  readonly maxOctets: number;
  /** The value of `Content-Digest` (RFC 9530 §2). */
  digest(content: Uint8Array): string;
}

/** What is known of a connection's client. */
export interface SessionClient extends ConnectionFields {
  /** What its connection speaks: what cannot be parsed has no version that could be believed. */
  readonly protocol: "http/1.1" | "h2";
  /** Lines that tell the application who the client is, each ended by CRLF. */
  readonly identityLines: Uint8Array;
  /** Seals its requests; undefined where they are not sealed. */
  readonly seal: RequestSeal | undefined;
  /** Why none of its requests comes near the application, where it may not enter. */
  readonly refusal: SidecarError | undefined;
}

/**
 * Serves the requests of one connection, whatever it speaks. What is the same
 * for all of them, the lines about the client before all, is made here, once.
 */
export class Session {
  readonly #dependencies: SessionDependencies;
  readonly #clientLines: Uint8Array;
  readonly #seal: RequestSeal | undefined;
  readonly #logPart: string;
  readonly #protocol: "http/1.1" | "h2";
  readonly #refusal: SidecarError | undefined;

  constructor(dependencies: SessionDependencies, client: SessionClient) {
    this.#dependencies = dependencies;
    this.#clientLines = joined(
      ascii(
        `X-Forwarded-For: ${client.address}\r\nX-Forwarded-Proto: https\r\n`,
      ),
      client.identityLines,
    );
    this.#seal = client.seal;
    this.#logPart = AccessLog.connectionPart(client);
    this.#protocol = client.protocol;
    this.#refusal = client.refusal;
  }

  /** What its responses share with those of all others. */
  get dependencies(): ResponseDependencies {
    return this.#dependencies;
  }

  /** Answers a request. Never rejects. */
  async handle(
    request: ClientRequest,
    response: ResponseSink,
  ): Promise<Ending> {
    const { bodyLimit, bodySeal, grpcLimits } = this.#dependencies;
    const record = new RequestRecord(this.#dependencies, request.head);
    const isGrpc = grpcMediaType(request.head) !== undefined;
    let deadline: Deadline | undefined;
    let exchange: Exchange | undefined;
    let fault = this.#refusal;
    let ending: Ending = "cut";
    let status = 0;
    try {
      if (fault !== undefined) throw fault;
      const body = bodyLimit?.bodyOf(request) ?? request.body;
      const additions = this.#additionsFor(request, record.lines);
      const outgoing = bodySeal === undefined
        ? { additions, body }
        : await this.#holdBack(request, {
          additions,
          body,
          response,
          bodySeal,
        });
      exchange = new Exchange(this.#dependencies, {
        request,
        response,
        outgoing,
        ...(isGrpc && grpcLimits && { limits: grpcLimits }),
      });
      if (isGrpc) deadline = this.#limitCall(request.head, exchange);
      ending = await exchange.run();
    } catch (error) {
      fault = this.#faultOf(error);
      // Once a response has begun, only a cut tells that it is not whole.
      if (!exchange?.status && fault.code !== "CLIENT_GONE") {
        status = statusOf(fault.code);
        // A client that is let in later must not be kept out by its connection.
        const last = this.#refusal !== undefined;
        ending = await response.answer(fault.code, { last });
      } else if (
        isGrpc && fault.code !== "CLIENT_GONE" &&
        response.endByTrailers(grpcStatusLines(fault.code))
      ) ending = "close";
    }
    if (deadline) this.#dependencies.deadlines.remove(deadline);
    response.release();
    record.end(this.#logPart, {
      status: exchange?.status || status,
      fault,
      upstreamMs: exchange?.upstreamMs ?? -1,
      received: request.body.taken,
      sent: exchange?.sent ?? 0,
    });
    return ending;
  }

  /** Ends a gRPC call when its client says that it waits no longer. */
  #limitCall(head: RequestHead, exchange: Exchange): Deadline | undefined {
    const ms = grpcTimeoutMs(head);
    if (ms === Infinity) return undefined;
    const deadline = this.#dependencies.deadlines.add(() => exchange.expire());
    deadline.arm(ms);
    return deadline;
  }

  /** Throws `SidecarError` for a tunnel that is not made. */
  #additionsFor({ head }: ClientRequest, own: string): RequestAdditions {
    const upgrade = this.#dependencies.tunnels?.upgradeOf(head);
    // Where the application declines, whoever is between the client and us may
    // have missed that, and let through what it would not let through as requests.
    if (upgrade !== undefined) head.persistent = false;
    return {
      lines: this.#clientLines,
      seal: this.#seal,
      contentDigest: undefined,
      continued: false,
      own,
      upgrade,
    };
  }

  /** Answers what could not be taken for a request; undefined when the answer has left. */
  refuse(
    fault: SidecarError,
    response: ResponseSink,
  ): Promise<void> | undefined {
    recordRefusal(this.#dependencies, {
      connectionPart: this.#logPart,
      protocol: this.#protocol,
      fault,
    });
    return response.refuse(fault.code);
  }

  /** Takes the request's content first, as far as it can be sealed: its digest goes in the head. */
  async #holdBack(
    request: ClientRequest,
    { additions, body, response, bodySeal }: {
      additions: RequestAdditions;
      body: MessageBody;
      response: ResponseSink;
      bodySeal: BodySeal;
    },
  ): Promise<Outgoing> {
    const { maxOctets, digest } = bodySeal;
    // The application, which has not even seen the head, can't say so.
    const continued = request.head.expectsContinue;
    if (continued) await response.goOn();
    const held = await holdBody(request, { body, maxOctets });
    // The application, which knows nothing of the request, is not told of a
    // client that has lost its trust or its name meanwhile.
    if (!request.trusted) throw trustLost();
    const whole = body.done && held.length <= maxOctets;
    return {
      additions: {
        ...additions,
        contentDigest: whole ? digest(held) : undefined,
        continued,
      },
      body: new HeldBody(held, body),
    };
  }

  #faultOf(error: unknown): SidecarError {
    if (error instanceof SidecarError) return error;
    this.onUnexpected(error);
    return new SidecarError("INTERNAL", "Cannot go on: an unexpected error");
  }

  onUnexpected(error: unknown): void {
    this.#dependencies.onUnexpected(error);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const octets = new Uint8Array(first.length + second.length);
  octets.set(first);
  octets.set(second, first.length);
  return octets;
}
