import { FieldList } from "../../../src/http2/field_list.ts";
import { HpackDecoder } from "../../../src/http2/hpack_decoder.ts";
import { Http2Error } from "../../../src/http2/http2_error.ts";

export interface ReaderOptions {
  readonly maxSize?: number;
  readonly tableSize?: number;
}

/** A decoder with its list, and what it made of a block in a form to compare. */
export class HpackReader {
  readonly fields: FieldList;
  readonly decoder: HpackDecoder;

  constructor({ maxSize = 32 * 1024, tableSize = 4096 }: ReaderOptions = {}) {
    this.fields = new FieldList(maxSize);
    this.decoder = new HpackDecoder(this.fields, tableSize);
  }

  /** The fields of a block, as `name: value`. */
  read(block: Uint8Array | readonly number[]): string[] {
    // Not at the beginning nor to the end of its buffer, as in a frame.
    const bytes = Uint8Array.from([0xff, ...block, 0xff]);
    this.decoder.decode(bytes, 1, bytes.length - 1);
    const { fields } = this;
    return Array.from(
      { length: fields.count },
      (_, line) => `${fields.name(line)}: ${fields.value(line)}`,
    );
  }

  /** The code with which a block is refused. */
  verdict(block: Uint8Array | readonly number[]): string {
    try {
      this.read(block);
      return "taken";
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error;
      if (error.streamId !== 0) throw error;
      return error.code;
    }
  }
}
