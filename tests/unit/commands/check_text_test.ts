import assert from "node:assert/strict";
import { renderJson } from "../../../src/commands/check.ts";
import type { CheckReport } from "../../../src/commands/check_report.ts";
import { renderText } from "../../../src/commands/check_text.ts";
import { createAuthority } from "../../support/pki.ts";
import { createCrl } from "../../support/pki_crl.ts";
import { HOUR, NOW, root, VALID } from "../material/material_fixture.ts";
import { checked } from "./check_fixture.ts";

const DAY = 24 * HOUR;
const ESCAPES = new RegExp(String.raw`\u{1b}\[\d+m`, "gu");
const PLAIN = { colours: false };

/** A section's lines, its heading left out. */
function section(text: string, heading: string): string[] {
  const lines = text.split("\n");
  const start = lines.indexOf(heading) + 1;
  assert.ok(start > 0, `no ${heading} in ${text}`);
  return lines.slice(start, lines.indexOf("", start));
}

Deno.test("renderText() shows the own certificate, and how long it and its chain are valid", async () => {
  const between = root.issueAuthority({ ...VALID, commonName: "Between" });
  const own = between.issue({
    notBefore: NOW - 400 * DAY,
    notAfter: NOW + 12 * DAY,
    commonName: "sidecar",
    dnsNames: ["localhost"],
    ips: ["127.0.0.1"],
    serial: Uint8Array.of(1),
  });
  const report = await checked({
    files: { "/certs/tls.crt": own.chainPem, "/certs/tls.key": own.keyPem },
  });
  const text = renderText(report, PLAIN);
  assert.deepEqual(section(text, "Own certificate"), [
    "  File     /certs/tls.crt",
    "  Subject  CN=sidecar",
    "  Issuer   CN=Between",
    "  Names    DNS:localhost",
    "           IP:127.0.0.1",
    "  Serial   01",
    `  SHA-256  ${report.certificate?.fingerprint}`,
    "  Valid    2028-11-27T00:00:00.000Z to 2030-01-13T00:00:00.000Z",
    "           12 days left",
    "  Key      EC P-256",
    "  Chain    60 minutes left  CN=Between",
  ]);
  assert.deepEqual(section(text, "Warnings"), [
    '  "/certs/tls.crt" expires in 12 days, at 2030-01-13T00:00:00.000Z',
  ]);
  assert.deepEqual(section(text, "Verdict"), [
    "  serve would start, 1 warning",
  ]);
});

Deno.test("renderText() shows CAs, CRLs, rules, pins, headers and the seal, one a line", async () => {
  const other = createAuthority({
    commonName: "Other",
    notBefore: NOW - DAY,
    notAfter: NOW + 1000 * DAY,
  });
  const report = await checked({
    files: {
      "/ca/ca.crt": root.certPem + other.certPem,
      "/ca/crl.pem": createCrl(root, {
        entries: [{ serial: Uint8Array.of(7) }],
        thisUpdate: NOW - 3 * HOUR,
        nextUpdate: NOW + 21 * HOUR,
      }).pem,
      "/peers.json": JSON.stringify({
        peers: [
          { id: "a", spki: [`sha256:${"0".repeat(64)}`] },
          { id: "longer", spiffe: "spiffe://acme/b" },
        ],
        unpinned: "accept",
      }),
      "/seal": "5a".repeat(32),
    },
    env: {
      ALLOW_CN: "one,two",
      ALLOW_SPIFFE_ID: "spiffe://acme/*",
      PEERS_FILE: "/peers.json",
      SEAL_KEY_FILE: "/seal",
      INJECT_CLIENT_HEADERS: "true",
      IDENTITY_HEADERS: "xfcc",
      UNVERIFIED: "401",
    },
  });
  const text = renderText(report, PLAIN);
  const [first, second] = report.authorities!.map(({ fingerprint }) =>
    fingerprint.slice(0, 16)
  );
  assert.deepEqual(section(text, "Trusted CAs (2)"), [
    `  60 minutes left  ${first}  CN=Root`,
    `  1000 days left   ${second}  CN=Other`,
  ]);
  assert.deepEqual(section(text, "Revocation lists (1)"), [
    "  1 entry  3 hours old  next in 21 hours  CN=Root",
  ]);
  assert.deepEqual(section(text, "Who may enter"), [
    "  Refused          answered 403",
    "  Unverified       answered 401",
    "  ALLOW_CN         one",
    "  ALLOW_CN         two",
    "  ALLOW_SPIFFE_ID  spiffe://acme/*",
  ]);
  assert.deepEqual(section(text, "Pinned peers (2)"), [
    "  File            /peers.json",
    "  Others          by the rules",
    "  a       1 pin",
    "  longer  0 pins  spiffe://acme/b",
  ]);
  assert.deepEqual(section(text, "Identity headers"), [
    "  X-Client-CN and X-Client-Subject, xfcc",
  ]);
  assert.deepEqual(section(text, "Seal"), [
    "  File    /seal",
    "  Keys    1 key",
    "  Id      mtls-sidecar",
    "  Covers  requests, not bodies",
  ]);
});

Deno.test("renderText() shows a client that gets in, and what the application sees", async () => {
  const client = root.issue({ ...VALID, commonName: "web" });
  const report = await checked({
    files: { "/client.pem": client.certPem },
    env: { ALLOW_CN: "web", INJECT_CLIENT_HEADERS: "true" },
    client: { certificate: "/client.pem" },
  });
  const text = renderText(report, PLAIN);
  assert.equal(
    section(text, "The client").at(-1),
    "  Admitted  by ALLOW_CN: web",
  );
  assert.deepEqual(section(text, "What the application would see of it"), [
    "  X-Client-CN: web",
    "  X-Client-Subject: CN=web",
  ]);
  assert.deepEqual(section(text, "Verdict"), [
    "  serve would start",
    "  the client would get in",
  ]);
});

Deno.test("renderText() says why a client is refused before it says what would help", async () => {
  const client = root.issue({
    ...VALID,
    commonName: "web",
    dnsNames: Array.from({ length: 500 }, (_, i) => `h${i}.example`),
  });
  const report = await checked({
    files: { "/client.pem": client.certPem },
    env: { ALLOW_CN: "other" },
    client: { certificate: "/client.pem" },
  });
  const text = renderText(report, PLAIN);
  const lines = section(text, "The client");
  assert.ok(lines.includes("                and 480 more, which --json lists"));
  assert.deepEqual(lines.slice(-5), [
    "  Refused       ACCESS_NOT_ALLOWED: no rule allows it",
    "  It meets      status 403",
    `  To let it in  Add to ALLOW_SPKI: ${report.client?.certificate?.spki}`,
    "  or            Add to ALLOW_DNS: h0.example",
    "  or            Add to ALLOW_CN: web",
  ]);
  assert.equal(section(text, "Verdict")[1], "  the client would not get in");
});

Deno.test("renderText() says of each way in what it rests on", async () => {
  const { client: _, ...report } = await checked();
  for (
    const [client, expected] of [
      [{ by: "any" }, "no rule keeps a verified client out"],
      [{ by: "audit" }, "only as ACCESS_MODE is audit"],
      [
        { by: "bootstrap", until: "2031-01-01T00:00:00.000Z" },
        "only as peers are still being pinned, until 2031-01-01T00:00:00.000Z",
      ],
      [{ by: "peer-spki", peer: "b" }, "by its key, as pinned peer b"],
      [{ by: "peer-spiffe", peer: "b" }, "by its SPIFFE ID, as pinned peer b"],
      [{ by: "ou", rule: "Ops" }, "by ALLOW_OU: Ops"],
    ] as const
  ) {
    const text = renderText({
      ...report,
      client: {
        file: "c",
        admitted: true,
        headers: [],
        headersTrimmed: false,
        ...client,
      },
    }, PLAIN);
    assert.equal(section(text, "The client").at(-1), `  Admitted  ${expected}`);
  }
});

Deno.test("renderText() lists every problem, and says that serve would not start", async () => {
  const report = await checked({ env: { VIA: "x", MONITOR_PORT: "y" } });
  assert.equal(
    renderText(report, PLAIN),
    [
      "Problems",
      '  Cannot parse VIA "x": expected true, false, 1 or 0',
      '  Cannot parse MONITOR_PORT "y": expected an integer from 0 to 65535',
      "",
      "Verdict",
      "  serve would not start, 2 problems",
      "",
    ].join("\n"),
  );
});

const HOSTILE = "\x1b[2J\u009b\r\n\u202e\u2028";

async function hostile(): Promise<CheckReport> {
  const client = root.issue({
    ...VALID,
    commonName: HOSTILE,
    uris: ["urn:x\x1b[2J"],
    dnsNames: ["a\r\nb"],
  });
  return await checked({
    files: {
      "/client.pem": client.certPem,
    },
    env: { ALLOW_CN: "a\u202eb" },
    mounts: [`"${HOSTILE}" is frozen`],
    client: { certificate: "/client.pem" },
  });
}

Deno.test("renderText() shows nothing that acts on a terminal, whatever files and certificates hold", async () => {
  const text = renderText(await hostile(), PLAIN);
  assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{C}\p{Zl}\p{Zp}]/u);
  assert.ok(text.includes("DNS:a\\u{d}\\u{a}b"), text);
});

Deno.test("renderText() colours what is good and what is not, and nothing else differs", async () => {
  const report = await hostile();
  const coloured = renderText(report, { colours: true });
  assert.ok(coloured.includes("\x1b[32mserve would start"));
  assert.ok(coloured.includes("\x1b[31mthe client would not get in"));
  const plain = coloured.replace(ESCAPES, "");
  assert.equal(plain, renderText(report, PLAIN));
});

Deno.test("renderJson() is the report, in ASCII", async () => {
  const report = await hostile();
  const json = renderJson(report);
  assert.match(json, /^[\n -~]+$/);
  assert.deepEqual(JSON.parse(json), report);
});
