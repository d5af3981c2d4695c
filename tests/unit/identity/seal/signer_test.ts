import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import {
  contentDigest,
  EMPTY_CONTENT_DIGEST,
} from "../../../../src/identity/seal/content_digest.ts";
import {
  IDENTITY,
  KEY,
  keysOf,
  OTHER_KEY,
  REQUEST,
  sealer,
  sealOf,
  START_MS,
} from "./support.ts";

const PARAMETERS =
  '("x-client-cn" "x-client-subject" "@method" "@authority" "@path" "@query");' +
  'created=1780272000;nonce="1780272000000000";keyid="mtls-sidecar";' +
  'alg="hmac-sha256";tag="mtls-sidecar"';

function macOf(base: string, key: Uint8Array = KEY): string {
  return createHmac("sha256", key).update(base, "latin1").digest("base64");
}

Deno.test("a seal is an RFC 9421 signature over identity, method, authority, path and query", () => {
  const lines = new TextDecoder().decode(
    sealer().connection(IDENTITY).lines(REQUEST),
  );
  const mac = macOf([
    '"x-client-cn": billing',
    '"x-client-subject": CN=billing,O=Acme',
    '"@method": GET',
    '"@authority": app.example',
    '"@path": /invoices',
    '"@query": ?page=2',
    `"@signature-params": ${PARAMETERS}`,
  ].join("\n"));
  assert.equal(
    lines,
    `Signature-Input: seal=${PARAMETERS}\r\nSignature: seal=:${mac}:\r\n`,
  );
});

Deno.test("a seal covers the content's digest where there is one, and writes it", () => {
  const content = new TextEncoder().encode('{"hello": "world"}');
  // RFC 9530 §B.1 has this digest of this content, and a line feed behind it.
  assert.equal(
    contentDigest(new TextEncoder().encode('{"hello": "world"}\n')),
    "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
  );
  assert.equal(
    EMPTY_CONTENT_DIGEST,
    "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
  );
  const seal = sealer().connection([]);
  const digest = contentDigest(content);
  const [first, input, signature] = sealOf(seal, {
    ...REQUEST,
    method: "POST",
    contentDigest: digest,
  });
  assert.deepEqual(first, ["Content-Digest", digest]);
  const parameters = input![1].slice("seal=".length);
  assert.match(
    parameters,
    /^\("@method" "@authority" "@path" "@query" "content-digest"\);created=/,
  );
  const mac = macOf(
    '"@method": POST\n"@authority": app.example\n"@path": /invoices\n' +
      `"@query": ?page=2\n"content-digest": ${digest}\n` +
      `"@signature-params": ${parameters}`,
  );
  assert.equal(signature![1], `seal=:${mac}:`);
});

Deno.test("authority, path and query are normalised as RFC 9421 §2.2 says", () => {
  const cases: readonly [string, string, string, string, string][] = [
    ["APP.Example", "/", "app.example", "/", "?"],
    ["app.example:80", "/a", "app.example", "/a", "?"],
    ["app.example:", "/a", "app.example", "/a", "?"],
    ["app.example:8080", "/a", "app.example:8080", "/a", "?"],
    ["app.example:443", "/a", "app.example:443", "/a", "?"],
    ["[::80]", "/a", "[::80]", "/a", "?"],
    ["[2001:DB8::1]:80", "/a", "[2001:db8::1]", "/a", "?"],
    ["a", "*", "a", "/", "?"],
    ["a", "", "a", "/", "?"],
    ["a", "?b", "a", "/", "?b"],
    ["a", "/a?", "a", "/a", "?"],
    ["a", "/a?b?c=/d", "a", "/a", "?b?c=/d"],
    ["a", "/a/../%2e/B%2Fc//", "a", "/a/../%2e/B%2Fc//", "?"],
  ];
  for (const [host, target, authority, path, query] of cases) {
    const seal = sealer().connection([]);
    const lines = sealOf(seal, { method: "GET", authority: host, target });
    const mac = macOf(
      `"@method": GET\n"@authority": ${authority}\n"@path": ${path}\n` +
        `"@query": ${query}\n"@signature-params": ${lines[0]![1].slice(5)}`,
    );
    assert.equal(lines[1]![1], `seal=:${mac}:`, `${host} ${target}`);
  }
});

Deno.test("an application that is reached by https has another default port", () => {
  const seal = sealer({ scheme: "https" }).connection([]);
  const lines = sealOf(seal, { ...REQUEST, authority: "app.example:443" });
  const mac = macOf(
    '"@method": GET\n"@authority": app.example\n"@path": /invoices\n' +
      `"@query": ?page=2\n"@signature-params": ${lines[0]![1].slice(5)}`,
  );
  assert.equal(lines[1]![1], `seal=:${mac}:`);
});

Deno.test("each seal has the time it was made at and the next number", () => {
  let now = START_MS;
  const seals = sealer({ now: () => now });
  const [first, second] = [seals.connection([]), seals.connection(IDENTITY)];
  const input = (seal: typeof first) => sealOf(seal, REQUEST)[0]![1];
  assert.match(input(first), /;created=1780272000;nonce="1780272000000000";/);
  now += 1_999;
  assert.match(input(second), /;created=1780272001;nonce="1780272000000001";/);
  assert.match(input(first), /;created=1780272001;nonce="1780272000000002";/);
});

Deno.test("after rotate() a connection's later requests are signed with the new key", () => {
  const seals = sealer();
  const seal = seals.connection([]);
  const signedWith = (key: Uint8Array) => {
    const lines = sealOf(seal, REQUEST);
    const mac = macOf(
      '"@method": GET\n"@authority": app.example\n"@path": /invoices\n' +
        `"@query": ?page=2\n"@signature-params": ${lines[0]![1].slice(5)}`,
      key,
    );
    return lines[1]![1] === `seal=:${mac}:`;
  };
  assert.ok(signedWith(KEY));
  seals.rotate(keysOf(OTHER_KEY, KEY));
  assert.ok(signedWith(OTHER_KEY));
  assert.ok(signedWith(OTHER_KEY));
});

Deno.test("a target of 60,000 octets is sealed whole", () => {
  const seal = sealer().connection([]);
  const target = `/${"x".repeat(60_000)}`;
  const lines = sealOf(seal, { ...REQUEST, target });
  const mac = macOf(
    `"@method": GET\n"@authority": app.example\n"@path": ${target}\n` +
      `"@query": ?\n"@signature-params": ${lines[0]![1].slice(5)}`,
  );
  assert.equal(lines[1]![1], `seal=:${mac}:`);
});

Deno.test("connection() refuses headers that could be read otherwise than they were signed", () => {
  for (
    const identity of [
      [["X-Client-CN", "a\nb"]],
      [["X-Client-CN", "a\r\n"]],
      [["X-Client-CN", " a"]],
      [["X-Client-CN", "a "]],
      [["X-Client-CN", "\u00e9"]],
      [["X-Client-CN", "\u0141"]],
      [["X Client", "a"]],
      [["", "a"]],
      [['X"', "a"]],
      [["X-Client-CN", "a"], ["x-client-cn", "b"]],
    ] as const
  ) {
    assert.throws(() => sealer().connection(identity), { code: "INTERNAL" });
  }
  sealer().connection([["X-Client-CN", ""], ["X-Client-Id", "a\tb c"]]);
});

Deno.test("an id that does not fit between quotes is refused", () => {
  for (const id of ["", 'a"b', "a\\b", "a b", "a\n", "é", "x".repeat(65)]) {
    assert.throws(() => sealer({ id }), { code: "CONFIG_INVALID" });
  }
  sealer({ id: "pod-7.acme_billing~1" });
});
