import assert from "node:assert/strict";
import { contentDigest } from "../../../../src/identity/seal/content_digest.ts";
import {
  type ReceivedRequest,
  type SealFault,
  SealVerifier,
  type SealVerifierOptions,
} from "../../../../src/identity/seal/verify.ts";
import {
  IDENTITY,
  KEY,
  keysOf,
  type Line,
  OTHER_KEY,
  REQUEST,
  sealed,
  sealer,
  sealOf,
  START_MS,
} from "./support.ts";

function verifier(options: Partial<SealVerifierOptions> = {}): SealVerifier {
  return new SealVerifier({ keys: [KEY], now: () => START_MS, ...options });
}

/** The reason of a refusal, `ok` for none. */
function verdict(
  request: ReceivedRequest,
  options: Partial<SealVerifierOptions> = {},
): SealFault | "ok" {
  return reason(verifier(options), request);
}

function reason(by: SealVerifier, request: ReceivedRequest): SealFault | "ok" {
  const said = by.verify(request);
  return said.ok ? "ok" : said.reason;
}

function withHeader(
  request: ReceivedRequest & { readonly headers: readonly Line[] },
  name: string,
  change: (value: string) => string | undefined,
): ReceivedRequest {
  assert.ok(request.headers.some(([own]) => own === name), name);
  const headers = request.headers.flatMap(([own, value]): Line[] => {
    const changed = own === name ? change(value) : value;
    return changed === undefined ? [] : [[own, changed]];
  });
  return { ...request, headers };
}

Deno.test("verify() takes a sealed request, and says who sealed it and what", () => {
  assert.deepEqual(verifier().verify(sealed({ by: sealer({ worker: 7 }) })), {
    ok: true,
    keyId: "mtls-sidecar",
    worker: 7,
    sequence: (7n << 56n) + BigInt(START_MS) * 1000n,
    created: START_MS / 1000,
    components: [
      "x-client-cn",
      "x-client-subject",
      "@method",
      "@authority",
      "@path",
      "@query",
    ],
  });
});

Deno.test("verify() takes Headers, pairs and node:http's rawHeaders", () => {
  for (
    const shape of [
      (lines: readonly Line[]) => new Headers(lines as [string, string][]),
      (lines: readonly Line[]) => new Map(lines),
      (lines: readonly Line[]) => lines.flat(),
    ]
  ) {
    const request = sealed();
    assert.equal(
      verdict({ ...request, headers: shape(request.headers) }),
      "ok",
    );
  }
});

Deno.test("verify() takes the whole URL of a Request, and Host as it came", () => {
  const request = sealed();
  const { authority: _, ...rest } = request;
  const url = "http://app.example/invoices?page=2";
  assert.equal(verdict({ ...rest, target: url }), "ok");
  assert.equal(verdict({ ...request, authority: "App.Example:80" }), "ok");
  assert.equal(verdict(rest), "malformed");
});

Deno.test("a target that names another host than the signed one is refused", () => {
  const request = sealed();
  const target = (host: string) => `http://${host}${REQUEST.target}`;
  const own = REQUEST.authority.toUpperCase();
  assert.equal(verdict({ ...request, target: target(own) }), "ok");
  assert.equal(
    verdict({ ...request, target: target("admin.example") }),
    "malformed",
  );
});

Deno.test("blanks within a header take no longer to read than other octets", () => {
  const request = sealed();
  const blanks = `a${" ".repeat(200_000)}b`;
  for (const name of ["X-Other", "Signature-Input", "Signature"]) {
    const began = performance.now();
    verdict({ ...request, headers: [...request.headers, [name, blanks]] });
    // Where each is looked at once for every other one it takes half a minute.
    assert.ok(performance.now() - began < 2_000, name);
  }
});

Deno.test("a change of any component is refused", () => {
  const request = sealed();
  const changed: readonly [Partial<ReceivedRequest>, SealFault][] = [
    [{ method: "POST" }, "bad-signature"],
    [{ method: "get" }, "bad-signature"],
    [{ authority: "app.example:8080" }, "bad-signature"],
    [{ target: "/invoices?page=3" }, "bad-signature"],
    [{ target: "/invoices" }, "bad-signature"],
    [{ target: "/invoices/?page=2" }, "bad-signature"],
    [{ target: "/invoices%3Fpage=2" }, "bad-signature"],
    [{ method: undefined }, "malformed"],
    [{ target: undefined }, "malformed"],
    [{ method: "GET\n" }, "malformed"],
    [{ target: "/invoices?page=\u0132" }, "malformed"],
  ];
  for (const [change, expected] of changed) {
    assert.equal(verdict({ ...request, ...change }), expected);
  }
  for (const [name] of IDENTITY) {
    const tampered = withHeader(request, name, (value) => `${value}x`);
    assert.equal(verdict(tampered), "bad-signature");
    const removed = withHeader(request, name, () => undefined);
    assert.equal(verdict(removed), "bad-signature");
  }
  assert.equal(verdict(request), "ok");
});

Deno.test("a change of any parameter is refused", () => {
  const change = (from: string | RegExp, to: string) =>
    verdict(
      withHeader(sealed(), "Signature-Input", (value) => {
        assert.notEqual(value.replace(from, to), value);
        return value.replace(from, to);
      }),
      { keyIds: ["mtls-sidecar", "b"] },
    );
  assert.equal(change("created=1", "created=2"), "bad-signature");
  assert.equal(change('nonce="1', 'nonce="2'), "bad-signature");
  assert.equal(change('keyid="mtls-sidecar"', 'keyid="b"'), "bad-signature");
  assert.equal(change('"x-client-cn" ', ""), "bad-signature");
  assert.equal(change(' "@query"', ""), "bad-signature");
  assert.equal(change("hmac-sha256", "hmac-sha512"), "malformed");
  assert.equal(change('tag="mtls-sidecar"', 'tag="x"'), "malformed");
  assert.equal(change('"@method"', '"@scheme"'), "malformed");
});

Deno.test("a request without a seal is refused, and so is one with half of it", () => {
  const { headers: _, ...request } = sealed();
  assert.equal(verdict({ ...request, headers: [] }), "missing");
  assert.equal(verdict({ ...request, headers: IDENTITY }), "missing");
  for (const name of ["Signature", "Signature-Input"]) {
    assert.equal(
      verdict(withHeader(sealed(), name, () => undefined)),
      "missing",
    );
  }
});

Deno.test("a signature under another label, or twice under ours, is none of the sidecar's", () => {
  const request = sealed();
  const other = withHeader(
    request,
    "Signature-Input",
    (value) => value.replace("seal=", "sig1="),
  );
  assert.equal(verdict(other), "missing");
  const again = request.headers.filter(([name]) => name === "Signature");
  assert.equal(
    verdict({ ...request, headers: [...again, ...request.headers] }),
    "malformed",
  );
});

Deno.test("signatures of other signers may stand beside the seal", () => {
  const request = sealed();
  const headers: Line[] = [
    ["Signature-Input", 'sig1=("@method");created=1'],
    ["Signature", "sig1=:AAAA:"],
    ...request.headers,
  ];
  assert.equal(verdict({ ...request, headers }), "ok");
});

Deno.test("an identity header that the seal does not cover is refused", () => {
  const names = [
    "X-Client-Id",
    "x-client-anything",
    "X_Client_CN",
    "X-Forwarded-Client-Cert",
    "Client-Cert",
    "Client-Cert-Chain",
    "client_cert",
    "X-Forwarded-Tls-Client-Cert",
    "X-Forwarded-Tls-Client-Cert-Info",
    "X-SSL-Client-Verify",
    "X_SSL-Client_S_DN",
    "X.Client.CN",
    "X~Client~CN",
    "X*Client-CN",
    "Client-Cert-Subject",
    "SSL-Client-Verify",
    "X-SSL-Cert",
  ];
  const request = sealed();
  for (const name of names) {
    const headers = [...request.headers, [name, "x"] as const];
    assert.equal(verdict({ ...request, headers }), "uncovered", name);
  }
  const headers = [...request.headers, ["X-Acme-User", "x"] as const];
  assert.equal(verdict({ ...request, headers }), "ok");
  for (const own of ["X-Acme-User", "x-acme-*"]) {
    assert.equal(
      verdict({ ...request, headers }, { identityHeaders: [own] }),
      "uncovered",
    );
  }
});

Deno.test("a covered header that stands there twice is refused, even if the two make up the signed one", () => {
  const request = sealed({ identity: [["X-Client-Id", "a, b"]] });
  const [, ...seal] = request.headers;
  const parts: Line[] = [["X-Client-Id", "a"], ["x-client-id", "b"]];
  const split = { ...request, headers: [...parts, ...seal] };
  assert.equal(verdict(split), "malformed");
  assert.equal(verdict(request), "ok");
});

Deno.test("what the application requires must be covered", () => {
  const required = ["X-Client-CN"];
  assert.equal(verdict(sealed(), { required }), "ok");
  assert.equal(verdict(sealed({ identity: [] }), { required }), "uncovered");
  assert.equal(verdict(sealed({ identity: [] })), "ok");
});

Deno.test("a seal is taken as long as the clocks differ by 30 seconds at most", () => {
  const at = (seconds: number, options = {}) =>
    verdict(sealed(), { now: () => START_MS + 1_000 * seconds, ...options });
  assert.equal(at(30.9), "ok");
  assert.equal(at(31), "too-old");
  assert.equal(at(-30), "ok");
  assert.equal(at(-31), "too-new");
  assert.equal(at(5, { clockSkewSecs: 5 }), "ok");
  assert.equal(at(6, { clockSkewSecs: 5 }), "too-old");
  assert.equal(at(-6, { clockSkewSecs: 5 }), "too-new");
});

Deno.test("a clock or a skew that is no number takes nothing", () => {
  assert.equal(verdict(sealed(), { now: () => NaN }), "too-old");
  assert.equal(verdict(sealed(), { clockSkewSecs: NaN }), "too-old");
});

Deno.test("who has no key learns nothing of the time, of replays or of what must be covered", () => {
  const by = verifier({ now: () => START_MS + 3_600_000 });
  const forged = sealed({ by: sealer({ keys: keysOf(OTHER_KEY) }) });
  const headers = [...forged.headers, ["X-Client-Id", "x"] as const];
  assert.equal(reason(by, { ...forged, headers }), "bad-signature");
});

Deno.test("a replay is refused, and a late request is taken once", () => {
  const by = verifier();
  const signer = sealer();
  const requests = Array.from({ length: 1_026 }, () => sealed({ by: signer }));
  assert.equal(reason(by, requests[1]!), "ok");
  assert.equal(reason(by, requests[1]!), "replayed");
  assert.equal(reason(by, requests[1_025]!), "ok");
  assert.equal(reason(by, requests[2]!), "ok");
  assert.equal(reason(by, requests[2]!), "replayed");
  assert.equal(reason(by, requests[1]!), "behind-window");
  assert.equal(reason(by, requests[0]!), "behind-window");
});

Deno.test("a request that is refused uses up no number", () => {
  const by = verifier();
  const request = sealed();
  const headers = [...request.headers, ["X-Client-Id", "x"] as const];
  assert.equal(reason(by, { ...request, headers }), "uncovered");
  assert.equal(reason(by, { ...request, method: "PUT" }), "bad-signature");
  assert.equal(reason(by, request), "ok");
});

Deno.test("neither a restart of the sidecar nor another worker is taken for a replay", () => {
  const by = verifier();
  const later = { now: () => START_MS + 2_000 };
  const order = [
    sealer(),
    sealer({ worker: 1 }),
    sealer(later),
    sealer({ worker: 1, ...later }),
  ];
  for (const signer of order) {
    for (let n = 0; n < 3; n++) {
      assert.equal(reason(by, sealed({ by: signer })), "ok");
    }
  }
});

Deno.test("more senders than there is room for are refused", () => {
  let now = START_MS;
  const by = verifier({ maxSenders: 1, now: () => now });
  assert.equal(reason(by, sealed()), "ok");
  const second = { worker: 1, now: () => now };
  assert.equal(reason(by, sealed({ by: sealer(second) })), "senders");
  now += 31_000;
  assert.equal(reason(by, sealed({ by: sealer(second) })), "ok");
});

Deno.test("keys rotate in three steps, with no request refused on the way", () => {
  const by = verifier();
  const signer = sealer();
  const pass = () => assert.equal(reason(by, sealed({ by: signer })), "ok");
  pass();
  by.rotate([KEY, OTHER_KEY]);
  pass();
  signer.rotate(keysOf(OTHER_KEY, KEY));
  pass();
  signer.rotate(keysOf(OTHER_KEY));
  by.rotate([OTHER_KEY]);
  pass();
  const old = sealed({ by: sealer({ now: () => START_MS + 1 }) });
  assert.equal(reason(by, old), "bad-signature");
});

Deno.test("rotate() forgets no request that was seen", () => {
  const by = verifier();
  const request = sealed();
  assert.equal(reason(by, request), "ok");
  by.rotate([OTHER_KEY, KEY]);
  assert.equal(reason(by, request), "replayed");
});

Deno.test("a sidecar that is not expected is refused", () => {
  const by = sealer({ id: "pod-7" });
  assert.equal(verdict(sealed({ by })), "unknown-key");
  assert.equal(verdict(sealed({ by }), { keyIds: ["pod-7"] }), "ok");
  assert.equal(verdict(sealed(), { keyIds: ["pod-7"] }), "unknown-key");
});

Deno.test("content that is given must be what was sealed", () => {
  const content = new TextEncoder().encode("amount=1");
  const other = new TextEncoder().encode("amount=9");
  const request = sealed({
    request: {
      ...REQUEST,
      method: "POST",
      contentDigest: contentDigest(content),
    },
  });
  assert.equal(verdict({ ...request, content }), "ok");
  assert.equal(verdict({ ...request, content: other }), "digest");
  assert.equal(verdict({ ...request, content: new Uint8Array(0) }), "digest");
  assert.equal(verdict(request), "ok");
  assert.equal(verdict(request, { required: ["content-digest"] }), "ok");
  const tampered = withHeader(
    request,
    "Content-Digest",
    () => contentDigest(other),
  );
  assert.equal(verdict({ ...tampered, content: other }), "bad-signature");
});

Deno.test("a digest that is not the seal's does not make up for one", () => {
  const content = new TextEncoder().encode("amount=9");
  const request = sealed();
  const digest: Line = ["Content-Digest", contentDigest(content)];
  const headers = [...request.headers, digest];
  assert.equal(verdict({ ...request, headers }), "ok");
  assert.equal(verdict({ ...request, headers, content }), "uncovered");
  assert.equal(verdict({ ...request, content }), "uncovered");
  const required = ["content-digest"];
  assert.equal(verdict({ ...request, headers }, { required }), "uncovered");
});

Deno.test("a verifier without a whole key is refused", () => {
  for (const keys of [[], [new Uint8Array(31)], [KEY, new Uint8Array(0)]]) {
    assert.throws(() => verifier({ keys }), TypeError);
    assert.throws(() => verifier().rotate(keys), TypeError);
  }
});

Deno.test("an application on https leaves out port 443, and not 80", () => {
  const signer = sealer({ scheme: "https" }).connection([]);
  const headers = sealOf(signer, { ...REQUEST, authority: "a:443" });
  const request = { ...REQUEST, authority: "a", headers };
  assert.equal(verdict(request, { scheme: "https" }), "ok");
  const plain = { ...request, authority: "a:80" };
  assert.equal(verdict(plain, { scheme: "https" }), "bad-signature");
});
