import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  type CertificateOptions,
  distinguishedName,
  type Issued,
} from "../support/pki.ts";
import { spkiOf } from "../support/pki_keys.ts";
import { fieldValues, get, post } from "../support/messages.ts";
import { Receiver } from "../support/receiver.ts";
import { Scene } from "../support/scene.ts";
import { root } from "../support/sidecar.ts";

const OU = "2.5.4.11";
const CN = "2.5.4.3";

function named(...names: readonly (readonly [string, string])[]): Issued {
  return root.issue({ subject: distinguishedName(...names) });
}

function uri(...uris: string[]): Issued {
  return root.issue({ uris });
}

function dns(...dnsNames: string[]): Issued {
  return root.issue({ dnsNames });
}

function cn(commonName: string, options: CertificateOptions = {}): Issued {
  return root.issue({ commonName, ...options });
}

const keyed = cn("keyed");
const sameKey = cn("another certificate", { key: keyed.key });
const digest = createHash("sha256").update(spkiOf(keyed.key)).digest();
const base64 = digest.toString("base64");
const hex = digest.toString("hex").toUpperCase();

/** By setting: a rule, how the log names its form, who enters by it and who does not. */
const RULES: readonly (readonly [
  variable: string,
  rule: string,
  by: string,
  enters: readonly Issued[],
  stays: readonly Issued[],
])[] = [
  ["ALLOW_CN", "billing", "cn", [cn("billing")], [
    cn("Billing"),
    cn("billing2"),
    cn("xbilling"),
    cn("billing "),
    cn("billing\0"),
    dns("billing"),
    named([OU, "billing"]),
    // The most specific one is the common name.
    named([CN, "billing"], [CN, "other"]),
  ]],
  ["ALLOW_CN", "Acme\\, Inc.", "cn", [cn("Acme, Inc.")], [
    cn("Acme"),
    cn("Inc."),
    cn("Acme\\, Inc."),
  ]],
  ["ALLOW_CN", "a, *.pay.test", "cn", [cn("a"), cn("x.pay.test")], [
    cn("pay.test"),
    cn(".pay.test"),
    cn("x.y.pay.test"),
    cn("*"),
  ]],
  ["ALLOW_OU", "payments", "ou", [
    named([OU, "other"], [OU, "payments"], [CN, "a"]),
  ], [cn("payments"), named([OU, "payments, other"]), cn("a")]],
  ["ALLOW_DNS", "*.acme.test", "dns", [
    dns("a.acme.test"),
    dns("other.test", "A.ACME.TEST"),
  ], [
    dns("acme.test"),
    dns("a.b.acme.test"),
    dns("a.acme.test.evil.test"),
    dns("*.acme.test"),
    cn("a.acme.test"),
    uri("dns:a.acme.test"),
  ]],
  ["ALLOW_DNS", "**.acme.test", "dns", [dns("a.b.acme.test")], [
    dns("acme.test"),
    dns("a..acme.test"),
  ]],
  ["ALLOW_URI", "spiffe://acme/ns/*/sa/pay", "uri", [
    uri("spiffe://acme/ns/a/sa/pay"),
    uri("spiffe://acme/ns/a/sa/pay", "https://other.test/"),
  ], [
    uri("spiffe://acme/ns/a/b/sa/pay"),
    uri("spiffe://acme/ns//sa/pay"),
    uri("spiffe://acme/ns/a/sa/pay/"),
    uri("SPIFFE://acme/ns/a/sa/pay"),
    uri("spiffe://acme/ns/../sa/pay"),
  ]],
  ["ALLOW_SPIFFE_ID", "spiffe://acme/ns/**", "spiffe-id", [
    uri("spiffe://acme/ns/a/sa/b"),
  ], [
    uri("spiffe://acme/ns"),
    uri("spiffe://acme.evil/ns/a"),
    uri("spiffe://acme/ns/a?b"),
    // With two URIs there is no SPIFFE ID.
    uri("spiffe://acme/ns/a", "spiffe://acme/ns/b"),
  ]],
  ...[base64, hex].map(
    (text) =>
      ["ALLOW_SPKI", `sha256:${text}`, "spki", [keyed, sameKey], [
        cn("keyed"),
      ]] as const,
  ),
];

for (const [variable, rule, by, enters, stays] of RULES) {
  const shown = rule.replace(base64, "<base64>").replace(hex, "<hex>");
  Deno.test(`${variable}=${shown} lets in whom it names, and nobody else`, async () => {
    const receiver = new Receiver();
    await using scene = await Scene.set(receiver.script, { [variable]: rule });
    for (const identity of stays) {
      const client = await scene.connect({ identity });
      await client.send(post("a secret"));
      const { status, head, content } = await client.response();
      assert.deepEqual([status, content], [403, "ACCESS_NOT_ALLOWED\n"]);
      assert.deepEqual(fieldValues(head, "connection"), ["close"]);
      assert.deepEqual(await client.rest(), { text: "", end: "ended" });
    }
    assert.equal(scene.application.connections.length, 0);
    for (const identity of enters) {
      const client = await scene.connect({ identity });
      await client.send(post("some content"));
      assert.equal((await client.response()).status, 200);
    }
    assert.deepEqual(
      receiver.requests.map(({ content }) => content),
      enters.map(() => "some content"),
    );
    const { fields } = await scene.sidecar.event("client admitted");
    assert.equal(fields["by"], by);
    await scene.sidecar.entry({ "http.response.status_code": 200 });
    assert.deepEqual(
      scene.sidecar.entries.slice(0, stays.length).map((entry) =>
        entry["error.type"]
      ),
      stays.map(() => "ACCESS_NOT_ALLOWED"),
    );
  });
}

Deno.test("any one rule of any form is enough", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, {
    ALLOW_CN: "alice,bob",
    ALLOW_OU: "payments",
    ALLOW_URI: "https://acme.test/*",
  });
  const statuses: number[] = [];
  for (
    const identity of [
      cn("alice"),
      cn("bob"),
      named([OU, "payments"], [CN, "carol"]),
      uri("https://acme.test/a"),
      cn("carol"),
    ]
  ) {
    const client = await scene.connect({ identity });
    await client.send(get());
    statuses.push((await client.response()).status);
  }
  assert.deepEqual(statuses, [200, 200, 200, 200, 403]);
});

Deno.test("without a rule, be they all set and empty, every verified client enters", async () => {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, {
    ALLOW_CN: "",
    ALLOW_OU: "",
    ALLOW_DNS: "",
    ALLOW_URI: "",
    ALLOW_SPIFFE_ID: "",
    ALLOW_SPKI: "",
  });
  const client = await scene.connect({ identity: cn("anyone") });
  await client.send(get());
  assert.equal((await client.response()).status, 200);
  const { fields } = await scene.sidecar.event("client admitted");
  assert.equal(fields["by"], "any");
});
