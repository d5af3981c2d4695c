import { MAX_SERIAL_OCTETS } from "./certificate.ts";
import {
  type Cursor,
  type Element,
  malformed,
  open,
  readSingle,
  Tag,
} from "./der.ts";
import { readExtensionList } from "./extensions.ts";
import { SerialSet } from "./serial_set.ts";

const ENUMERATED = 0x0a;
const REASON_CODE = "2.5.29.21";
const CERTIFICATE_ISSUER = "2.5.29.29";
/** CRLReason (RFC 5280 §5.3.1). */
const REMOVE_FROM_CRL = 8;

/** The entry extensions of nearly all entries that have some, up to the reason itself. */
const REASON_ALONE = Uint8Array.fromHex("300c300a0603551d1504030a01");

/**
 * Reads `revokedCertificates` (RFC 5280 §5.1.2.6, §5.3) for the serial numbers.
 * Dates are checked and dropped, and so are reasons: what is listed is revoked.
 * A list without an entry, which should be absent, is taken. Throws
 * `CERT_INVALID` for what does not parse, for a serial number that no
 * certificate may have, and for what makes the list other than it looks: an
 * indirect CRL's certificateIssuer, removeFromCRL, an unknown critical extension.
 *
 * @param element The list.
 * @param options `extensions: false` refuses entry extensions, as version 1 has none.
 */
export function readRevokedSerials(
  element: Element,
  options: { extensions: boolean },
): SerialSet {
  return new EntryReader(element, options).read();
}

/** Goes through the octets without an object for each entry: there may be 100,000. */
class EntryReader {
  readonly #octets: Uint8Array;
  readonly #cursor: Cursor;
  readonly #extensions: boolean;
  readonly #packed: Uint8Array;
  #used = 0;

  constructor(element: Element, { extensions }: { extensions: boolean }) {
    this.#octets = element.content;
    this.#cursor = open(element);
    this.#extensions = extensions;
    this.#packed = new Uint8Array(element.content.length);
  }

  read(): SerialSet {
    const cursor = this.#cursor;
    while (!cursor.done) {
      const length = cursor.enter(Tag.SEQUENCE);
      const end = cursor.offset + length;
      this.#readSerialNumber();
      this.#skipDate();
      if (this.#extensions && cursor.offset < end) {
        this.#checkExtensions(cursor.offset, end);
        cursor.skip(end - cursor.offset);
      }
      if (cursor.offset !== end) {
        throw malformed("the fields of an entry do not fill it");
      }
    }
    return new SerialSet(this.#packed.slice(0, this.#used));
  }

  #readSerialNumber(): void {
    const length = this.#cursor.enter(Tag.INTEGER);
    const start = this.#cursor.offset;
    const first = this.#octets[start] ?? 0;
    const second = this.#octets[start + 1] ?? 0;
    const padding = first === 0 ? 1 : 0;
    // Certificates with other serial numbers are refused, so an entry for one
    // is a mistake, perhaps in a serial number that was meant to be refused.
    if (
      length === 0 || first >= 0x80 || length > MAX_SERIAL_OCTETS + padding ||
      (length > 1 && padding === 1 && second < 0x80)
    ) {
      throw malformed(
        `expected serial numbers of 1 to ${MAX_SERIAL_OCTETS} octets, in shortest form and not negative`,
      );
    }
    this.#packed[this.#used++] = length;
    for (let i = 0; i < length; i++) {
      this.#packed[this.#used++] = this.#octets[start + i] ?? 0;
    }
    this.#cursor.skip(length);
  }

  /** Asks for the form alone of a time, not for one that exists: it is not used. */
  #skipDate(): void {
    const tag = this.#octets[this.#cursor.offset];
    const length = this.#cursor.enter();
    const start = this.#cursor.offset;
    let fits = tag === Tag.UTC_TIME && length === 13 ||
      tag === Tag.GENERALIZED_TIME && length === 15;
    for (let i = start; i < start + length - 1; i++) {
      const octet = this.#octets[i] ?? 0;
      fits &&= octet >= 0x30 && octet <= 0x39;
    }
    if (!fits || this.#octets[start + length - 1] !== 0x5a) {
      throw malformed("expected revocation dates in UTC, to the second");
    }
    this.#cursor.skip(length);
  }

  #checkExtensions(start: number, end: number): void {
    let same = 0;
    while (
      same < REASON_ALONE.length &&
      this.#octets[start + same] === REASON_ALONE[same]
    ) same++;
    if (same === REASON_ALONE.length && start + same + 1 === end) {
      checkReason(this.#octets[start + same]);
      return;
    }
    const der = this.#octets.subarray(start, end);
    const list = readExtensionList(readSingle(der, Tag.SEQUENCE));
    for (const { oid, critical, value } of list) {
      if (oid === CERTIFICATE_ISSUER) {
        throw malformed("it is an indirect CRL, which is not supported");
      }
      if (oid === REASON_CODE) {
        checkReason(readSingle(value, ENUMERATED).content[0]);
      } else if (critical) {
        throw malformed(`unsupported critical entry extension ${oid}`);
      }
    }
  }
}

function checkReason(reason: number | undefined): void {
  if (reason === REMOVE_FROM_CRL) {
    throw malformed("an entry has removeFromCRL, which only delta CRLs may");
  }
}
