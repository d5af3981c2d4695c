/**
 * Readers of the formats, as an application has them: written from the formats'
 * documents, without a line in common with src/identity/headers/.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

/** A field section read as laxly as any server does: any control character ends a line. */
export function readLines(octets: Uint8Array): [name: string, value: string][] {
  const text = Buffer.from(octets).toString("latin1");
  const lines = text.split(/\r\n|\p{Cc}/u);
  assert.equal(lines.pop(), "", "the last line is not ended");
  return lines.map((line) => {
    const colon = line.indexOf(":");
    assert.ok(colon > 0, line);
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

/** What a backslash does within quotes: Envoy's document knows `\"`, its own reader `\\` too. */
export type XfccDialect = "document" | "envoy";

/** The pairs of an XFCC element; fails where there is more than one element. */
export function readXfcc(
  value: string,
  dialect: XfccDialect,
): [key: string, value: string][] {
  const undone = dialect === "document" ? '"' : '"\\';
  const pairs: [string, string][] = [];
  for (let at = 0;;) {
    const equals = value.indexOf("=", at);
    const key = value.slice(at, equals);
    assert.match(key, /^[A-Za-z]+$/);
    let text = "";
    at = equals + 1;
    if (value[at] === '"') {
      for (at++; value[at] !== '"'; at++) {
        assert.ok(at < value.length, "quotes are not closed");
        if (value[at] === "\\" && undone.includes(value[at + 1]!)) at++;
        text += value[at];
      }
      at++;
    } else {
      while (at < value.length && !/[;,="]/.test(value[at]!)) {
        text += value[at++];
      }
      text = text.trim();
    }
    pairs.push([key, text]);
    if (at === value.length) return pairs;
    assert.equal(value[at++], ";");
  }
}

/** An RFC 4514 string (§3) as RDNs of `type=value`, the value's escapes undone. */
export function readName(text: string): string[][] {
  const rdns: string[][] = [];
  let rdn: string[] = [];
  for (let at = 0; at < text.length; at++) {
    const octets: number[] = [];
    for (; at < text.length && !/[+,]/.test(text[at]!); at++) {
      assert.doesNotMatch(text[at]!, /[";<>\0]/);
      if (text[at] !== "\\") octets.push(text.charCodeAt(at));
      else if (/^[\dA-F]{2}$/i.test(text.slice(at + 1, at + 3))) {
        octets.push(parseInt(text.slice(at + 1, at + 3), 16));
        at += 2;
      } else octets.push(text.charCodeAt(++at));
    }
    rdn.push(Buffer.from(octets).toString());
    if (text[at] !== "+") {
      rdns.push(rdn);
      rdn = [];
    }
  }
  return rdns;
}

/** A List of Byte Sequences (RFC 9651 §4.2.1, §4.2.7). */
export function readByteSequences(value: string): Buffer[] {
  return value.split(/[ \t]*,[ \t]*/).map((member) => {
    const match = /^:([A-Za-z\d+/]*={0,2}):$/.exec(member);
    assert.ok(match, member);
    return Buffer.from(match[1]!, "base64");
  });
}

/** The fields of Traefik's `-Info`, unescaped once and split at each delimiter. */
export function readTraefikInfo(value: string): Map<string, string[]> {
  assert.match(value, /^[\w.~%+-]*$/);
  const info = decodeURIComponent(value.replaceAll("+", " "));
  const fields = new Map<string, string[]>();
  for (const field of info.split(";")) {
    const match = /^([A-Za-z]+)="([^"]+)"$/.exec(field);
    assert.ok(match, field);
    const [, key = "", list = ""] = match;
    assert.ok(!fields.has(key), `${key} comes twice`);
    fields.set(key, list.split(","));
  }
  return fields;
}

/** The DER of PEM certificates that were percent-encoded. */
export function readEscapedPem(value: string): Buffer[] {
  assert.match(value, /^[\w.~%-]*$/);
  const blocks = decodeURIComponent(value).split("-----END CERTIFICATE-----\n");
  assert.equal(blocks.pop(), "");
  return blocks.map((block) => {
    const [begin, ...lines] = block.trimEnd().split("\n");
    assert.equal(begin, "-----BEGIN CERTIFICATE-----");
    for (const line of lines) assert.match(line, /^[A-Za-z\d+/]{1,64}={0,2}$/);
    return Buffer.from(lines.join(""), "base64");
  });
}
