import { OctetWriter } from "../../src/http/octet_writer.ts";
import {
  writeDataHeader,
  writeHeaders,
  writeSettings,
} from "../../src/http2/frame_writer.ts";
import { PREFACE } from "../../src/http2/preface.ts";
import { blockOf } from "../support/http2_client.ts";
import { to } from "../support/http2_sidecar.ts";
import { octetsOf } from "../support/octet_reader.ts";
import { client, root } from "../support/sidecar.ts";

/** A client that asks for something and goes away without a word while it is under way. */
export type Vanishing = (port: number) => Promise<void>;

/** Streams in flight on each HTTP/2 connection that vanishes. */
const STREAMS = 8;

/** How long those wait that wait for something, in milliseconds. */
const PATIENCE_MS = 50;

/** Over HTTP/1.1: with a response under way, or in the midst of its own content. */
export const vanishHttp1: Vanishing = (port) =>
  vanish(
    port,
    "http/1.1",
    octetsOf(
      Math.random() < 0.5
        ? "GET /drip HTTP/1.1\r\nHost: a\r\n\r\n"
        : "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\nsome",
    ),
  );

/** Over HTTP/2: with streams in each of these states. */
export const vanishHttp2: Vanishing = (port) => {
  const out = new OctetWriter(1024);
  out.add(PREFACE);
  writeSettings(out, []);
  for (let stream = 0; stream < STREAMS; stream++) {
    const id = 2 * stream + 1;
    const isUpload = stream % 4 === 3;
    const fields = isUpload
      ? to("/upload", "POST")
      : to(stream % 2 === 0 ? "/drip" : "/bytes/1000000");
    writeHeaders(out, id, blockOf(fields), !isUpload, 16_384);
    if (!isUpload) continue;
    writeDataHeader(out, id, 1_000, false);
    out.add(new Uint8Array(500));
  }
  return vanish(port, "h2", out.octets);
};

async function vanish(
  port: number,
  protocol: string,
  octets: Uint8Array,
): Promise<void> {
  using connection = await Deno.connectTls({
    hostname: "127.0.0.1",
    port,
    caCerts: [root.certPem],
    cert: client.chainPem,
    key: client.keyPem,
    alpnProtocols: [protocol],
  });
  for (let sent = 0; sent < octets.length;) {
    sent += await connection.write(octets.subarray(sent));
  }
  // Some go before anything came, some in the midst of it.
  if (Math.random() < 0.3) return;
  const reading = connection.read(new Uint8Array(1_000)).catch(() => {});
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, PATIENCE_MS);
  await Promise.race([reading, late]);
  clearTimeout(timer);
}
