import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createAuthority, toPem } from "../../support/pki.ts";
import { createCrl } from "../../support/pki_crl.ts";
import { spkiOf } from "../../support/pki_keys.ts";
import { HOUR, NOW, root, VALID } from "../material/material_fixture.ts";
import { checked, clientOf } from "./check_fixture.ts";

const billing = root.issue({
  ...VALID,
  commonName: "billing",
  uris: ["spiffe://acme/billing"],
});
const pin = `sha256:${
  createHash("sha256").update(spkiOf(billing.key)).digest("base64")
}`;

function pinned(peer: Record<string, unknown>, more = {}) {
  return {
    files: { "/peers.json": JSON.stringify({ peers: [peer], ...more }) },
    env: { PEERS_FILE: "/peers.json" },
  };
}

Deno.test("a client of a trusted CA gets in where there is no rule", async () => {
  const client = await clientOf(billing);
  assert.deepEqual([client.admitted, client.by], [true, "any"]);
  assert.equal(client.refusal, undefined);
  assert.deepEqual(client.headers, []);
  const { subject, names, spki, daysLeft } = client.certificate!;
  assert.deepEqual([subject, names, spki, daysLeft], [
    "CN=billing",
    ["URI:spiffe://acme/billing"],
    pin,
    0,
  ]);
});

Deno.test("a client gets in by a rule, which is named", async () => {
  const client = await clientOf(billing, {
    env: { ALLOW_CN: "other", ALLOW_SPIFFE_ID: "spiffe://acme/*" },
  });
  assert.deepEqual([client.admitted, client.by, client.rule], [
    true,
    "spiffe-id",
    "spiffe://acme/*",
  ]);
});

Deno.test("a client gets in as a pinned peer, which the application is told", async () => {
  const { files, env } = pinned({ id: "b", spki: [pin] });
  const client = await clientOf(billing, {
    files,
    env: { ...env, IDENTITY_HEADERS: "x-client" },
  });
  assert.deepEqual([client.admitted, client.by, client.peer], [
    true,
    "peer-spki",
    "b",
  ]);
  assert.deepEqual(client.headers.slice(0, 3), [
    { name: "X-Client-CN", value: "billing" },
    { name: "X-Client-Subject", value: "CN=billing" },
    { name: "X-Client-Id", value: "b" },
  ]);
});

Deno.test("a client is refused by the rules, and told by which it would get in", async () => {
  const client = await clientOf(billing, { env: { ALLOW_CN: "other" } });
  assert.equal(client.admitted, false);
  assert.deepEqual(client.refusal, {
    code: "ACCESS_NOT_ALLOWED",
    detail: "no rule allows it",
    meets: "403",
    remedies: [
      `Add to ALLOW_SPKI: ${pin}`,
      "Add to ALLOW_SPIFFE_ID: spiffe://acme/billing",
      "Add to ALLOW_CN: billing",
    ],
  });
  for (
    const env of [
      { ALLOW_SPKI: pin },
      { ALLOW_SPIFFE_ID: "spiffe://acme/billing" },
      { ALLOW_CN: "billing" },
    ]
  ) assert.equal((await clientOf(billing, { env })).admitted, true);
});

Deno.test("the rules that are proposed let the client in, or are not proposed", async () => {
  const odd = root.issue({
    ...VALID,
    commonName: "a,b\\c",
    dnsNames: ["*.acme.example"],
    uris: ["https://acme.example/a,b", "urn:x"],
  });
  const { refusal } = await clientOf(odd, { env: { ALLOW_CN: "other" } });
  const rules = refusal!.remedies.map((remedy) => {
    const [, variable = "", text = ""] = /^Add to (\w+): (.*)$/.exec(remedy) ??
      [];
    return [variable, text] as const;
  });
  assert.deepEqual(rules.map(([variable]) => variable), [
    "ALLOW_SPKI",
    "ALLOW_URI",
    "ALLOW_CN",
  ]);
  for (const [variable, text] of rules) {
    const { admitted } = await clientOf(odd, { env: { [variable]: text } });
    assert.equal(admitted, true, variable);
  }
});

Deno.test("a name that a terminal could take amiss is not proposed as a rule", async () => {
  const odd = root.issue({ ...VALID, commonName: "a\x1b]0;\u202e" });
  const { refusal } = await clientOf(odd, { env: { ALLOW_CN: "other" } });
  assert.equal(refusal?.remedies.length, 1);
});

Deno.test("what a refused client meets is as the settings say, but for a false claim", async () => {
  const env = { ALLOW_CN: "other", ACCESS_REFUSE: "close" };
  assert.equal((await clientOf(billing, { env })).refusal?.meets, "close");
  const claim = pinned({
    id: "b",
    spki: [`sha256:${"0".repeat(64)}`],
    spiffe: "spiffe://acme/billing",
  });
  const { refusal } = await clientOf(billing, claim);
  assert.equal(refusal?.code, "ACCESS_PIN_MISMATCH");
  assert.equal(refusal?.meets, "close");
  assert.ok(refusal?.remedies[0]?.endsWith(pin));
});

Deno.test("a client that is no pinned peer is told its pin, and enters while peers are pinned", async () => {
  const stranger = { id: "x", spiffe: "spiffe://acme/x" };
  const { refusal } = await clientOf(billing, pinned(stranger));
  assert.equal(refusal?.code, "ACCESS_NOT_PINNED");
  assert.deepEqual(refusal?.remedies, [
    `Add a peer with this pin to PEERS_FILE: ${pin}`,
  ]);
  const bootstrapUntil = "2030-01-02T00:00:00Z";
  const client = await clientOf(billing, pinned(stranger, { bootstrapUntil }));
  assert.deepEqual([client.admitted, client.by, client.until], [
    true,
    "bootstrap",
    "2030-01-02T00:00:00.000Z",
  ]);
});

Deno.test("in audit mode a client gets in, with why it would not have", async () => {
  const client = await clientOf(billing, {
    env: {
      ALLOW_CN: "other",
      ACCESS_MODE: "audit",
      INJECT_CLIENT_HEADERS: "true",
    },
  });
  assert.deepEqual([client.admitted, client.by], [true, "audit"]);
  assert.equal(client.refusal?.code, "ACCESS_NOT_ALLOWED");
  assert.equal(client.refusal?.meets, undefined);
  assert.equal(client.headers.length, 2);
});

Deno.test("the guard refuses as it does in serve, and each refusal has a remedy", async () => {
  const serial = Uint8Array.of(7);
  const crl = (nextUpdate: number) => ({
    "/ca/crl.pem": createCrl(root, {
      entries: [{ serial }],
      thisUpdate: NOW - 2 * HOUR,
      nextUpdate,
    }).pem,
  });
  const past = { notBefore: NOW - 2 * HOUR, notAfter: NOW - HOUR };
  const future = { notBefore: NOW + HOUR, notAfter: NOW + 2 * HOUR };
  const constrained = root.issueAuthority({ ...VALID, pathLength: 0 })
    .issueAuthority(VALID).issue(VALID);
  const cases = [
    ["LEAF_EXPIRED", root.issue(past), {}],
    ["LEAF_NOT_YET_VALID", root.issue(future), {}],
    [
      "LEAF_KEY_USAGE",
      root.issue({ ...VALID, eku: ["1.3.6.1.5.5.7.3.1"] }),
      {},
    ],
    ["LEAF_IS_CA", root.issueAuthority(VALID), {}],
    ["LEAF_VERSION", root.issue({ ...VALID, version: 1 }), {}],
    ["LEAF_REVOKED", root.issue({ ...VALID, serial }), crl(NOW + HOUR)],
    ["CRL_EXPIRED", billing, crl(NOW - HOUR)],
    ["PATH_NOT_FOUND", createAuthority(VALID).issue(VALID), {}],
    ["PATH_REFUSED", constrained, {}],
    [
      "LEAF_MALFORMED",
      root.issue({ ...VALID, dnsNames: Array(1100).fill("a.example") }),
      {},
    ],
  ] as const;
  for (const [code, issued, files] of cases) {
    const { admitted, refusal } = await clientOf(issued, { files });
    assert.deepEqual([admitted, refusal?.code], [false, code]);
    assert.equal(refusal?.meets, "close", code);
    assert.equal(refusal?.remedies.length, 1, code);
    assert.doesNotMatch(refusal?.remedies[0] ?? "", /\.$/);
  }
  const { refusal } = await clientOf(root.issue(past), {
    env: { UNVERIFIED: "401" },
  });
  assert.equal(refusal?.meets, "401");
});

Deno.test("a path may need what stands after the client's certificate, or in the chain's file", async () => {
  const between = root.issueAuthority(VALID);
  const leaf = between.issue(VALID);
  assert.equal((await clientOf(leaf)).admitted, true);
  const alone = await clientOf({ chainPem: leaf.certPem });
  assert.equal(alone.refusal?.code, "PATH_NOT_FOUND");
  const { client } = await checked({
    files: { "/client.pem": leaf.certPem, "/chain.pem": between.certPem },
    client: { certificate: "/client.pem", chain: "/chain.pem" },
  });
  assert.equal(client?.admitted, true);
});

Deno.test("a key beside the client's certificate is passed over and never shown", async () => {
  const client = await clientOf({ chainPem: billing.keyPem + billing.certPem });
  assert.equal(client.admitted, true);
  const body = billing.keyPem.split("\n")[1] ?? "";
  assert.ok(!JSON.stringify(client).includes(body));
});

Deno.test("a client's file that cannot be used is no problem of serve, but its client is not let in", async () => {
  for (
    const [content, code] of [
      [undefined, "FILE_UNREADABLE"],
      ["no PEM", "PEM_INVALID"],
      [billing.keyPem, "PEM_INVALID"],
      [toPem(Uint8Array.of(1, 2, 3)), "LEAF_MALFORMED"],
    ] as const
  ) {
    const { wouldStart, client } = await checked({
      files: { "/client.pem": content },
      client: { certificate: "/client.pem" },
    });
    assert.equal(wouldStart, true);
    assert.deepEqual([client?.admitted, client?.refusal?.code], [false, code]);
  }
});

Deno.test("headers that become too large keep a client out, or lose certificates", async () => {
  const named = root.issue({
    ...VALID,
    dnsNames: Array.from({ length: 100 }, (_, i) => `host-${i}.acme.example`),
  });
  const large = {
    IDENTITY_HEADERS: "xfcc",
    IDENTITY_HEADERS_MAX_BYTES: "1024",
  };
  const refused = await clientOf(named, { env: large });
  assert.equal(refused.refusal?.code, "LEAF_MALFORMED");
  assert.match(
    refused.refusal?.remedies[0] ?? "",
    /IDENTITY_HEADERS_MAX_BYTES/,
  );
  const trimmed = await clientOf(billing, {
    env: { ...large, IDENTITY_HEADERS: "rfc9440,x-client,nginx" },
  });
  assert.deepEqual([trimmed.admitted, trimmed.headersTrimmed], [true, true]);
});

Deno.test("no client is judged by material or pins that could not be read", async () => {
  const client = { certificate: "/client.pem" };
  const files = { "/client.pem": billing.certPem };
  const noKey = await checked({
    files: { ...files, "/certs/tls.key": undefined },
    client,
  });
  assert.equal(noKey.client, undefined);
  const noPins = await checked({
    files,
    env: { PEERS_FILE: "/nope" },
    client,
  });
  assert.equal(noPins.client, undefined);
});
