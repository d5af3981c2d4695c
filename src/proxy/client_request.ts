import type { ErrorCode } from "../errors.ts";
import type { MessageBody } from "../http/body_reader.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { ResponseHead } from "../http/response_head.ts";
import type { Ending } from "../http/server_connection.ts";

/** A client's request, as an exchange sees it. */
export interface ClientRequest {
  readonly head: RequestHead;
  readonly body: MessageBody;
  /** Whether nobody is there to be answered. */
  readonly clientGone: boolean;
  /** Whether the client may be served now: trust can be withdrawn within a request. */
  readonly trusted: boolean;
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
  /** Tells a client that waits for it to send its body (RFC 9110 §10.1.1). */
  goOn(): Promise<void> | undefined;
  /** Appends an interim response (RFC 9110 §15.2), where the client knows such. */
  interim(head: ResponseHead): void;
  /** Appends the final response's head. Returns what becomes of the connection after it. */
  begin(head: ResponseHead): Ending;
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
   * Answers with an error of ours, in place of all that was not flushed. `last`:
   * whatever else the client might ask for, the connection takes no more.
   */
  answer(code: ErrorCode, options: { last: boolean }): Promise<Ending>;
  /** The same for what could not be taken for a request, after which the connection is closed. */
  refuse(code: ErrorCode): void;
  /** Says that the response is over, and that what was not flushed is nobody's. */
  release(): void;
}
