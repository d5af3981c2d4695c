import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import type { Presented } from "./admission.ts";

/** Longer chains than this are cut short: no path is that long. */
const MAX_PRESENTED = 16;

/** What a finished handshake, full or resumed, says of the client. */
export function presentedBy(socket: TLSSocket): Presented {
  return {
    authorized: socket.authorized,
    leaf: rawLeaf(socket),
    intermediates: () => rawIntermediates(socket),
  };
}

function rawLeaf(socket: TLSSocket): Uint8Array | undefined {
  try {
    return socket.getPeerCertificate(false).raw;
  } catch {
    // The runtime could not parse it; neither shall we.
    return undefined;
  }
}

/** What came with the leaf, each once. Empty where the runtime throws on junk in it. */
function rawIntermediates(socket: TLSSocket): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  try {
    let certificate: DetailedPeerCertificate | undefined = socket
      .getPeerCertificate(true).issuerCertificate;
    const seen = new Set<DetailedPeerCertificate>();
    while (
      certificate?.raw && !seen.has(certificate) && seen.size < MAX_PRESENTED
    ) {
      seen.add(certificate);
      found.push(certificate.raw);
      certificate = certificate.issuerCertificate;
    }
  } catch {
    return [];
  }
  return found;
}
