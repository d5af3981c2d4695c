import assert from "node:assert/strict";
import fc from "fast-check";
import { contentDigest } from "../../../../src/identity/seal/content_digest.ts";
import {
  type ReceivedRequest,
  SealVerifier,
} from "../../../../src/identity/seal/verify.ts";
import { KEY, type Line, REQUEST, sealed, START_MS } from "./support.ts";

const CONTENT = new TextEncoder().encode("amount=1");
const SEALED = sealed({
  request: {
    ...REQUEST,
    method: "POST",
    contentDigest: contentDigest(CONTENT),
  },
});

function isTaken(request: ReceivedRequest): boolean {
  return new SealVerifier({ keys: [KEY], now: () => START_MS })
    .verify(request).ok;
}

/** The request as the texts it consists of, and back. */
const TEXTS = [
  SEALED.method!,
  SEALED.authority!,
  SEALED.target!,
  ...SEALED.headers.map(([, value]) => value),
  new TextDecoder().decode(CONTENT),
];

function fromTexts(texts: readonly string[]): ReceivedRequest {
  const [method, authority, target, ...rest] = texts;
  const content = new TextEncoder().encode(rest.pop());
  const headers = SEALED.headers.map(([name], i): Line => [name, rest[i]!]);
  return { method, authority, target, headers, content };
}

/** Spellings that mean the same to HTTP, and so are one to the seal. */
function sameRequest(before: string, after: string, index: number): boolean {
  if (index === 1) return before.toLowerCase() === after.toLowerCase();
  return before === after || index > 2 && index < TEXTS.length - 1 &&
      before === after.replace(/^[\t ]+|[\t ]+$/g, "");
}

Deno.test("the request that is tampered with below is taken as it was", () => {
  assert.ok(isTaken(fromTexts(TEXTS)));
});

Deno.test("a request of which any octet was changed, left out or put in is refused", () => {
  for (const [index, text] of TEXTS.entries()) {
    for (let at = 0; at < text.length; at++) {
      const octet = String.fromCharCode(text.charCodeAt(at) ^ 1);
      for (const middle of ["", octet, text[at] + "0"]) {
        const changed = text.slice(0, at) + middle + text.slice(at + 1);
        if (sameRequest(text, changed, index)) continue;
        const request = fromTexts(TEXTS.with(index, changed));
        assert.ok(!isTaken(request), `${text} as ${changed}`);
      }
    }
  }
});

Deno.test("a request of which any text was edited is refused", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: TEXTS.length - 1 }),
      fc.nat(),
      fc.nat({ max: 3 }),
      fc.string({ unit: "binary", maxLength: 3 }),
      (index, position, dropped, put) => {
        const text = TEXTS[index]!;
        const at = position % (text.length + 1);
        const changed = text.slice(0, at) + put + text.slice(at + dropped);
        fc.pre(!sameRequest(text, changed, index));
        assert.ok(!isTaken(fromTexts(TEXTS.with(index, changed))));
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("verify() never throws, whatever comes", () => {
  const verifier = new SealVerifier({ keys: [KEY], now: () => START_MS });
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(...TEXTS, "", "*", "http://", "https://[", "seal="),
  );
  const name = fc.oneof(
    fc.string(),
    fc.constantFrom("signature", "Signature-Input", "x-client-cn", "__proto__"),
  );
  const headers = fc.oneof(
    fc.array(fc.tuple(name, text)),
    fc.array(fc.oneof(name, text)),
  );
  fc.assert(
    fc.property(
      fc.record({ method: text, authority: text, target: text, headers }),
      (request) => assert.ok(!verifier.verify(request).ok),
    ),
    { numRuns: 1_000 },
  );
});
