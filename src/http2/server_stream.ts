import type { Deadline } from "../deadlines.ts";
import { SidecarError } from "../errors.ts";
import type { MessageBody } from "../http/body_reader.ts";
import { FieldKind } from "../http/field_name.ts";
import type { Framing } from "../http/framing.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { HeadBuffer } from "./buffers.ts";
import { H2Error } from "./http2_error.ts";
import {
  asUpgrade,
  checkRequestFields,
  writeRequestHead,
} from "./request_fields.ts";
import { Http2Stream } from "./stream.ts";
import { NO_CONTENT, type StreamBodyFaults } from "./stream_body.ts";
import type { StreamConnection } from "./stream_connection.ts";

const CHUNKED: Framing = { kind: "chunked" };

const BODY_FAULTS: StreamBodyFaults = {
  length: "CONTENT_LENGTH_INVALID",
  trailers: { invalid: "TRAILERS_INVALID", tooLarge: "TRAILERS_INVALID" },
  incomplete: "BODY_INCOMPLETE",
};

/** What a stream of a server needs of its connection. */
export interface ServerStreamConnection extends StreamConnection {
  /** Whether the client may be served now. */
  readonly trusted: boolean;
  /** Whether streams may be tunnels (RFC 8441). */
  readonly tunnels: boolean;
  /** Lets the requests in hand be the last ones. */
  retire(): void;
}

/** A request to a server, and the way back for its response (RFC 9113 §8.1). */
export class ServerStream extends Http2Stream {
  declare protected readonly connection: ServerStreamConnection;
  readonly #head: HeadBuffer;
  /** For the client to send; made when first needed. */
  #receiveDeadline: Deadline | undefined;
  /** Why this is no request, where it is none. */
  fault: SidecarError | undefined;
  /** Whether what comes is a tunnel's, to which nobody has agreed yet. */
  #holdsTunnel = false;

  constructor(id: number, connection: ServerStreamConnection) {
    super(id, connection);
    this.#head = connection.buffers.takeHead();
  }

  /** The request's head, until the stream is closed. */
  get head(): RequestHead {
    return this.#head.head;
  }

  /** Takes the request's head from the block that has just been decoded. */
  takeHead(endStream: boolean): void {
    const { head, octets: out } = this.#head;
    head.method = "";
    try {
      const { buffers, tunnels } = this.connection;
      const protocol = writeRequestHead(out, buffers.fields, { tunnels });
      const { octets } = out;
      if (!head.parse({ bytes: octets, start: 0, end: octets.length })) {
        throw new Error("a head with an empty line at its end is not whole");
      }
      head.major = 2;
      checkRequestFields(head);
      if (protocol !== undefined) {
        asUpgrade(head, protocol);
        this.#holdsTunnel = true;
      }
      this.#beginBody(endStream);
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error;
      this.fault = error;
    }
    if (endStream) this.takeEnd();
  }

  /** The content of the request. A tunnel's octets are none until `beginTunnel`. */
  override get body(): MessageBody {
    return this.#holdsTunnel ? NO_CONTENT : super.body;
  }

  /** Makes `body` what the client sends into the tunnel that it has asked for. */
  beginTunnel(): void {
    this.#holdsTunnel = false;
  }

  #beginBody(endStream: boolean): void {
    const { head } = this;
    if (this.#holdsTunnel) {
      if (!endStream) this.beginBody(-1, BODY_FAULTS);
      return;
    }
    const { framing } = head;
    if (endStream) {
      if (framing.kind === "none") return;
      throw new SidecarError(
        "CONTENT_LENGTH_INVALID",
        "Cannot take the whole body: expected as many octets as Content-Length says",
      );
    }
    const length = head.fields.find(FieldKind.CONTENT_LENGTH);
    const declared = framing.kind === "length"
      ? framing.octets
      : length < 0
      ? -1
      : 0;
    // Where the stream goes on after a length of 0 was declared, that can still
    // prove wrong: the application must not take the request for whole by it.
    if (declared === 0) head.fields.setKind(length, FieldKind.HOP_BY_HOP);
    if (declared <= 0) head.framing = CHUNKED;
    this.beginBody(declared, BODY_FAULTS);
  }

  /** Whether nobody is there to be answered. */
  get clientGone(): boolean {
    return this.over;
  }

  /** Whether the client may be served now: trust can be withdrawn within a request. */
  get trusted(): boolean {
    return this.connection.trusted;
  }

  set onClientGone(listener: (() => void) | undefined) {
    this.onGone = listener;
  }

  /** Waits for more of the body. Throws `SidecarError` where that takes too long. */
  async moreBody(limitMs?: number): Promise<void> {
    const { deadlines, bodyMs } = this.connection;
    this.#receiveDeadline ??= deadlines.add(() => this.#onBodyOverdue());
    this.#receiveDeadline.arm(limitMs ?? bodyMs);
    try {
      await this.body.more();
    } finally {
      this.#receiveDeadline.disarm();
    }
  }

  #onBodyOverdue(): void {
    this.connection.onLimit("body_time");
    this.incoming?.fail(
      new SidecarError(
        "BODY_TIMEOUT",
        "Cannot wait any longer for the request's body",
      ),
    );
  }

  /** Makes a `moreBody` that is under way fail: nobody needs the rest. */
  abandonBody(): void {
    this.incoming?.abandon();
  }

  /** Lets the requests in hand be the last ones of the connection. */
  retireConnection(): void {
    this.connection.retire();
  }

  /** Ends the stream, whatever is missing still. */
  finish(): void {
    // A response that is not whole must not look so.
    if (!this.localEnded) this.reset(H2Error.INTERNAL_ERROR);
    // RFC 9113 §8.1: nobody needs the rest of the request.
    else if (!this.remoteEnded) this.reset(H2Error.NO_ERROR);
  }

  override close(): void {
    super.close();
    const { deadlines, buffers } = this.connection;
    if (this.#receiveDeadline) deadlines.remove(this.#receiveDeadline);
    buffers.giveHead(this.#head);
  }
}
