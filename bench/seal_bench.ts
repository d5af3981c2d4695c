// What sealing a request costs: deno bench --allow-all bench/seal_bench.ts
import { createHmac } from "node:crypto";
import { SealKeys } from "../src/identity/seal/seal_keys.ts";
import { Sealer } from "../src/identity/seal/signer.ts";

const KEY = new Uint8Array(32).fill(0x42);
const CERTIFICATE = `:${"A".repeat(2_000)}:`;
const NAMES: readonly (readonly [string, string])[] = [
  ["X-Client-CN", "billing.acme.example"],
  ["X-Client-Subject", "CN=billing.acme.example,O=Acme,C=DE"],
  ["X-Client-Spiffe-Id", "spiffe://acme/ns/a/sa/billing"],
];
const IDENTITIES = {
  "three names": NAMES,
  "a certificate": [...NAMES, ["Client-Cert", CERTIFICATE] as const],
};
const REQUEST = {
  method: "GET",
  authority: "billing.acme.example:8443",
  target: "/api/v1/invoices/1234?page=2&size=50",
};

const sealer = new Sealer({
  keys: SealKeys.parse("42".repeat(32)),
  id: "mtls-sidecar",
  worker: 0,
  now: Date.now,
});
const decoder = new TextDecoder();

for (const [group, identity] of Object.entries(IDENTITIES)) {
  const seal = sealer.connection(identity);
  const parameters = /seal=(\S+ .*)\r/.exec(
    decoder.decode(seal.lines(REQUEST)),
  )![1];
  const base = identity.map(([name, value]) => `"${name}": ${value}\n`)
    .join("") +
    `"@method": GET\n"@authority": ${REQUEST.authority}\n"@path": ${REQUEST.target}\n` +
    `"@query": ?\n"@signature-params": ${parameters}`;
  const octets = new TextEncoder().encode(base);

  Deno.bench("the whole seal", { group, baseline: true }, () => {
    seal.lines(REQUEST);
  });
  Deno.bench("the MAC alone, by node:crypto", { group }, () => {
    createHmac("sha256", KEY).update(octets).digest("base64");
  });
  const key = await crypto.subtle.importKey(
    "raw",
    KEY,
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  Deno.bench("the MAC alone, by WebCrypto", { group }, async () => {
    await crypto.subtle.sign("HMAC", key, octets);
  });
}
