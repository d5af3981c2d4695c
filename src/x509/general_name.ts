import { type Element, malformed, open, readSingle, Tag } from "./der.ts";
import { type Name, readName } from "./name.ts";
import { readIa5 } from "./strings.ts";

/** A GeneralName (RFC 5280 §4.2.1.6). Text is as encoded: ASCII, nothing normalised. */
export type GeneralName =
  | { readonly form: "email" | "dns" | "uri"; readonly value: string }
  /** 4 or 16 octets; in a name constraint an address and a mask, 8 or 32. */
  | { readonly form: "ip"; readonly octets: Uint8Array }
  | { readonly form: "directory"; readonly name: Name }
  | { readonly form: "other"; readonly der: Uint8Array };

/** The context-specific identifier octets of the GeneralName CHOICE. */
const FORMS: Readonly<
  Record<number, "email" | "dns" | "uri" | "ip" | "directory">
> = {
  0x81: "email",
  0x82: "dns",
  0xa4: "directory",
  0x86: "uri",
  0x87: "ip",
};
/** otherName, x400Address, ediPartyName, registeredID: kept, never judged. */
const OTHER_FORMS: readonly number[] = [0xa0, 0xa3, 0xa5, 0x88];

/**
 * Reads one GeneralName; throws `CERT_INVALID`.
 *
 * @param element The element to read.
 * @param addressLengths How many octets an iPAddress may have: `[4, 16]` in a
 * certificate's names, `[8, 32]` in name constraints (RFC 5280 §4.2.1.10).
 */
export function readGeneralName(
  element: Element,
  addressLengths: readonly number[],
): GeneralName {
  const form = FORMS[element.tag];
  switch (form) {
    case "email":
    case "dns":
    case "uri":
      return { form, value: readIa5(element.content) };
    case "ip":
      if (!addressLengths.includes(element.content.length)) {
        throw malformed(
          `expected an iPAddress of ${addressLengths.join(" or ")} octets`,
        );
      }
      return { form, octets: element.content };
    case "directory":
      // Name is a CHOICE, so its tag is explicit: a SEQUENCE within.
      return {
        form,
        name: readName(readSingle(element.content, Tag.SEQUENCE)),
      };
    default:
      if (!OTHER_FORMS.includes(element.tag)) {
        throw malformed("expected a GeneralName");
      }
      return { form: "other", der: element.der };
  }
}

/** Reads GeneralNames, which may not be empty (RFC 5280 §4.2.1.6); throws `CERT_INVALID`. */
export function readGeneralNames(element: Element): readonly GeneralName[] {
  const names: GeneralName[] = [];
  const cursor = open(element);
  do names.push(readGeneralName(cursor.read(), [4, 16])); while (!cursor.done);
  return names;
}
