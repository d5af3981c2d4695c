import { OctetWriter } from "../http/octet_writer.ts";
import { ResponseHead } from "../http/response_head.ts";
import { Http2Buffers } from "./buffers.ts";

/** What most response heads fit in, and what is not kept when it has grown beyond. */
const HEAD_CAPACITY = 512, MAX_HEAD_CAPACITY = 4 * 1024;

/** More response heads than this are not kept. */
const MAX_KEPT = 256;

/** A response's head, and the octets that it is parsed from. */
export interface ResponseHeadBuffer {
  readonly head: ResponseHead;
  readonly octets: OctetWriter;
}

/** Memory that all HTTP/2 connections to the application use in turn. */
export class ClientBuffers extends Http2Buffers {
  readonly #responses: ResponseHeadBuffer[] = [];

  /** For one response, until `giveResponse`. */
  takeResponse(): ResponseHeadBuffer {
    return this.#responses.pop() ??
      { head: new ResponseHead(), octets: new OctetWriter(HEAD_CAPACITY) };
  }

  /** Takes back what nobody uses any more. */
  giveResponse(buffer: ResponseHeadBuffer): void {
    const { head, octets } = buffer;
    if (
      this.#responses.length === MAX_KEPT ||
      octets.capacity > MAX_HEAD_CAPACITY
    ) return;
    head.reset();
    octets.clear();
    this.#responses.push(buffer);
  }
}
