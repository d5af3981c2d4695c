import type { MessageBody } from "../http/body_reader.ts";
import type { FieldSection } from "../http/field_section.ts";
import { OctetWriter } from "../http/octet_writer.ts";
import type { ClientRequest } from "./client_request.ts";

/** Room to begin with; most bodies that are held are small. */
const CAPACITY = 4 * 1024;

/**
 * A body of which the beginning, or all, was held back: that is given first, and
 * then whatever else there is.
 */
export class HeldBody implements MessageBody {
  readonly #body: MessageBody;
  #held: Uint8Array | undefined;

  constructor(held: Uint8Array, body: MessageBody) {
    this.#held = held.length > 0 ? held : undefined;
    this.#body = body;
  }

  get done(): boolean {
    return this.#held === undefined && this.#body.done;
  }

  get taken(): number {
    return this.#body.taken;
  }

  get trailers(): FieldSection | undefined {
    return this.#body.trailers;
  }

  take(): Uint8Array | null | undefined {
    const held = this.#held;
    if (held === undefined) return this.#body.take();
    this.#held = undefined;
    return held;
  }

  more(): Promise<void> {
    return this.#body.more();
  }
}

/**
 * Takes `body`, that of a request or what stands for it, until it is whole or
 * larger than `maxOctets`. Throws `SidecarError` where it cannot be taken.
 */
export async function holdBody(
  request: Pick<ClientRequest, "moreBody">,
  { body, maxOctets }: { body: MessageBody; maxOctets: number },
): Promise<Uint8Array> {
  const held = new OctetWriter(CAPACITY);
  while (held.length <= maxOctets) {
    const piece = body.take();
    if (piece === null) break;
    if (piece === undefined) await request.moreBody();
    else held.add(piece);
  }
  return held.octets;
}
