import assert from "node:assert/strict";
import fc from "fast-check";
import { SidecarError } from "../../../src/errors.ts";
import { checkAnchor } from "../../../src/x509/anchor.ts";
import {
  type Certificate,
  parseCertificate,
} from "../../../src/x509/certificate.ts";
import { checkClientLeaf } from "../../../src/x509/leaf.ts";
import { escapeValue, formatName } from "../../../src/x509/name.ts";
import { findPath } from "../../../src/x509/path.ts";
import { createAuthority, distinguishedName } from "../../support/pki.ts";
import { generalName } from "../../support/pki_extensions.ts";

const NOW = Date.now();
const root = createAuthority();
const intermediate = root.issueAuthority({
  pathLength: 0,
  nameConstraints: { excluded: [generalName("dns", "excluded.example")] },
});
const leaf = intermediate.issue({
  subject: distinguishedName(["2.5.4.10", "Örg"], ["2.5.4.3", "leaf"]),
  dnsNames: ["a.example.com"],
  uris: ["spiffe://example.org/a"],
  emails: ["a@example.com"],
  ips: ["192.0.2.1"],
});
const anchors = [parseCertificate(root.der)];
const chain = [leaf, intermediate, root].map((issued) => issued.der);

/** The certificate, or undefined where it was refused as it should be. */
function parseOrRefuse(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    assert.ok(
      error instanceof SidecarError,
      `expected a SidecarError, not ${error}`,
    );
    assert.equal(error.code, "CERT_INVALID");
    return undefined;
  }
}

/** Puts a certificate into every place there is; none may throw. */
function judge(certificate: Certificate): void {
  const intermediates = [certificate, parseCertificate(intermediate.der)];
  assert.match(formatName(certificate.subject), /^[ -~]*$/);
  checkClientLeaf(certificate, { now: NOW, anchors });
  checkAnchor(certificate, NOW);
  const asLeaf = findPath({
    leaf: certificate,
    intermediates,
    anchors,
    now: NOW,
  });
  // Whatever was changed, a signature covers it, but for the signature itself.
  const known = [leaf, intermediate].map((issued) =>
    parseCertificate(issued.der).tbs.toHex()
  );
  if (asLeaf.ok) assert.ok(known.includes(certificate.tbs.toHex()));
  findPath({
    leaf: parseCertificate(leaf.der),
    intermediates,
    anchors: [certificate],
    now: NOW,
  });
}

Deno.test("random octets give a SidecarError and no other exception", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 512 }), (octets) => {
    assert.equal(parseOrRefuse(octets), undefined);
  }));
});

Deno.test("certificates with changed octets give a verdict or a SidecarError", () => {
  const change = fc.record({ at: fc.nat(), octet: fc.nat(255) });
  const changes = fc.array(change, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.constantFrom(...chain), changes, (der, list) => {
      const mutated = der.slice();
      for (const { at, octet } of list) mutated[at % mutated.length] = octet;
      const certificate = parseOrRefuse(mutated);
      if (certificate) judge(certificate);
    }),
    { numRuns: 1500 },
  );
});

Deno.test("certificates with a piece cut out or put in give a verdict or a SidecarError", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...chain),
      fc.nat(),
      fc.nat(8),
      fc.uint8Array({ maxLength: 8 }),
      (der, at, removed, inserted) => {
        const octets = Array.from(der);
        octets.splice(at % der.length, removed, ...inserted);
        const certificate = parseOrRefuse(Uint8Array.from(octets));
        if (certificate) judge(certificate);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("no value, once escaped, breaks a line, and none is escaped like another", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
    const escaped = escapeValue(value);
    assert.match(escaped, /^[ -~]*$/);
    assert.equal(escaped, escaped.trim());
    assert.equal(unescapeValue(escaped), value);
  }));
});

/** RFC 4514 §3, backwards. */
function unescapeValue(escaped: string): string {
  const octets = new TextEncoder().encode(escaped);
  const result: number[] = [];
  for (let i = 0; i < escaped.length; i++) {
    const pair = /^\\([0-9A-F]{2})/.exec(escaped.slice(i, i + 3));
    if (pair?.[1] !== undefined) {
      result.push(parseInt(pair[1], 16));
      i += 2;
    } else {
      if (escaped[i] === "\\") i++;
      result.push(octets[i] ?? 0);
    }
  }
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
    Uint8Array.from(result),
  );
}
