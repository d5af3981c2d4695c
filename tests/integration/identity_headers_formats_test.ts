import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { MaterialStore } from "../../src/material/store.ts";
import { Application } from "../support/application.ts";
import { materialOf } from "../support/material.ts";
import { fieldValues, get } from "../support/messages.ts";
import { distinguishedName, type Issued } from "../support/pki.ts";
import { Receiver } from "../support/receiver.ts";
import { Scene } from "../support/scene.ts";
import { client, root, TestSidecar } from "../support/sidecar.ts";
import {
  readByteSequences,
  readEscapedPem,
  readTraefikInfo,
  readXfcc,
} from "../unit/identity/headers/readers.ts";
import {
  ALL_FORMATS,
  identityOf,
  receivedBy,
} from "./identity_headers_scene.ts";

const NOT_AFTER = 1000 * Math.floor(Date.now() / 1000) + 3_600_000;
const SPIFFE = "spiffe://acme/ns/a/sa/pay";

const middle = root.issueAuthority({ commonName: "Middle" });
const pay = middle.issue({
  subject: distinguishedName(
    ["2.5.4.6", "DE"],
    ["2.5.4.10", "Acme, Inc."],
    ["2.5.4.11", "payments"],
    ["2.5.4.3", "pay"],
  ),
  uris: [SPIFFE],
  dnsNames: ["pay.acme.test", "api.acme.test"],
  emails: ["pay@acme.test"],
  ips: ["192.0.2.7"],
  serial: Uint8Array.of(0x00, 0xab, 0xcd),
  notBefore: NOT_AFTER - 7_200_000,
  notAfter: NOT_AFTER,
});
const SUBJECT = "CN=pay,OU=payments,O=Acme\\, Inc.,C=DE";

function hash(algorithm: "sha1" | "sha256", { der }: Issued): string {
  return createHash(algorithm).update(der).digest("hex");
}

/** What the application gets to know of `pay` in a format. */
async function told(
  format: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  return identityOf(
    await receivedBy(
      { IDENTITY_HEADERS: format, ...settings },
      { identity: pay },
    ),
  );
}

Deno.test("IDENTITY_HEADERS=x-client tells names, SPIFFE ID, fingerprint and end", async () => {
  assert.deepEqual(await told("x-client"), {
    "X-Client-CN": "pay",
    "X-Client-Subject": SUBJECT,
    "X-Client-Spiffe-Id": SPIFFE,
    "X-Client-Fingerprint": hash("sha256", pay),
    "X-Client-Not-After": new Date(NOT_AFTER).toISOString().replace(".000", ""),
  });
});

Deno.test("IDENTITY_HEADERS=xfcc tells hash and the details that are asked for", async () => {
  const { "X-Forwarded-Client-Cert": usual = "", ...none } = await told("xfcc");
  assert.deepEqual(none, {});
  for (const dialect of ["document", "envoy"] as const) {
    assert.deepEqual(readXfcc(usual, dialect), [
      ["Hash", hash("sha256", pay)],
      ["Subject", SUBJECT],
      ["URI", SPIFFE],
      ["DNS", "pay.acme.test"],
      ["DNS", "api.acme.test"],
    ]);
  }
  const { "X-Forwarded-Client-Cert": whole = "" } = await told("xfcc", {
    XFCC_DETAILS: "cert,chain",
  });
  const pairs = readXfcc(whole, "document");
  assert.deepEqual(pairs.map(([key]) => key), ["Hash", "Cert", "Chain"]);
  const [, [, cert = ""] = [], [, chain = ""] = []] = pairs;
  assert.deepEqual(readEscapedPem(cert).map(hex), [hex(pay.der)]);
  assert.deepEqual(readEscapedPem(chain).map(hex), [pay, middle].map(derHex));
});

Deno.test("IDENTITY_HEADERS=rfc9440 tells the certificate and the intermediates that lead on", async () => {
  const { "Client-Cert": leaf = "", "Client-Cert-Chain": chain = "", ...none } =
    await told("rfc9440");
  assert.deepEqual(none, {});
  assert.deepEqual(readByteSequences(leaf).map(hex), [hex(pay.der)]);
  assert.deepEqual(readByteSequences(chain).map(hex), [hex(middle.der)]);
  const direct = identityOf(
    await receivedBy({ IDENTITY_HEADERS: "rfc9440" }, { identity: client }),
  );
  assert.deepEqual(Object.keys(direct), ["Client-Cert"]);
});

Deno.test("IDENTITY_HEADERS=traefik tells certificates and what is in them", async () => {
  const {
    "X-Forwarded-Tls-Client-Cert": certificates = "",
    "X-Forwarded-Tls-Client-Cert-Info": info = "",
    ...none
  } = await told("traefik");
  assert.deepEqual(none, {});
  assert.deepEqual(
    certificates.split(",").map((text) => hex(Uint8Array.fromBase64(text))),
    [pay, middle].map(derHex),
  );
  assert.deepEqual(Object.fromEntries(readTraefikInfo(info)), {
    Subject: ["C=DE", "O=Acme%2C Inc.", "OU=payments", "CN=pay"],
    Issuer: ["CN=Middle"],
    SerialNumber: [String(0xabcd)],
    NB: [String(NOT_AFTER / 1000 - 7200)],
    NA: [String(NOT_AFTER / 1000)],
    SAN: [
      "pay.acme.test",
      "api.acme.test",
      "pay@acme.test",
      "192.0.2.7",
      SPIFFE,
    ],
  });
});

Deno.test("IDENTITY_HEADERS=nginx tells what nginx's variables do", async () => {
  const { "X-SSL-Client-Cert": certificate = "", ...rest } = await told(
    "nginx",
  );
  assert.deepEqual(rest, {
    "X-SSL-Client-Verify": "SUCCESS",
    "X-SSL-Client-S-DN": SUBJECT,
    "X-SSL-Client-I-DN": "CN=Middle",
    "X-SSL-Client-Serial": "ABCD",
    "X-SSL-Client-Fingerprint": hash("sha1", pay),
  });
  assert.deepEqual(readEscapedPem(certificate).map(hex), [hex(pay.der)]);
});

Deno.test("the formats can stand together, and are the same on every request of a connection", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, {
    IDENTITY_HEADERS: ALL_FORMATS,
    INJECT_CLIENT_HEADERS: "true",
  });
  const connection = await scene.connect({ identity: pay });
  await connection.send(get("/1") + get("/2"));
  for (let time = 0; time < 2; time++) await connection.response();
  const [first, second] = receiver.requests.map(identityOf);
  assert.deepEqual(first, second);
  assert.equal(Object.keys(first ?? {}).length, 16);
});

Deno.test("X-Forwarded-Client-Cert names the sidecar by the URI of its certificate", async () => {
  const receiver = new Receiver();
  await using application = await Application.start(receiver.script);
  await using sidecar = await TestSidecar.start({
    upstream: application.url,
    settings: { IDENTITY_HEADERS: "xfcc", XFCC_DETAILS: "uri" },
    store: new MaterialStore(
      await materialOf({
        server: root.issue({
          ips: ["127.0.0.1"],
          uris: ["spiffe://acme/sidecar"],
        }),
        authorities: [root],
      }),
    ),
  });
  using connection = await sidecar.connect({ identity: pay });
  await connection.send(get());
  await connection.response();
  assert.deepEqual(
    fieldValues(receiver.only.head, "x-forwarded-client-cert").flatMap((
      value,
    ) => readXfcc(value, "envoy")),
    [
      ["By", "spiffe://acme/sidecar"],
      ["Hash", hash("sha256", pay)],
      ["URI", SPIFFE],
    ],
  );
});

Deno.test("over IDENTITY_HEADERS_MAX_BYTES the certificates are left out, the hashes stay, and that is counted once a connection", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, {
    IDENTITY_HEADERS: ALL_FORMATS,
    XFCC_DETAILS: "subject,uri,dns,cert,chain",
    IDENTITY_HEADERS_MAX_BYTES: "2048",
  });
  const connection = await scene.connect({ identity: pay });
  await connection.send(get("/1") + get("/2"));
  for (let time = 0; time < 2; time++) {
    assert.equal((await connection.response()).status, 200);
  }
  const headers = identityOf(receiver.requests[0]!);
  assert.deepEqual(
    Object.keys(headers).filter((name) => /Cert(-Chain)?$/.test(name)),
    ["X-Forwarded-Client-Cert"],
  );
  const { "X-Forwarded-Client-Cert": xfcc = "" } = headers;
  assert.deepEqual(readXfcc(xfcc, "envoy").map(([key]) => key), [
    "Hash",
    "Subject",
    "URI",
    "DNS",
    "DNS",
  ]);
  assert.equal(headers["X-Client-Fingerprint"], hash("sha256", pay));
  assert.equal(headers["X-SSL-Client-Fingerprint"], hash("sha1", pay));
  connection.close();
  await scene.sidecar.shutdown();
  const { fields } = await scene.sidecar.event("stopped");
  assert.deepEqual(fields["identity_headers_trimmed"], { certificate: 1 });
});

for (const unverified of ["close", "401"]) {
  Deno.test(`a client whose names alone are over the limit is refused, for nothing of them can be left out (UNVERIFIED=${unverified})`, async () => {
    const receiver = new Receiver();
    await using scene = await Scene.set(receiver.script, {
      IDENTITY_HEADERS: "x-client",
      IDENTITY_HEADERS_MAX_BYTES: "1024",
      UNVERIFIED: unverified,
    });
    const identity = root.issue({ commonName: "x".repeat(1000) });
    const connection = await scene.connect({ identity });
    await connection.send(get()).catch(() => {});
    const { text } = await connection.rest();
    if (unverified === "close") assert.equal(text, "");
    else {
      assert.match(text, /^HTTP\/1\.1 401 /);
      assert.ok(text.endsWith("\r\n\r\nLEAF_MALFORMED\n"));
    }
    const { fields } = await scene.sidecar.event("connection refused");
    assert.equal(fields["code"], "LEAF_MALFORMED");
    assert.doesNotMatch(JSON.stringify(fields), /xxx/);
    assert.equal(scene.application.connections.length, 0);
    // Without the headers it has no reason to stay out.
    assert.equal((await receivedBy({}, { identity })).method, "GET");
  });
}

function hex(octets: Uint8Array): string {
  return new Uint8Array(octets).toHex();
}

function derHex({ der }: Issued): string {
  return hex(der);
}
