import { SidecarError } from "../errors.ts";
import type { MessageBody } from "../http/body_reader.ts";
import { ascii } from "../http/octets.ts";
import type {
  Ending,
  RequestHandler,
  ServerConnection,
} from "../http/server_connection.ts";
import { AccessLog, type ConnectionFields } from "./access_log.ts";
import type { BodyLimit } from "./body_limit.ts";
import type { ClientRequest, ResponseSink } from "./client_request.ts";
import {
  Exchange,
  type ExchangeDependencies,
  type Outgoing,
} from "./exchange.ts";
import { HeldBody, holdBody } from "./held_body.ts";
import { Http1Response, type ResponseDependencies } from "./http1_response.ts";
import type { RequestAdditions, RequestSeal } from "./request_head_writer.ts";
import {
  type RecordDependencies,
  recordRefusal,
  RequestRecord,
} from "./request_record.ts";
import { statusOf } from "./status.ts";

/** What all sessions share. */
export interface SessionDependencies
  extends ExchangeDependencies, RecordDependencies, ResponseDependencies {
  /** Undefined where requests may be of any size. */
  readonly bodyLimit: BodyLimit | undefined;
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
  /** Lines that tell the application who the client is, each ended by CRLF. */
  readonly identityLines: Uint8Array;
  /** Seals its requests; undefined where they are not sealed. */
  readonly seal: RequestSeal | undefined;
  /** Why none of its requests comes near the application, where it may not enter. */
  readonly refusal: SidecarError | undefined;
}

/**
 * Serves the requests of one connection. What is the same for all of them, the
 * lines about the client before all, is made here, once.
 */
export class Session implements RequestHandler {
  readonly #dependencies: SessionDependencies;
  readonly #clientLines: Uint8Array;
  readonly #seal: RequestSeal | undefined;
  readonly #logPart: string;
  readonly #refusal: SidecarError | undefined;
  #response: ResponseSink | undefined;

  constructor(dependencies: SessionDependencies, client: SessionClient) {
    this.#dependencies = dependencies;
    this.#clientLines = new Uint8Array([
      ...ascii(`X-Forwarded-For: ${client.address}\r\n`),
      ...ascii("X-Forwarded-Proto: https\r\n"),
      ...client.identityLines,
    ]);
    this.#seal = client.seal;
    this.#logPart = AccessLog.connectionPart(client);
    this.#refusal = client.refusal;
  }

  async handle(connection: ServerConnection): Promise<Ending> {
    const { bodyLimit, bodySeal } = this.#dependencies;
    const record = new RequestRecord(this.#dependencies, connection.head);
    const additions: RequestAdditions = {
      lines: this.#clientLines,
      seal: this.#seal,
      contentDigest: undefined,
      continued: false,
      own: record.lines,
    };
    const response = this.#responseOf(connection);
    let exchange: Exchange | undefined;
    let fault = this.#refusal;
    let ending: Ending = "cut";
    let status = 0;
    try {
      if (fault !== undefined) throw fault;
      const body = bodyLimit?.bodyOf(connection) ?? connection.body;
      const outgoing = bodySeal === undefined
        ? { additions, body }
        : await this.#holdBack(connection, {
          additions,
          body,
          response,
          bodySeal,
        });
      exchange = new Exchange(this.#dependencies, {
        request: connection,
        response,
        outgoing,
      });
      ending = await exchange.run();
    } catch (error) {
      fault = this.#faultOf(error);
      // Once a response has begun, only a cut tells that it is not whole.
      if (!exchange?.status && fault.code !== "CLIENT_GONE") {
        status = statusOf(fault.code);
        // A client that is let in later must not be kept out by its connection.
        const last = this.#refusal !== undefined;
        ending = await response.answer(fault.code, { last });
      }
    }
    response.release();
    record.end(this.#logPart, {
      status: exchange?.status || status,
      fault,
      upstreamMs: exchange?.upstreamMs ?? -1,
      received: connection.body.taken,
      sent: exchange?.sent ?? 0,
    });
    return ending;
  }

  refuse(connection: ServerConnection, fault: SidecarError): void {
    this.#responseOf(connection).refuse(fault.code);
    recordRefusal(this.#dependencies, { connectionPart: this.#logPart, fault });
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

  #responseOf(connection: ServerConnection): ResponseSink {
    return this.#response ??= new Http1Response(connection, this.#dependencies);
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

function trustLost(): SidecarError {
  return new SidecarError(
    "UNAUTHORIZED",
    "Cannot forward the request: its client lost trust while its content came",
  );
}
