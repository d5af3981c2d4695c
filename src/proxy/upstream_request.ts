import type { MessageBody } from "../http/body_reader.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { ResponseHead } from "../http/response_head.ts";
import type { RequestAdditions } from "./request_head_writer.ts";
import type { TunnelEnd } from "./tunnel.ts";

/** The application, as an exchange sees it. */
export interface Upstream {
  /** A way for one request that is there already, if there is one. */
  take(): UpstreamRequest | undefined;
  /** A new way for one request. Rejects with `SidecarError`. */
  connect(): Promise<UpstreamRequest>;
}

/**
 * A request's way to the application and its response's way back, in the words
 * of the protocol that the application speaks. What is appended leaves with
 * `flush`.
 */
export interface UpstreamRequest {
  /** Whether what it goes by has served a request before, and may have been closed since. */
  readonly reused: boolean;
  /** Whether anything came from the application since the request began. */
  readonly heard: boolean;
  /** Whether the application has said that it did not process the request (RFC 9113 §8.7). */
  readonly unprocessed: boolean;
  /** The whole content that was sent, where it is still there to be sent again. */
  readonly sentContent: Uint8Array | undefined;
  readonly destroyed: boolean;
  /** Appends the request's head, with what we add to it. */
  begin(head: RequestHead, additions: RequestAdditions): void;
  /** Appends the request's body, as a response's sink does the response's. */
  fill(body: MessageBody): boolean;
  readonly pending: boolean;
  /** Sends what was appended. Rejects with `SidecarError`. */
  flush(): Promise<void> | undefined;
  /** Reads the head of a response, interim or final. Rejects with `SidecarError`. */
  readHead(): Promise<void> | undefined;
  /** The response's head, once it was read. */
  readonly head: ResponseHead;
  /** Makes ready to take the body of the response whose head was read. */
  beginBody(): void;
  readonly body: MessageBody;
  /**
   * After a head that is `switching`: the application's end of the tunnel, in
   * place of the response's body. Absent where the protocol knows no such thing.
   */
  beginTunnel?(): TunnelEnd;
  /** Limits how long is waited for the application from now on, until `disarm`. */
  arm(ms: number): void;
  disarm(): void;
  /** Says that request and response are whole. */
  done(): void;
  /** Gives up; what is under way on it fails. */
  destroy(): void;
}
