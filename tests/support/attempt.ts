import type { Buffer } from "node:buffer";
import tls, { type SecureVersion } from "node:tls";
import type { Issued } from "./pki.ts";

export interface AttemptOptions {
  readonly port: number;
  /** Without one no certificate is presented. */
  readonly identity?: Pick<Issued, "chainPem" | "keyPem"> | undefined;
  /** The one version that is offered; both where it is left out. */
  readonly version?: SecureVersion;
  readonly alpn?: readonly string[];
}

/** What came of a connection and of a request on it. */
export interface Attempt {
  /** Undefined where the client saw the handshake fail. With TLS 1.3 it seldom does. */
  readonly protocol: string | undefined;
  /** The protocol that was agreed on by ALPN. */
  readonly alpn: string | undefined;
  /** All that the server sent. */
  readonly answer: string;
}

/**
 * Shakes hands, asks for `/`, and waits for the server to close. Whoever the
 * server is, the client takes it: this is about what the server thinks of us.
 */
export function attempt(
  { port, identity, version, alpn }: AttemptOptions,
): Promise<Attempt> {
  const socket = tls.connect({
    host: "127.0.0.1",
    port,
    servername: "localhost",
    rejectUnauthorized: false,
    ...(identity && { cert: identity.chainPem, key: identity.keyPem }),
    ...(version && { minVersion: version, maxVersion: version }),
    ...(alpn && { ALPNProtocols: [...alpn] }),
  });
  let protocol: string | undefined;
  let agreed: string | undefined;
  let answer = "";
  socket.on("secureConnect", () => {
    protocol = socket.getProtocol() ?? undefined;
    agreed = socket.alpnProtocol || undefined;
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  });
  socket.on("data", (octets: Buffer) => answer += octets.toString("latin1"));
  // How it failed is for the server's log to tell.
  socket.on("error", () => {});
  return new Promise((resolve) => {
    socket.on("close", () => resolve({ protocol, alpn: agreed, answer }));
  });
}
