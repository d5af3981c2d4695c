import type { MessageBody } from "../http/body_reader.ts";
import { gather } from "../http/gather.ts";
import type { OctetWriter } from "../http/octet_writer.ts";
import type { OctetWriters } from "../http/octet_writers.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { ResponseHead } from "../http/response_head.ts";
import { writeLastChunk } from "../http/trailers.ts";
import type { UpstreamConnection } from "../upstream/connection.ts";
import type { UpstreamPool } from "../upstream/pool.ts";
import type { Upstream, UpstreamRequest } from "./upstream_request.ts";
import type {
  RequestAdditions,
  RequestHeadWriter,
} from "./request_head_writer.ts";
import type { TunnelEnd } from "./tunnel.ts";
import type { Upgrade } from "./upgrade.ts";

export interface Http1UpstreamOptions {
  readonly pool: UpstreamPool;
  readonly writers: OctetWriters;
  readonly requestHeads: RequestHeadWriter;
}

/** An application that is spoken to in HTTP/1.1. */
export class Http1Upstream implements Upstream {
  readonly #options: Http1UpstreamOptions;

  constructor(options: Http1UpstreamOptions) {
    this.#options = options;
  }

  take(): UpstreamRequest | undefined {
    const connection = this.#options.pool.take();
    return connection && new Http1Request(connection, this.#options);
  }

  async connect(): Promise<UpstreamRequest> {
    const connection = await this.#options.pool.connect();
    return new Http1Request(connection, this.#options);
  }
}

/** A request to the application that has a connection to itself. */
class Http1Request implements UpstreamRequest {
  readonly #connection: UpstreamConnection;
  readonly #options: Http1UpstreamOptions;
  #request: RequestHead | undefined;
  #upgrade: Upgrade | undefined;
  #out: OctetWriter | undefined;
  /** A piece of the body that is not to be copied, as `gather` gave it. */
  #large: Uint8Array | undefined;

  constructor(connection: UpstreamConnection, options: Http1UpstreamOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  get reused(): boolean {
    return this.#connection.reused;
  }

  get heard(): boolean {
    return this.#connection.heard;
  }

  /** HTTP/1.1 has no way to say so. */
  get unprocessed(): boolean {
    return false;
  }

  get sentContent(): undefined {
    return undefined;
  }

  get destroyed(): boolean {
    return this.#connection.destroyed;
  }

  get head(): ResponseHead {
    return this.#connection.head;
  }

  get body(): MessageBody {
    return this.#connection.body;
  }

  begin(head: RequestHead, additions: RequestAdditions): void {
    const { writers, requestHeads } = this.#options;
    this.#request = head;
    this.#out = writers.take();
    this.#upgrade = additions.upgrade;
    this.#connection.head.upgrade = additions.upgrade?.protocol;
    requestHeads.write(this.#out, head, additions);
  }

  fill(body: MessageBody): boolean {
    const { framing, hopByHop } = this.#request!;
    const chunked = framing.kind === "chunked";
    const piece = gather(body, this.#out!, chunked);
    if (piece !== null) {
      this.#large = piece;
      return false;
    }
    if (chunked) writeLastChunk(this.#out!, body.trailers, hopByHop);
    return true;
  }

  get pending(): boolean {
    return this.#large !== undefined || this.#out!.length > 0;
  }

  flush(): Promise<void> {
    const out = this.#out!;
    const large = this.#large;
    this.#large = undefined;
    if (large === undefined) return this.#send(out);
    if (out.length === 0) return this.#connection.send(large);
    return this.#send(out).then(() => this.#connection.send(large));
  }

  #send(out: OctetWriter): Promise<void> {
    // Cleared at once, and not written to before they have left.
    const { octets } = out;
    out.clear();
    return this.#connection.send(octets);
  }

  readHead(): Promise<void> | undefined {
    return this.#connection.readHead(this.#request!.method);
  }

  beginBody(): void {
    const { body, head } = this.#connection;
    body.begin(head.framing);
  }

  beginTunnel(): TunnelEnd {
    this.#options.writers.give(this.#out!);
    this.#out = undefined;
    this.#connection.beginTunnel();
    return this.#connection;
  }

  arm(ms: number): void {
    this.#connection.arm(ms);
  }

  disarm(): void {
    this.#connection.disarm();
  }

  done(): void {
    const { pool, writers, requestHeads } = this.#options;
    writers.give(this.#out!);
    // An application that half changed its protocol must not meet another request.
    if (this.#upgrade === undefined && requestHeads.mayReuse(this.#request!)) {
      pool.give(this.#connection);
    } else this.#connection.destroy();
  }

  destroy(): void {
    this.#connection.destroy();
  }
}
