import assert from "node:assert/strict";
import { contentDigest } from "../../src/identity/seal/content_digest.ts";
import { fieldValues, get, post } from "../support/messages.ts";
import { type Received, Receiver } from "../support/receiver.ts";
import { client } from "../support/sidecar.ts";
import { judge, sealScene, verifier } from "./seal_scene.ts";

/** A sealed request as the application received it. */
async function sealed(request: string): Promise<Received> {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver, { SEAL_BODY: "true" });
  const connection = await scene.connect(client);
  await connection.send(request);
  await connection.response();
  return receiver.only;
}

function withHeader(request: Received, name: string, value: string): Received {
  const line = `${name}: ${value}\r\n`;
  return {
    ...request,
    head: request.head + line,
    headers: [...request.headers, [name, value]],
  };
}

function without(request: Received, name: string): Received {
  const isOther = ([other]: readonly [string, string]) =>
    other.toLowerCase() !== name;
  return { ...request, headers: request.headers.filter(isOther) };
}

function changed(
  request: Received,
  name: string,
  change: (value: string) => string,
): Received {
  const headers = request.headers.map(([other, value]) =>
    [other, other.toLowerCase() === name ? change(value) : value] as const
  );
  return { ...request, headers };
}

Deno.test("what is changed behind the sidecar is refused", async () => {
  const request = await sealed(post("content"));
  const { head } = request;
  for (
    const [what, tampered, verdict] of [
      ["method", { ...request, method: "PUT" }, "bad-signature"],
      ["path", { ...request, target: "/admin" }, "bad-signature"],
      ["query", { ...request, target: "/?admin" }, "bad-signature"],
      [
        "host",
        { ...request, head: head.replace("Host: ", "Host: x") },
        "bad-signature",
      ],
      [
        "common name",
        changed(request, "x-client-cn", () => "admin"),
        "bad-signature",
      ],
      ["no common name", without(request, "x-client-cn"), "bad-signature"],
      [
        "two common names",
        withHeader(request, "X-Client-CN", "admin"),
        "malformed",
      ],
      [
        "another header",
        withHeader(request, "X-Client-Id", "admin"),
        "uncovered",
      ],
      [
        "an underscore",
        withHeader(request, "X_Client_CN", "admin"),
        "uncovered",
      ],
      [
        "another format",
        withHeader(request, "Client-Cert", ":AA==:"),
        "uncovered",
      ],
      ["content", { ...request, content: "Content" }, "digest"],
      ["less content", { ...request, content: "conten" }, "digest"],
      [
        "digest",
        changed(
          request,
          "content-digest",
          (value) => value.replace(/=:./, "=:_"),
        ),
        "bad-signature",
      ],
      [
        "nonce",
        changed(
          request,
          "signature-input",
          (value) =>
            value.replace(/nonce="(\d+)/, (_, n) => `nonce="${BigInt(n) + 1n}`),
        ),
        "bad-signature",
      ],
      [
        "created",
        changed(
          request,
          "signature-input",
          (value) =>
            value.replace(
              /created=(\d+)/,
              (_, n) => `created=${Number(n) - 1}`,
            ),
        ),
        "bad-signature",
      ],
      [
        "coverage",
        changed(
          request,
          "signature-input",
          (value) => value.replace('"x-client-cn" ', ""),
        ),
        "bad-signature",
      ],
      ["no signature", without(request, "signature"), "missing"],
      ["no input", without(request, "signature-input"), "missing"],
      [
        "a second signature",
        withHeader(request, "Signature", "seal=:AAAA:"),
        "malformed",
      ],
    ] as const
  ) {
    const by = verifier();
    assert.equal(judge(by, tampered, { content: true }), verdict, what);
    // And it has not used the number up.
    assert.equal(judge(by, request, { content: true }), "ok", what);
  }
});

Deno.test("a seal is good for the time that the clocks may differ", async () => {
  const request = await sealed(get());
  const at = (seconds: number) =>
    verifier({ now: () => Date.now() + 1000 * seconds });
  assert.equal(judge(at(0), request), "ok");
  assert.equal(judge(at(25), request), "ok");
  assert.equal(judge(at(-25), request), "ok");
  assert.equal(judge(at(40), request), "too-old");
  assert.equal(judge(at(-40), request), "too-new");
});

const FORGED = 'seal=("@method");created=1;nonce="1";keyid="mtls-sidecar";' +
  'alg="hmac-sha256";tag="mtls-sidecar"';
const DIGEST = `sha-256=:${"A".repeat(43)}=:`;

for (
  const [name, fields] of [
    [
      "a seal of its own",
      `Signature-Input: ${FORGED}\r\nSignature: seal=:AAAA:\r\n`,
    ],
    [
      "a seal before and after",
      `Signature: seal=:AAAA:\r\nX-A: b\r\nSignature: seal=:BBBB:\r\n`,
    ],
    [
      "a signature under another label",
      'Signature-Input: sig=("@method")\r\nSignature: sig=:AAAA:\r\n',
    ],
    [
      "a string that does not end",
      'Signature-Input: a="\r\nSignature: b="\r\n',
    ],
    [
      "a digest of its own",
      `Content-Digest: ${DIGEST}\r\nContent-Digest: md5=:AA==:\r\n`,
    ],
    [
      "these names with underscores",
      `Signature_Input: ${FORGED}\r\nsignature.input: a\r\nContent_Digest: ${DIGEST}\r\n`,
    ],
    [
      "these names in Connection",
      "Connection: Signature, Signature-Input, Content-Digest, X-Client-CN\r\n",
    ],
    ["a very long one", `Signature: ${"a".repeat(20_000)}\r\n`],
  ] as const
) {
  Deno.test(`a client that sends ${name} does not confuse the seal`, async () => {
    const request = await sealed(get("/", fields));
    for (const field of ["signature", "signature-input", "content-digest"]) {
      assert.equal(fieldValues(request.head, field).length, 1, field);
    }
    assert.doesNotMatch(request.head, /signature[_.]|content_/i);
    assert.equal(judge(verifier(), request, { content: true }), "ok");
  });
}

Deno.test("without SEAL_BODY a client's Content-Digest is passed on, and never passes for the seal's", async () => {
  const receiver = new Receiver();
  await using scene = await sealScene(receiver);
  const connection = await scene.connect(client);
  const digest = contentDigest(new TextEncoder().encode("content"));
  await connection.send(post("content", `Content-Digest: ${digest}\r\n`));
  await connection.response();
  assert.deepEqual(fieldValues(receiver.only.head, "content-digest"), [digest]);
  assert.equal(
    judge(verifier(), receiver.only, { content: true }),
    "uncovered",
  );
  assert.equal(judge(verifier(), receiver.only), "ok");
});
