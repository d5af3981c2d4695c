import type { ErrorCode } from "../errors.ts";
import type { MessageBody } from "../http/body_reader.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { ResponseHead } from "../http/response_head.ts";
import type { Ending } from "../http/server_connection.ts";
import type { TunnelEnd } from "./tunnel.ts";

/** A client's request, as an exchange sees it. */
export interface ClientRequest {
  readonly head: RequestHead;
  readonly body: MessageBody;
  /** Whether nobody is there to be answered. */
  readonly clientGone: boolean;
  /** Whether the client may be served now: trust can be withdrawn within a request. */
  readonly trusted: boolean;
  /**
   * Called once when the client goes away while its request is being handled; by
   * the end of its side too, unless that is a tunnel's.
   */
  set onClientGone(listener: (() => void) | undefined);
  /**
   * Waits for more of the body, for so many milliseconds at most where it is not
   * left to the connection. Throws `SidecarError`.
   */
  moreBody(limitMs?: number): Promise<void>;
  /** Makes a `moreBody` that is under way fail: nobody needs the rest. */
  abandonBody(): void;
}

/**
 * Where the response to one request goes, in the words of the protocol that the
 * client speaks. What is appended leaves with `flush`.
 */
export interface ResponseSink {
  /** Tells a client that waits for it to send its body (RFC 9110 §10.1.1). */
  goOn(): Promise<void> | undefined;
  /** Appends an interim response (RFC 9110 §15.2), where the client knows such. */
  interim(head: ResponseHead): void;
  /** Appends the final response's head. Returns what becomes of the connection after it. */
  begin(head: ResponseHead): Ending;
  /**
   * In place of `begin`: appends that the connection speaks `protocol` from here
   * on. Returns the client's end of the tunnel, to be used once that is flushed.
   */
  beginTunnel(head: ResponseHead, protocol: string): TunnelEnd;
  /**
   * Appends what has arrived of the body, as far as it can be sent now, and at
   * its end what follows it: then true. False when `pending` should be flushed,
   * or, with nothing pending, more must arrive.
   */
  fill(body: MessageBody, hopByHop: ReadonlySet<string>): boolean;
  /** Whether something waits to be flushed. */
  readonly pending: boolean;
  /** Sends what was appended; undefined when more may follow at once. */
  flush(): Promise<void> | undefined;
  /**
   * Ends a response that has begun by trailers that say why it is not whole, lines
   * each ended by CRLF. False where that can't be: then it must be cut.
   */
  endByTrailers(lines: string): boolean;
  /**
   * Answers with an error of ours, in place of all that was not flushed. `last`:
   * whatever else the client might ask for, the connection takes no more.
   */
  answer(code: ErrorCode, options: { last: boolean }): Promise<Ending>;
  /**
   * The same for what could not be taken for a request, after which an HTTP/1.1
   * connection is closed. Undefined when the answer has left.
   */
  refuse(code: ErrorCode): Promise<void> | undefined;
  /** Says that the response is over, and that what was not flushed is nobody's. */
  release(): void;
}
