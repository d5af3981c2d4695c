/**
 * The proxy that one would write first: `node:https` in front, `fetch` behind.
 * It is here to be measured against, with the settings of the sidecar that
 * matter for that (TLS_LISTEN_PORT, UPSTREAM_URL, CERT_DIR, CA_DIR). What
 * `fetch` cannot carry (trailers, Upgrade, interim responses, the path exactly
 * as it came, a body left compressed) is missing.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Socket } from "node:net";
import { join } from "node:path";

/** RFC 9110 §7.6.1. */
const HOP_BY_HOP = new Set([
  "connection",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** `fetch` has decoded the body: these no longer describe it. */
const OF_THE_CODED_BODY = new Set(["content-encoding", "content-length"]);

const upstream = setting("UPSTREAM_URL");
const client = Deno.createHttpClient({ poolMaxIdlePerHost: 256, http2: false });
const server = createServer({
  cert: Deno.readTextFileSync(join(setting("CERT_DIR"), "tls.crt")),
  key: Deno.readTextFileSync(join(setting("CERT_DIR"), "tls.key")),
  ca: Deno.readTextFileSync(join(setting("CA_DIR"), "ca-bundle.pem")),
  requestCert: true,
  rejectUnauthorized: true,
}, (request, response) => {
  forward(request, response).catch((error) => {
    console.error(error);
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  });
});
/** Read once a connection: it costs as much as a request. */
const identities = new WeakMap<
  Socket,
  { commonName: string; subject: string }
>();
server.on("secureConnection", (socket) => {
  const { subject } = socket.getPeerCertificate();
  identities.set(socket, {
    commonName: String(subject.CN ?? ""),
    subject: Object.entries(subject).map(([type, value]) => `${type}=${value}`)
      .join(","),
  });
});
server.listen(Number(setting("TLS_LISTEN_PORT")), "127.0.0.1");

async function forward(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const hasBody = "content-length" in request.headers ||
    "transfer-encoding" in request.headers;
  const answer = await fetch(upstream + request.url, {
    method: request.method ?? "GET",
    headers: requestHeaders(request),
    body: hasBody ? ReadableStream.from<Uint8Array>(request) : null,
    redirect: "manual",
    client,
  });
  const coded = answer.headers.has("content-encoding");
  response.writeHead(
    answer.status,
    [...answer.headers].filter(([name]) =>
      !HOP_BY_HOP.has(name) && !(coded && OF_THE_CODED_BODY.has(name))
    ),
  );
  for await (const chunk of answer.body ?? []) {
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

/** By hand: stream.pipeline() makes a small answer a quarter dearer. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      response.off("drain", settle).off("close", settle);
      if (response.destroyed) reject(new Error("The client went away"));
      else resolve();
    };
    response.on("drain", settle).on("close", settle);
  });
}

function requestHeaders(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const name = (request.rawHeaders[at] ?? "").toLowerCase();
    if (HOP_BY_HOP.has(name) || /^x-(client|forwarded)-/.test(name)) continue;
    headers.append(name, request.rawHeaders[at + 1] ?? "");
  }
  const identity = identities.get(request.socket);
  if (identity) {
    headers.set("x-client-cn", identity.commonName);
    headers.set("x-client-subject", identity.subject);
  }
  headers.set("x-forwarded-for", request.socket.remoteAddress ?? "");
  headers.set("x-forwarded-proto", "https");
  headers.set("x-forwarded-host", request.headers.host ?? "");
  return headers;
}

function setting(name: string): string {
  const value = Deno.env.get(name);
  if (value === undefined) {
    throw new Error(`Cannot read ${name}: it is not set`);
  }
  return value;
}
