import assert from "node:assert/strict";
import {
  ClientHeaders,
  clientHeaders,
  NO_HEADERS,
} from "../../src/client_headers.ts";
import { parseConfig } from "../../src/config/config.ts";
import { SidecarError } from "../../src/errors.ts";
import { establish, type Standing } from "../../src/tls/standing.ts";
import { parseCertificate } from "../../src/x509/certificate.ts";
import { materialOf } from "../support/material.ts";
import { type CertificateOptions, createAuthority } from "../support/pki.ts";

const root = createAuthority();
const server = root.issue({ uris: ["spiffe://acme/sidecar"] });
const material = await materialOf({ server, authorities: [root] });
const own = material.certificate;

function standingOf(options: CertificateOptions): Standing {
  const leaf = parseCertificate(root.issue(options).der);
  const judgement = establish(
    { leaf, intermediates: [] },
    { material, now: Date.now() },
  );
  assert.ok(judgement.ok);
  return judgement.standing;
}

function configOf(settings: Readonly<Record<string, string>>) {
  return parseConfig({ args: [], lookup: (name) => settings[name] });
}

Deno.test("clientHeaders() tells nothing unless it is asked to", () => {
  const standing = standingOf({ commonName: "web" });
  const headers = clientHeaders(configOf({}), { standing, own, peer: "web" });
  assert.equal(headers, NO_HEADERS);
});

Deno.test("clientHeaders() tells the client, the peer that it is, and whom it called", () => {
  const standing = standingOf({ commonName: "web" });
  const config = configOf({ IDENTITY_HEADERS: "x-client,xfcc" });
  const { lines } = clientHeaders(config, { standing, own, peer: "web-1" });
  const values = new Map(lines);
  assert.equal(values.get("X-Client-CN"), "web");
  assert.equal(values.get("X-Client-Id"), "web-1");
  assert.match(
    values.get("X-Forwarded-Client-Cert") ?? "",
    /^By=spiffe:\/\/acme\/sidecar;Hash=/,
  );
  const unpinned = clientHeaders(config, { standing, own, peer: undefined });
  assert.ok(!unpinned.lines.some(([name]) => name === "X-Client-Id"));
});

Deno.test("clientHeaders() refuses a client whose headers are too large", () => {
  const dnsNames = Array.from({ length: 100 }, (_, i) => `host-${i}.example`);
  const standing = standingOf({ dnsNames });
  const config = configOf({
    IDENTITY_HEADERS: "xfcc",
    IDENTITY_HEADERS_MAX_BYTES: "1024",
  });
  assert.throws(
    () => clientHeaders(config, { standing, own, peer: undefined }),
    (error) => error instanceof SidecarError && error.code === "LEAF_MALFORMED",
  );
});

Deno.test("ClientHeaders makes a client's headers once, and anew for another peer or own certificate", () => {
  const headers = new ClientHeaders(configOf({ IDENTITY_HEADERS: "x-client" }));
  const standing = standingOf({ commonName: "web" });
  const told = headers.of({ standing, own, peer: "web-1" });
  assert.equal(
    new TextDecoder().decode(told.octets),
    told.lines.map(([name, value]) => `${name}: ${value}\r\n`).join(""),
  );
  assert.equal(headers.of({ standing, own, peer: "web-1" }), told);
  const renamed = headers.of({ standing, own, peer: "web-2" });
  assert.equal(new Map(renamed.lines).get("X-Client-Id"), "web-2");
  const renewed = { ...own };
  assert.notEqual(
    headers.of({ standing, own: renewed, peer: "web-2" }),
    renamed,
  );
  const same = standingOf({ commonName: "web" });
  assert.notEqual(headers.of({ standing: same, own, peer: "web-2" }), renamed);
});
