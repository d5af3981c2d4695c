import { SidecarError } from "../../errors.ts";
import { HmacSha256 } from "./hmac.ts";
import { readKeyFile } from "./key_file.ts";

/**
 * The keys of `SEAL_KEY_FILE`. They stand in a private field, so that no log
 * line, no JSON and no inspection of an object that holds them shows them.
 */
export class SealKeys {
  readonly #signing: HmacSha256;
  /** How many there are: two while a rotation is under way. */
  readonly count: number;

  private constructor(signing: HmacSha256, count: number) {
    this.#signing = signing;
    this.count = count;
  }

  /**
   * Reads the file's text, by the rules of `readKeyFile`. Throws
   * `SEAL_KEY_INVALID`, with a message that names the line and never its content.
   */
  static parse(text: string): SealKeys {
    const file = readKeyFile(text);
    if ("problem" in file) {
      throw new SidecarError(
        "SEAL_KEY_INVALID",
        `Cannot read SEAL_KEY_FILE: ${file.problem}`,
      );
    }
    const signing = new HmacSha256(file.keys[0]!);
    for (const key of file.keys) key.fill(0);
    return new SealKeys(signing, file.keys.length);
  }

  /** The first key: the one that signs. */
  get signing(): HmacSha256 {
    return this.#signing;
  }
}
