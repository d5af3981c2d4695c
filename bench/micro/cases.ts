import { Input } from "../../src/http/input.ts";
import { OctetWriter } from "../../src/http/octet_writer.ts";
import { RequestHead } from "../../src/http/request_head.ts";
import { ResponseHead } from "../../src/http/response_head.ts";
import {
  type HeaderFormat,
  headerLines,
  identityHeaders,
} from "../../src/identity/headers/identity_headers.ts";
import { SealKeys } from "../../src/identity/seal/seal_keys.ts";
import { Sealer } from "../../src/identity/seal/signer.ts";
import { RequestHeadWriter } from "../../src/proxy/request_head_writer.ts";
import { ResponseHeadWriter } from "../../src/proxy/response_head_writer.ts";
import { exampleFacts } from "../../tests/unit/identity/headers/facts.ts";

/** Something that runs with every request or connection, to be timed by itself. */
export interface Case {
  readonly name: string;
  /** Does it once. */
  readonly act: () => void;
}

const FORMATS: readonly HeaderFormat[] = [
  "x-client",
  "xfcc",
  "rfc9440",
  "traefik",
  "nginx",
];

const encoder = new TextEncoder();

/** What a browser or a client library sends. */
const REQUEST = encoder.encode(
  "POST /api/v1/invoices/1234?page=2&size=50 HTTP/1.1\r\n" +
    "Host: billing.acme.example:8443\r\n" +
    "User-Agent: acme-client/4.2 (linux; x86_64)\r\n" +
    "Accept: application/json, text/plain;q=0.9, */*;q=0.1\r\n" +
    "Accept-Encoding: gzip, br, zstd\r\nContent-Type: application/json\r\n" +
    "Content-Length: 345\r\nTraceparent: 00-4bf92f3577b34da6-00f067aa-01\r\n" +
    "Cookie: session=0123456789abcdef; theme=dark\r\nConnection: keep-alive\r\n\r\n",
);

const RESPONSE = encoder.encode(
  "HTTP/1.1 200 OK\r\nServer: acme\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\n" +
    "Content-Type: application/json; charset=utf-8\r\nContent-Length: 1234\r\n" +
    'ETag: "5f3a-1234"\r\nCache-Control: private, max-age=0\r\n' +
    "Vary: Accept-Encoding\r\nConnection: keep-alive\r\n\r\n",
);

const LINES = encoder.encode(
  "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n" +
    "X-Client-CN: alice\r\nX-Client-Subject: CN=alice\r\n",
);

/** All cases: heads, identity in every format, seal. */
export async function allCases(): Promise<Case[]> {
  return [...await headCases(), ...identityCases(), sealCase()];
}

async function headCases(): Promise<Case[]> {
  const requestInput = await arrived(REQUEST);
  const request = new RequestHead();
  const parseRequest = () => {
    requestInput.start = 0;
    request.reset();
    if (!request.parse(requestInput)) throw new Error("the head is not whole");
  };
  const responseInput = await arrived(RESPONSE);
  const response = new ResponseHead();
  const parseResponse = () => {
    responseInput.start = 0;
    response.reset();
    if (!response.parse(responseInput, "POST")) {
      throw new Error("the head is not whole");
    }
  };
  parseRequest();
  parseResponse();
  const out = new OctetWriter(4_096);
  const requests = new RequestHeadWriter({
    authority: "127.0.0.1:8080",
    preserveHost: false,
    via: true,
    keepAlive: true,
    seal: "none",
  });
  const additions = {
    lines: LINES,
    seal: undefined,
    contentDigest: undefined,
    continued: false,
    own: "",
  };
  const responses = new ResponseHeadWriter(() => 0);
  const unsaid = { chunked: false, connection: "unsaid" } as const;
  return [
    { name: "parse a request's head", act: parseRequest },
    { name: "parse a response's head", act: parseResponse },
    {
      name: "rewrite a request's head",
      act() {
        out.clear();
        requests.write(out, request, additions);
      },
    },
    {
      name: "rewrite a response's head",
      act() {
        out.clear();
        responses.write(out, response, unsaid);
      },
    },
  ];
}

function identityCases(): Case[] {
  return FORMATS.map((format) => {
    const options = {
      basic: false,
      formats: [format],
      xfccDetails: ["subject", "uri", "dns", "cert", "chain"] as const,
      maxOctets: 65_536,
    };
    return {
      name: `identity as ${format}`,
      act() {
        headerLines(identityHeaders(exampleFacts, options));
      },
    };
  });
}

function sealCase(): Case {
  const sealer = new Sealer({
    keys: SealKeys.parse("42".repeat(32)),
    id: "mtls-sidecar",
    worker: 0,
    now: Date.now,
  });
  const seal = sealer.connection([
    ["X-Client-CN", "billing.acme.example"],
    ["X-Client-Subject", "CN=billing.acme.example,O=Acme,C=DE"],
  ]);
  const request = {
    method: "GET",
    authority: "billing.acme.example:8443",
    target: "/api/v1/invoices/1234?page=2&size=50",
    contentDigest: undefined,
  };
  return {
    name: "seal a request",
    act() {
      seal.lines(request);
    },
  };
}

async function arrived(octets: Uint8Array): Promise<Input> {
  const input = new Input({ read: () => Promise.resolve(octets) });
  await input.more();
  return input;
}
