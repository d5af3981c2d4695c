import { SidecarError } from "../errors.ts";
import type { MessageBody } from "../http/body_reader.ts";
import type { FieldSection } from "../http/field_section.ts";
import type { ClientRequest } from "./client_request.ts";

/** How much content a request may have, whatever protocol brings it. */
export class BodyLimit {
  readonly #maxOctets: number;
  readonly #onExceeded: () => void;

  /** `onExceeded` is told of each request that has more than `maxOctets`. */
  constructor(maxOctets: number, onExceeded: () => void) {
    this.#maxOctets = maxOctets;
    this.#onExceeded = onExceeded;
  }

  /**
   * The body of a request. Throws `BODY_TOO_LARGE` where its head says that it is
   * too large; taking it does where it proves to be.
   */
  bodyOf(
    { head: { framing }, body }: Pick<ClientRequest, "head" | "body">,
  ): MessageBody {
    if (framing.kind === "length") {
      if (framing.octets > this.#maxOctets) throw this.#exceeded();
      return body;
    }
    return framing.kind === "none" ? body : new LimitedBody(body, {
      maxOctets: this.#maxOctets,
      exceeded: () => this.#exceeded(),
    });
  }

  #exceeded(): SidecarError {
    this.#onExceeded();
    return new SidecarError(
      "BODY_TOO_LARGE",
      `Cannot take the request's body: expected at most ${this.#maxOctets} octets`,
    );
  }
}

/** A body that nobody knows the size of before its end. */
class LimitedBody implements MessageBody {
  readonly #body: MessageBody;
  readonly #maxOctets: number;
  readonly #exceeded: () => SidecarError;

  constructor(
    body: MessageBody,
    { maxOctets, exceeded }: {
      maxOctets: number;
      exceeded: () => SidecarError;
    },
  ) {
    this.#body = body;
    this.#maxOctets = maxOctets;
    this.#exceeded = exceeded;
  }

  get done(): boolean {
    return this.#body.done;
  }

  get taken(): number {
    return this.#body.taken;
  }

  get trailers(): FieldSection | undefined {
    return this.#body.trailers;
  }

  take(): Uint8Array | null | undefined {
    const piece = this.#body.take();
    if (this.#body.taken > this.#maxOctets) throw this.#exceeded();
    return piece;
  }

  more(): Promise<void> {
    return this.#body.more();
  }
}
