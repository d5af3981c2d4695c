import assert from "node:assert/strict";
import {
  alternativeNames,
  describeCertificate,
} from "../../../src/commands/check_certificate.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import * as der from "../../support/der_writer.ts";
import { createAuthority, distinguishedName } from "../../support/pki.ts";
import { extension, generalName } from "../../support/pki_extensions.ts";

const NOW = Date.UTC(2030, 0, 1);
const DAY = 86_400_000;
const root = createAuthority({ commonName: "Root" });

Deno.test("alternativeNames() puts the type before each name, and leaves rare types out", () => {
  const names = der.sequence(
    generalName("dns", "a.example"),
    generalName("uri", "urn:a"),
    generalName("email", "a@b.example"),
    generalName("ip", "192.0.2.1"),
    generalName("ip", "20010db8000000000000000000000001"),
    generalName("directory", distinguishedName(["2.5.4.3", "a,b"])),
    der.contextPrimitive(8, Uint8Array.of(42, 3)),
  );
  const leaf = root.issue({ extraExtensions: [extension("2.5.29.17", names)] });
  assert.deepEqual(alternativeNames(parseCertificate(leaf.der)), [
    "DNS:a.example",
    "URI:urn:a",
    "email:a@b.example",
    "IP:192.0.2.1",
    "IP:2001:db8::1",
    "DirName:CN=a\\,b",
  ]);
  assert.deepEqual(alternativeNames(parseCertificate(root.der)), []);
});

Deno.test("describeCertificate() counts the days that are left, and those since", () => {
  for (
    const [notAfter, daysLeft, standing] of [
      [NOW + 90 * DAY, 90, "valid"],
      [NOW + 20 * DAY, 20, "soon"],
      [NOW + 3 * DAY, 3, "imminent"],
      [NOW - 5 * DAY, -5, "expired"],
    ] as const
  ) {
    const { der } = root.issue({ notBefore: NOW - 365 * DAY, notAfter });
    const described = describeCertificate(parseCertificate(der), NOW);
    assert.deepEqual([described.daysLeft, described.standing], [
      daysLeft,
      standing,
    ]);
    assert.equal(described.notAfter, new Date(notAfter).toISOString());
  }
});
