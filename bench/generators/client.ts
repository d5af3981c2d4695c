import { Buffer } from "node:buffer";
import { connect, type TLSSocket } from "node:tls";
import type { DemoPki } from "../../src/commands/demo_pki.ts";

const REQUEST = Buffer.from(
  "GET /bytes/100 HTTP/1.1\r\nHost: localhost\r\n\r\n",
);

/** A client's certificate, read once. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Reads what a client of `pki` connects with. */
export async function clientCredentials(pki: DemoPki): Promise<Credentials> {
  const [cert, key, ca] = await Promise.all(
    [pki.client.certificate, pki.client.key, pki.caBundle].map((path) =>
      Deno.readTextFile(path)
    ),
  );
  return { cert: cert ?? "", key: key ?? "", ca: ca ?? "" };
}

/**
 * Connects, asks for 100 octets and returns the connection, which stays open,
 * once the answer has come. Rejects where there is none.
 */
export async function openConnection(
  port: number,
  { cert, key, ca }: Credentials,
): Promise<Deno.TlsConn> {
  const connection = await Deno.connectTls({
    hostname: "127.0.0.1",
    port,
    cert,
    key,
    caCerts: [ca],
    alpnProtocols: ["http/1.1"],
  });
  try {
    await connection.write(REQUEST);
    const answer = new Uint8Array(2_048);
    const count = await connection.read(answer) ?? 0;
    const line = new TextDecoder().decode(answer.subarray(9, 12));
    if (count < 12 || line !== "200") throw new Error(`No answer: ${line}`);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Connects, asks for 100 octets and closes the connection once they have come.
 * Rejects where they do not. Nothing is held back meanwhile: after
 * `Deno.connectTls`, whose connections keep to Nagle's algorithm, the request
 * would wait 40 ms for an acknowledgement.
 */
export function askOnce(
  port: number,
  { cert, key, ca }: Credentials,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, cert, key, ca });
    socket.write(REQUEST);
    socket.on("data", (answer: Buffer) => {
      const line = answer.toString("latin1", 9, 12);
      if (line === "200") resolve();
      else reject(new Error(`No answer: ${line}`));
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("No answer")));
  });
}

/** Makes a full handshake and returns the SHA-256 fingerprint of the server's certificate. */
export function serverFingerprint(
  port: number,
  { cert, key }: Credentials,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({
      host: "127.0.0.1",
      port,
      cert,
      key,
      // Whose it is, is what is asked.
      rejectUnauthorized: false,
    }, () => {
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      resolve(fingerprint256);
    });
    socket.on("error", reject);
  });
}
