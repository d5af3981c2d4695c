import { contentDigest } from "../../../../src/identity/seal/content_digest.ts";
import {
  ReceivedHeaders,
  signatureBase,
} from "../../../../src/identity/seal/received_request.ts";
import { readSignatureInput } from "../../../../src/identity/seal/signature_fields.ts";
import {
  type SealedRequest,
  Sealer,
} from "../../../../src/identity/seal/signer.ts";
import { keysOf, type Line, sealOf } from "./support.ts";

/** The octets 00 to 1f. */
export const VECTOR_KEY = Uint8Array.from({ length: 32 }, (_, i) => i);

/** 2026-06-01T00:00:00Z, in milliseconds. */
export const VECTOR_MS = 1_780_272_000_000;

/** A sealed request of `docs/seal.md`. */
export interface Vector {
  readonly title: string;
  readonly request: SealedRequest;
  readonly headers: readonly Line[];
  readonly content?: string;
}

/** All of them, sealed by one sidecar, worker 1, in this order. */
export function vectors(): Vector[] {
  const sealer = new Sealer({
    keys: keysOf(VECTOR_KEY),
    id: "mtls-sidecar",
    worker: 1,
    now: () => VECTOR_MS,
  });
  const seal = (
    { title, identity, content, ...request }:
      & Omit<SealedRequest, "contentDigest">
      & {
        readonly title: string;
        readonly identity: readonly Line[];
        readonly content?: string;
      },
  ): Vector => {
    const sealed: SealedRequest = content === undefined ? request : {
      ...request,
      contentDigest: contentDigest(new TextEncoder().encode(content)),
    };
    const headers = [
      ...identity,
      ...sealOf(sealer.connection(identity), sealed),
    ];
    return { title, request, headers, ...content !== undefined && { content } };
  };
  return [
    seal({
      title: "Vector 1: a GET",
      method: "GET",
      authority: "App.Example:80",
      target: "/invoices/a%2Fb?page=2&sort=",
      identity: [
        ["X-Client-CN", "billing"],
        ["X-Client-Subject", "CN=billing,O=Acme\\, Inc.,C=DE"],
      ],
    }),
    seal({
      title: "Vector 2: a POST with its content, and no query",
      method: "POST",
      authority: "[2001:db8::1]:8080",
      target: "/pay",
      identity: [
        ["X-Forwarded-Client-Cert", 'Hash=5feceb66;Subject="CN=billing"'],
      ],
      content: '{"amount":1}',
    }),
    seal({
      title: "Vector 3: no identity header, and the target `*`",
      method: "OPTIONS",
      authority: "app.example",
      target: "*",
      identity: [],
    }),
  ];
}

/** A vector as `docs/seal.md` shows it. */
export function vectorText(
  { title, request, headers, content }: Vector,
): string {
  const received = new ReceivedHeaders(headers);
  const base = signatureBase({ ...request, headers }, received, {
    input: readSignatureInput(received.get("signature-input")!)!,
    scheme: "http",
  });
  if (typeof base === "string") throw new Error(base);
  return [
    `### ${title}`,
    "",
    "The request:",
    "",
    "```text",
    `${request.method} ${request.target} HTTP/1.1`,
    `Host: ${request.authority}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...content === undefined ? [] : ["", content],
    "```",
    "",
    "What the signature is made over, without a line feed at the end:",
    "",
    "```text",
    base.base,
    "```",
  ].join("\n");
}
