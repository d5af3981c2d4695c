import { SidecarError } from "../errors.ts";
import { parseDateTime } from "./date_time.ts";
import { type Peer, Peers } from "./peers.ts";
import { isSpiffeId } from "./spiffe_id.ts";
import { parseSpkiPin } from "./spki_pin.ts";
import {
  JsonSyntaxError,
  type JsonValue,
  parseStrictJson,
} from "./strict_json.ts";

/** The largest `PEERS_FILE` that is read, in octets. */
export const MAX_PEERS_FILE_OCTETS = 4 * 1024 * 1024;

const MAX_PEERS = 10_000;
/** A rotation takes two. */
const MAX_PINS = 8;

/** An id goes into a header field and into logs as it is. */
const ID = /^[A-Za-z0-9._:/@-]{1,128}$/;

type JsonObject = ReadonlyMap<string, JsonValue>;

/**
 * Reads `PEERS_FILE`:
 *
 * ```json
 * {
 *   "peers": [
 *     { "id": "billing", "spki": ["sha256:…"], "spiffe": "spiffe://acme/billing" }
 *   ],
 *   "unpinned": "refuse",
 *   "bootstrapUntil": "2027-01-01T00:00:00Z"
 * }
 * ```
 *
 * `unpinned` may be left out and is `refuse` then, and so may `bootstrapUntil`.
 * A peer has one to eight pins ({@linkcode parseSpkiPin}), a SPIFFE ID, or both.
 * There are at most 10,000 peers. Nothing else may stand in the file, and no id,
 * pin, SPIFFE ID or property twice. Throws `PEERS_INVALID`; the message names
 * `file` and the place in it, and quotes nothing of it.
 *
 * @param now Milliseconds since the epoch.
 */
export function parsePeers(
  octets: Uint8Array,
  { file, now }: { file: string; now: number },
): Peers {
  return new PeersReader(file).read(octets, now);
}

class PeersReader {
  readonly #file: string;
  /** Where each id, pin and SPIFFE ID stands. */
  readonly #places = new Map<string, string>();

  constructor(file: string) {
    this.#file = file;
  }

  read(octets: Uint8Array, now: number): Peers {
    const root = this.#object(this.#json(octets), "");
    this.#onlyHas(root, ["peers", "unpinned", "bootstrapUntil"], "");
    const peers = root.get("peers");
    if (!Array.isArray(peers) || peers.length > MAX_PEERS) {
      throw this.#invalid("peers", `an array of at most ${MAX_PEERS} peers`);
    }
    const unpinned = root.has("unpinned") ? root.get("unpinned") : "refuse";
    if (unpinned !== "refuse" && unpinned !== "accept") {
      throw this.#invalid("unpinned", '"refuse" or "accept"');
    }
    const bootstrapUntil = this.#time(root.get("bootstrapUntil"));
    // It would read as if unknown clients were refused afterwards.
    if (bootstrapUntil !== undefined && unpinned === "accept") {
      throw this.#invalid("bootstrapUntil", "it only where unpinned is refuse");
    }
    return new Peers({
      peers: peers.map((peer, index) => this.#peer(peer, `peers[${index}]`)),
      unpinned,
      ...(bootstrapUntil !== undefined && { bootstrapUntil }),
    }, now);
  }

  #json(octets: Uint8Array): JsonValue {
    if (octets.length > MAX_PEERS_FILE_OCTETS) {
      throw this.#invalid("", `at most ${MAX_PEERS_FILE_OCTETS} octets`);
    }
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(octets);
    } catch {
      throw this.#invalid("", "UTF-8");
    }
    try {
      return parseStrictJson(text);
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      throw new SidecarError(
        "PEERS_INVALID",
        `Cannot parse "${this.#file}" line ${error.line}: expected ${error.expected}`,
      );
    }
  }

  #peer(value: JsonValue, place: string): Peer {
    const peer = this.#object(value, place);
    this.#onlyHas(peer, ["id", "spki", "spiffe"], place);
    if (!peer.has("spki") && !peer.has("spiffe")) {
      throw this.#invalid(place, "spki, spiffe or both");
    }
    const id = peer.get("id");
    if (typeof id !== "string" || !ID.test(id)) {
      throw this.#invalid(
        `${place}.id`,
        "1 to 128 letters, digits and . _ : / @ -",
      );
    }
    this.#occursOnce(`id ${id}`, `${place}.id`);
    return {
      id,
      spki: peer.has("spki") ? this.#pins(peer.get("spki"), place) : [],
      ...(peer.has("spiffe") &&
        { spiffe: this.#spiffeId(peer.get("spiffe"), `${place}.spiffe`) }),
    };
  }

  #pins(value: JsonValue | undefined, peer: string): string[] {
    // None would quietly make the SPIFFE ID enough.
    if (
      !Array.isArray(value) || value.length === 0 || value.length > MAX_PINS
    ) {
      throw this.#invalid(`${peer}.spki`, `an array of 1 to ${MAX_PINS} pins`);
    }
    return value.map((text, index) => {
      const place = `${peer}.spki[${index}]`;
      const pin = typeof text === "string" ? parseSpkiPin(text) : undefined;
      if (pin === undefined) {
        throw this.#invalid(
          place,
          "sha256: and 32 octets in base64 or 64 hex digits",
        );
      }
      this.#occursOnce(`pin ${pin}`, place);
      return pin;
    });
  }

  #spiffeId(value: JsonValue | undefined, place: string): string {
    if (typeof value !== "string" || !isSpiffeId(value)) {
      throw this.#invalid(place, "a SPIFFE ID");
    }
    this.#occursOnce(`spiffe ${value}`, place);
    return value;
  }

  #time(value: JsonValue | undefined): number | undefined {
    if (value === undefined) return undefined;
    const time = typeof value === "string" ? parseDateTime(value) : undefined;
    if (time !== undefined) return time;
    throw this.#invalid(
      "bootstrapUntil",
      "a date and time of RFC 3339 such as 2027-01-01T00:00:00Z",
    );
  }

  #object(value: JsonValue, place: string): JsonObject {
    if (value instanceof Map) return value;
    throw this.#invalid(place, "an object");
  }

  #onlyHas(
    object: JsonObject,
    names: readonly string[],
    place: string,
  ): void {
    for (const name of object.keys()) {
      if (!names.includes(name)) {
        throw this.#invalid(place, `nothing but ${names.join(", ")}`);
      }
    }
  }

  #occursOnce(what: string, place: string): void {
    const other = this.#places.get(what);
    if (other !== undefined) {
      throw this.#invalid(place, `it only once, found it at ${other} too`);
    }
    this.#places.set(what, place);
  }

  /** @param place Empty for the whole file. */
  #invalid(place: string, expected: string): SidecarError {
    const subject = place === "" ? "" : `${place} of `;
    return new SidecarError(
      "PEERS_INVALID",
      `Cannot use ${subject}"${this.#file}": expected ${expected}`,
    );
  }
}
