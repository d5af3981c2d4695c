import { SidecarError } from "../errors.ts";

/** One encapsulated text (RFC 7468 §2): what it holds and where it began. */
export interface PemBlock {
  /** The label of the BEGIN line, for example `CERTIFICATE`. */
  readonly label: string;
  readonly der: Uint8Array;
  /** The number of the BEGIN line, from 1. */
  readonly line: number;
}

const BOUNDARY = /^-----(BEGIN|END) ([A-Z0-9][A-Z0-9 ]{0,39})-----$/;
const NEAR_BOUNDARY = /-----\s*(BEGIN|END)/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Reads all PEM blocks of a file strictly after RFC 7468 §3. Text before,
 * between and after the blocks is allowed, as are CRLF, trailing blanks and
 * base64 lines of any length; a file without a block is not.
 *
 * `file` is named in errors, with the line and never the content. Throws
 * `PEM_INVALID`.
 */
export function parsePem(octets: Uint8Array, file: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  // Every octet becomes one character, so foreign text around a block does no harm.
  const lines = new TextDecoder("latin1").decode(octets).split("\n");
  if (lines.at(-1) === "") lines.pop();
  let open: { label: string; line: number; base64: string[] } | undefined;
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const text = raw.trimEnd();
    const [, edge, label = ""] = BOUNDARY.exec(text) ?? [];
    if (edge === undefined) {
      // An indented or damaged boundary would otherwise pass for text around the
      // blocks, and the certificate behind it would be dropped silently.
      if (NEAR_BOUNDARY.test(text)) {
        throw invalid(file, { line, expected: "a whole BEGIN or END line" });
      }
      if (!open) continue;
      if (text === "" || !BASE64.test(text)) {
        throw invalid(file, { line, expected: "base64" });
      }
      open.base64.push(text);
    } else if (edge === "BEGIN") {
      if (open) {
        const expected = `the END line of line ${open.line} before a BEGIN`;
        throw invalid(file, { line, expected });
      }
      open = { label, line, base64: [] };
    } else {
      if (open?.label !== label) {
        const expected = open
          ? `the END line of the ${open.label} of line ${open.line}`
          : "a BEGIN line before an END line";
        throw invalid(file, { line, expected });
      }
      const der = decodeBase64(open.base64.join(""));
      if (!der) {
        const expected = "one or more octets in canonical base64";
        throw invalid(file, { line: open.line, expected });
      }
      blocks.push({ label, der, line: open.line });
      open = undefined;
    }
  }
  if (open) {
    const expected = `an END line for the ${open.label}`;
    throw invalid(file, { line: open.line, expected });
  }
  if (blocks.length === 0) {
    const found = octets.length === 0 ? "an empty file" : "none";
    throw new SidecarError(
      "PEM_INVALID",
      `Cannot parse "${file}": expected a PEM block, found ${found}`,
    );
  }
  return blocks;
}

/** Writes one PEM block, in lines of 64 characters (RFC 7468 §2), with a line end. */
export function formatPem(der: Uint8Array, label = "CERTIFICATE"): string {
  const lines = der.toBase64().match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${
    lines.join("\n")
  }\n-----END ${label}-----\n`;
}

/** Undefined for anything but the one canonical encoding (RFC 4648 §3.5) of at least one octet. */
function decodeBase64(text: string): Uint8Array | undefined {
  try {
    const der = Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
    return der.length > 0 ? der : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function invalid(
  file: string,
  { line, expected }: { line: number; expected: string },
): SidecarError {
  return new SidecarError(
    "PEM_INVALID",
    `Cannot parse "${file}" line ${line}: expected ${expected}`,
  );
}
