const LINE_LENGTH = 64;

/**
 * Certificates as PEM (RFC 7468 §5.1), one after the other, percent-encoded as
 * a component of a URI (RFC 3986 §2.1): what nginx's `$ssl_client_escaped_cert`
 * and the `Cert` and `Chain` of Envoy hold.
 */
export function escapedPem(certificates: readonly Uint8Array[]): string {
  return encodeURIComponent(certificates.map(pem).join(""));
}

function pem(der: Uint8Array): string {
  const base64 = der.toBase64();
  let lines = "";
  for (let i = 0; i < base64.length; i += LINE_LENGTH) {
    lines += `${base64.slice(i, i + LINE_LENGTH)}\n`;
  }
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}
