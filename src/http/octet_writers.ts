import { OctetWriter } from "./octet_writer.ts";

/** What most heads fit in. */
const CAPACITY = 4 * 1024;

/** A writer that grew beyond this is left to the garbage collector. */
const MAX_CAPACITY = 128 * 1024;

/** More writers than this are not kept. */
const MAX_KEPT = 64;

/**
 * Writers for the messages under way. There are as many as there are exchanges
 * at a time, not as there are connections, so an idle connection holds none.
 */
export class OctetWriters {
  readonly #kept: OctetWriter[] = [];

  /** An empty writer. */
  take(): OctetWriter {
    return this.#kept.pop() ?? new OctetWriter(CAPACITY);
  }

  /** Takes back a writer that nobody uses any more, nor its octets. */
  give(writer: OctetWriter): void {
    if (this.#kept.length === MAX_KEPT || writer.capacity > MAX_CAPACITY) {
      return;
    }
    writer.clear();
    this.#kept.push(writer);
  }
}
