import { clientIdentity } from "../../../../src/identity/client_identity.ts";
import type { HeaderFacts } from "../../../../src/identity/headers/header_facts.ts";
import { parseCertificate } from "../../../../src/x509/certificate.ts";
import { createAuthority } from "../../../support/pki.ts";

export const authority = createAuthority({ commonName: "R" });

/** The facts about a client with this certificate. */
export function factsOf(
  leaf: Uint8Array,
  rest: Partial<Omit<HeaderFacts, "identity" | "leaf">> = {},
): HeaderFacts {
  const identity = clientIdentity(parseCertificate(leaf));
  return { identity, leaf, chain: [], ...rest };
}

/**
 * The certificates of RFC 9440 appendix A: client, intermediate, root. By
 * openssl the client's is CN=BC of CN=LA Intermediate CA,O=Let's Authenticate,
 * serial 07, from 1579042533 to 1611442533, with the mailbox bdc@example.com.
 */
export const RFC_9440 = {
  client:
    "MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50" +
    "aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0y" +
    "MTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" +
    "8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJi" +
    "Ny6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0Z" +
    "aSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMw" +
    "EYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6Y" +
    "K0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=",
  intermediate:
    "MIIB5jCCAYugAwIBAgIBFjAKBggqhkjOPQQDAjBWMQswCQYDVQQGEwJVUzEbMBkGA1UECgwS" +
    "TGV0J3MgQXV0aGVudGljYXRlMSowKAYDVQQDDCFMZXQncyBBdXRoZW50aWNhdGUgUm9vdCBB" +
    "dXRob3JpdHkwHhcNMjAwMTE0MjEzMjMwWhcNMzAwMTExMjEzMjMwWjA6MRswGQYDVQQKDBJM" +
    "ZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTBZMBMGByqG" +
    "SM49AgEGCCqGSM49AwEHA0IABJf+aA54RC5pyLAR5yfXVYmNpgd+CGUTDp2KOGhc0gK91zxh" +
    "HesEYkdXkpS2UN8Kati+yHtWCV3kkhCngGyv7RqjZjBkMB0GA1UdDgQWBBRm3WjLa38lbEYC" +
    "uiCPct0ZaSED2DAfBgNVHSMEGDAWgBTEA2Q6eecKu9g9yb5glbkhhVINGDASBgNVHRMBAf8E" +
    "CDAGAQH/AgEAMA4GA1UdDwEB/wQEAwIBhjAKBggqhkjOPQQDAgNJADBGAiEA5pLvaFwRRkxo" +
    "mIAtDIwg9D7gC1xzxBl4r28EzmSO1pcCIQCJUShpSXO9HDIQMUgH69fNDEMHXD3RRX5gP7ku" +
    "u2KGMg==",
  root:
    "MIICBjCCAaygAwIBAgIJAKS0yiqKtlhoMAoGCCqGSM49BAMCMFYxCzAJBgNVBAYTAlVTMRsw" +
    "GQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxKjAoBgNVBAMMIUxldCdzIEF1dGhlbnRpY2F0" +
    "ZSBSb290IEF1dGhvcml0eTAeFw0yMDAxMTQyMTI1NDVaFw00MDAxMDkyMTI1NDVaMFYxCzAJ" +
    "BgNVBAYTAlVTMRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxKjAoBgNVBAMMIUxldCdz" +
    "IEF1dGhlbnRpY2F0ZSBSb290IEF1dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA" +
    "BFoaHU+Z5bPKmGzlYXtCf+E6HYj62fORaHDOrt+yyh3H/rTcs7ynFfGn+gyFsrSP3Ez88raj" +
    "v+U2NfD0o0uZ4PmjYzBhMB0GA1UdDgQWBBTEA2Q6eecKu9g9yb5glbkhhVINGDAfBgNVHSME" +
    "GDAWgBTEA2Q6eecKu9g9yb5glbkhhVINGDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQE" +
    "AwIBhjAKBggqhkjOPQQDAgNIADBFAiEAmAeg1ycKHriqHnaD4M/UDBpQRpkmdcRFYGMg1Qyr" +
    "kx4CIB4ivz3wQcQkGhcsUZ1SOImd/lq1Q0FLf09rGfLQPWDc",
} as const;

/** The client of RFC 9440, with its intermediate. */
export const exampleFacts = factsOf(Uint8Array.fromBase64(RFC_9440.client), {
  chain: [Uint8Array.fromBase64(RFC_9440.intermediate)],
});

/** Its certificate as openssl writes it in PEM, percent-encoded by Python's urllib. */
export const EXAMPLE_ESCAPED_PEM = "-----BEGIN%20CERTIFICATE-----%0A" +
  "MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBB%0A" +
  "dXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAx%0A" +
  "MTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZI%0A" +
  "zj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU%2FIncWalRhebrXmckC8vdgJ1p%0A" +
  "5Be5F%2F3YC8OthxM4%2Bk1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIw%0A" +
  "ADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMC%0A" +
  "BsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH%2FBBMwEYEPYmRjQGV4YW1w%0A" +
  "bGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda%2Fr1vaL6G3VliL4%2FDi6YK0Q6bMje%0A" +
  "SkC3dFCOOB8TAiEAx%2FkHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk%3D%0A" +
  "-----END%20CERTIFICATE-----%0A";
