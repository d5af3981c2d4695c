import {
  type Element,
  malformed,
  open,
  readBoolean,
  readInteger,
  readSingle,
  Tag,
} from "./der.ts";
import { readExtensionList } from "./extensions.ts";

const CRL_NUMBER = "2.5.29.20";
const DELTA_CRL_INDICATOR = "2.5.29.27";
const ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
/** The key is found by trying those of the issuer's name. */
const AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";

/** RFC 5280 §5.2.3. */
const MAX_CRL_NUMBER_OCTETS = 20;

/** What the extensions of a CRL say, as far as it matters here. */
export interface CrlExtensions {
  /** Rises with each CRL of an issuer and scope (RFC 5280 §5.2.3). */
  readonly crlNumber?: bigint;
  /**
   * Which of the issuer's certificates the CRL speaks of (RFC 5280 §5.2.5): the
   * issuingDistributionPoint in hex, empty where it speaks of all.
   */
  readonly scope: string;
}

/**
 * Reads `crlExtensions` (RFC 5280 §5.2). Throws `CERT_INVALID` for what does not
 * parse and for what cannot be judged: delta CRLs, indirect CRLs, CRLs of some
 * reasons or of attribute certificates only, unknown critical extensions.
 */
export function readCrlExtensions(element: Element): CrlExtensions {
  let crlNumber: bigint | undefined;
  let scope = "";
  for (const { oid, critical, value } of readExtensionList(element)) {
    switch (oid) {
      case CRL_NUMBER:
        crlNumber = readCrlNumber(value);
        break;
      case DELTA_CRL_INDICATOR:
        throw malformed("it is a delta CRL, which is not supported");
      case ISSUING_DISTRIBUTION_POINT:
        checkDistributionPoint(value);
        scope = value.toHex();
        break;
      default:
        if (critical && oid !== AUTHORITY_KEY_IDENTIFIER) {
          throw malformed(`unsupported critical extension ${oid}`);
        }
    }
  }
  return { ...(crlNumber !== undefined && { crlNumber }), scope };
}

/** The keyIdentifier of authorityKeyIdentifier (RFC 5280 §5.2.1); undefined where it is not there. */
export function readCrlKeyIdentifier(element: Element): Uint8Array | undefined {
  const value = readExtensionList(element)
    .find(({ oid }) => oid === AUTHORITY_KEY_IDENTIFIER)?.value;
  return value && open(readSingle(value, Tag.SEQUENCE)).optional(0x80)?.content;
}

function readCrlNumber(value: Uint8Array): bigint {
  const octets = readInteger(readSingle(value, Tag.INTEGER));
  if ((octets[0] ?? 0) >= 0x80 || octets.length > MAX_CRL_NUMBER_OCTETS) {
    throw malformed(
      `expected a CRL number of at most ${MAX_CRL_NUMBER_OCTETS} octets that is not negative`,
    );
  }
  return BigInt(`0x${octets.toHex()}`);
}

/**
 * Takes a CRL that is one part of an issuer's list, by name, by onlyContainsUserCerts
 * or by onlyContainsCACerts: each entry stands for itself.
 */
function checkDistributionPoint(value: Uint8Array): void {
  const fields = open(readSingle(value, Tag.SEQUENCE));
  const flag = (number: number) => {
    const element = fields.optional(0x80 | number);
    return element !== undefined && readBoolean(element);
  };
  fields.optional(0xa0);
  flag(1);
  flag(2);
  const onlySomeReasons = fields.optional(0x83) !== undefined;
  const indirectCrl = flag(4);
  const onlyContainsAttributeCerts = flag(5);
  fields.end();
  if (indirectCrl) {
    throw malformed("it is an indirect CRL, which is not supported");
  }
  if (onlySomeReasons) {
    throw malformed("it covers only some reasons, which is not supported");
  }
  if (onlyContainsAttributeCerts) {
    throw malformed("it covers attribute certificates alone");
  }
}
