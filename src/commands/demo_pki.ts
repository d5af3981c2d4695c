import { dirname, join } from "node:path";

/** A certificate and its private key, as paths of PEM files. */
export interface CredentialFiles {
  readonly certificate: string;
  /** PKCS#8, mode 0600. */
  readonly key: string;
}

/** Where the files of a throw-away PKI are. */
export interface DemoPki {
  /** The sidecar's `CERT_DIR`: `tls.crt` and `tls.key`. */
  readonly certDir: string;
  /** The sidecar's `CA_DIR`: `ca-bundle.pem`. */
  readonly caDir: string;
  /** The CA that the sidecar trusts and that issued the sidecar's own certificate. */
  readonly caBundle: string;
  readonly server: CredentialFiles;
  /** A client that the sidecar lets in. */
  readonly client: CredentialFiles;
  /** A client whose CA the sidecar does not know. */
  readonly stranger: CredentialFiles;
}

/** The common name in the certificate of {@linkcode DemoPki.client}. */
export const CLIENT_CN = "demo-client";

const KEY_ALGORITHM = {
  name: "ECDSA",
  namedCurve: "P-256",
  hash: "SHA-256",
} as const;
const LIFETIME_MS = 24 * 3600_000;
/** Containers and their hosts may disagree about the time by a little. */
const CLOCK_SKEW_MS = 60_000;

/**
 * Makes a PKI for trying things out and writes it below `directory`: a trusted
 * CA with a server and a client certificate, and a CA of somebody else with a
 * client certificate. All P-256, valid for a day around `now`. The server
 * certificate names `localhost`, 127.0.0.1 and ::1. The private keys of the two
 * CAs are never written.
 *
 * @throws {Deno.errors.AlreadyExists} If `directory` already holds a PKI.
 */
export async function writeDemoPki(
  directory: string,
  options: { now: Date },
): Promise<DemoPki> {
  const issue = await createIssuer(options.now);
  const trusted = await issue.authority("Demo CA");
  const foreign = await issue.authority("Somebody else's CA");
  const pki: DemoPki = {
    certDir: join(directory, "certs"),
    caDir: join(directory, "ca"),
    caBundle: join(directory, "ca", "ca-bundle.pem"),
    server: credentialFiles(directory, "certs"),
    client: credentialFiles(directory, "client"),
    stranger: credentialFiles(directory, "stranger"),
  };
  await Deno.mkdir(pki.caDir);
  await Deno.writeTextFile(pki.caBundle, trusted.pem);
  await store(pki.server, await trusted.leaf("localhost", "server"));
  await store(pki.client, await trusted.leaf(CLIENT_CN, "client"));
  await store(pki.stranger, await foreign.leaf("stranger", "client"));
  return pki;
}

/** A certificate and its private key, both PEM. */
interface Credential {
  readonly certificate: string;
  readonly key: string;
}

interface Authority {
  readonly pem: string;
  leaf(commonName: string, role: "server" | "client"): Promise<Credential>;
}

async function createIssuer(
  now: Date,
): Promise<{ authority(commonName: string): Promise<Authority> }> {
  // Loaded here: @peculiar/x509 costs a tenth of a second and some megabytes
  // that `serve` has no use for. Its container refuses to load without
  // Reflect.getMetadata.
  await import("npm:reflect-metadata@0.2.2");
  const x509 = await import("@peculiar/x509");
  const { keyCertSign, cRLSign, digitalSignature } = x509.KeyUsageFlags;
  const validity = {
    notBefore: new Date(now.getTime() - CLOCK_SKEW_MS),
    notAfter: new Date(now.getTime() + LIFETIME_MS),
    signingAlgorithm: KEY_ALGORITHM,
  };

  async function authority(commonName: string): Promise<Authority> {
    const keys = await generateKeys();
    const issuer = [{ CN: [commonName] }];
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      ...validity,
      name: issuer,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });

    async function leaf(
      commonName: string,
      role: "server" | "client",
    ): Promise<Credential> {
      const leafKeys = await generateKeys();
      const roleExtensions = role === "server"
        ? [
          new x509.ExtendedKeyUsageExtension([
            x509.ExtendedKeyUsage.serverAuth,
          ]),
          new x509.SubjectAlternativeNameExtension([
            { type: "dns", value: "localhost" },
            { type: "ip", value: "127.0.0.1" },
            { type: "ip", value: "::1" },
          ]),
        ]
        : [
          new x509.ExtendedKeyUsageExtension([
            x509.ExtendedKeyUsage.clientAuth,
          ]),
        ];
      const certificate = await x509.X509CertificateGenerator.create({
        ...validity,
        subject: [{ CN: [commonName] }],
        issuer,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(digitalSignature, true),
          await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
          ...roleExtensions,
        ],
      });
      const pkcs8 = await crypto.subtle.exportKey("pkcs8", leafKeys.privateKey);
      return {
        certificate: certificate.toString("pem") + "\n",
        key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY") + "\n",
      };
    }

    return { pem: root.toString("pem") + "\n", leaf };
  }

  return { authority };
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
}

function credentialFiles(directory: string, name: string): CredentialFiles {
  return {
    certificate: join(directory, name, "tls.crt"),
    key: join(directory, name, "tls.key"),
  };
}

async function store(
  files: CredentialFiles,
  credential: Credential,
): Promise<void> {
  await Deno.mkdir(dirname(files.key));
  await Deno.writeTextFile(files.certificate, credential.certificate);
  await Deno.writeTextFile(files.key, credential.key, {
    createNew: true,
    mode: 0o600,
  });
}
