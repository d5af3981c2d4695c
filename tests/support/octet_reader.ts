import { Buffer } from "node:buffer";
import { soon } from "./waiting.ts";

/** How a stream of octets ended, as its reader sees it. */
export type StreamEnd =
  /** In order: FIN, and over TLS a close_notify before it. */
  | "ended"
  /** Over TLS alone: FIN without close_notify, so what came may not be whole. */
  | "cut"
  /** By a reset. */
  | "reset";

/** Gives the next octets or says how the stream ended. Never rejects. */
export type Pull = () => Promise<Uint8Array | StreamEnd>;

/**
 * Reads a stream as text, one character an octet, and only as far as it is
 * asked to: what nobody reads stays in the socket, and its sender feels it.
 */
export class OctetReader {
  readonly #pull: Pull;
  #text = "";
  #end: StreamEnd | undefined;

  constructor(pull: Pull) {
    this.#pull = pull;
  }

  /** Takes everything up to and including `mark`; undefined where the stream ends before it. */
  async until(mark: string): Promise<string | undefined> {
    for (let from = 0;;) {
      const at = this.#text.indexOf(mark, from);
      if (at >= 0) return this.#take(at + mark.length);
      from = Math.max(0, this.#text.length - mark.length + 1);
      if (!await this.#more()) return undefined;
    }
  }

  /** Takes `count` octets; fewer where the stream ends before them. */
  async octets(count: number): Promise<string> {
    while (this.#text.length < count && await this.#more());
    return this.#take(count);
  }

  /** Takes at most `count` octets as they come, keeps none, and returns how many there were. */
  async skip(count: number): Promise<number> {
    let skipped = this.#take(count).length;
    while (skipped < count) {
      const octets = await this.#next();
      if (octets === undefined) break;
      const wanted = Math.min(octets.length, count - skipped);
      skipped += wanted;
      this.#text = latin1(octets.subarray(wanted));
    }
    return skipped;
  }

  /** Takes all that is left, and how the stream ended. */
  async rest(): Promise<{ text: string; end: StreamEnd }> {
    while (await this.#more());
    return { text: this.#take(this.#text.length), end: this.#end ?? "reset" };
  }

  #take(count: number): string {
    const taken = this.#text.slice(0, count);
    this.#text = this.#text.slice(count);
    return taken;
  }

  async #more(): Promise<boolean> {
    const octets = await this.#next();
    if (octets === undefined) return false;
    this.#text += latin1(octets);
    return true;
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#end !== undefined) return undefined;
    const pulled = await soon(this.#pull(), "octets");
    if (typeof pulled !== "string") return pulled;
    this.#end = pulled;
  }
}

/** Octets as text, one character each. */
export function latin1(octets: Uint8Array): string {
  // Not TextDecoder: its "latin1" is windows-1252.
  return Buffer.from(octets).toString("latin1");
}

/** Text of characters up to U+00FF as octets. */
export function octetsOf(text: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    typeof text === "string" ? Buffer.from(text, "latin1") : text,
  );
}
