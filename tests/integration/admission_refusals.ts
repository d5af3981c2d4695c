import { nullValue } from "../support/der_writer.ts";
import { createAuthority, type Issued, PURPOSE } from "../support/pki.ts";
import { extension, generalName } from "../support/pki_extensions.ts";
import { root } from "../support/sidecar.ts";

const MINUTE = 60_000;

const other = createAuthority({ commonName: "Another Root" });
const namesake = createAuthority({ commonName: "Test Root" });
const noCertSign = root.issueAuthority({ keyUsage: ["cRLSign"] });
const short = root.issueAuthority({ commonName: "Short", pathLength: 0 });
const constrained = root.issueAuthority({
  nameConstraints: { permitted: [generalName("dns", "example.org")] },
});
const expiredMiddle = root.issueAuthority({ notAfter: Date.now() - MINUTE });
const middle = root.issueAuthority({ commonName: "Middle" });
const leaf = middle.issue();
const selfSigned = createAuthority({ ca: false, keyUsage: [] });

const UNKNOWN_CRITICAL = extension("1.3.6.1.4.1.99999.1", nullValue(), {
  critical: true,
});

const strangers = Array.from(
  { length: 16 },
  (_, number) => createAuthority({ commonName: `Stranger ${number}` }),
);
function pemOf({ certPem }: Issued): string {
  return certPem;
}

/** Clients whom nobody may take for verified, by what they are, with the code that says so. */
export const REFUSED: readonly [
  name: string,
  identity: Issued | undefined,
  code: string,
][] = [
  ["without a certificate", undefined, "LEAF_MISSING"],
  ["of another CA", other.issue(), "PATH_NOT_FOUND"],
  ["of a CA with a trusted CA's name", namesake.issue(), "PATH_NOT_FOUND"],
  ["that signed its own certificate", selfSigned, "PATH_NOT_FOUND"],
  [
    "whose certificate has expired",
    root.issue({ notAfter: Date.now() - MINUTE }),
    "LEAF_EXPIRED",
  ],
  [
    "whose certificate is not valid yet",
    root.issue({ notBefore: Date.now() + 10 * MINUTE }),
    "LEAF_NOT_YET_VALID",
  ],
  [
    "with a server's certificate",
    root.issue({ eku: [PURPOSE.serverAuth] }),
    "LEAF_KEY_USAGE",
  ],
  [
    "with a certificate of version 1",
    root.issue({ version: 1 }),
    "LEAF_VERSION",
  ],
  ["with a CA of the bundle", root, "LEAF_IS_CA"],
  ["with an intermediate CA's certificate", middle, "LEAF_IS_CA"],
  [
    "that leaves its intermediate out",
    { ...leaf, chainPem: leaf.certPem },
    "PATH_NOT_FOUND",
  ],
  [
    "of an intermediate without keyCertSign",
    noCertSign.issue(),
    "PATH_REFUSED",
  ],
  [
    "under one intermediate too many",
    short.issueAuthority({ commonName: "Below" }).issue(),
    "PATH_REFUSED",
  ],
  [
    "that its intermediate's name constraints exclude",
    constrained.issue({ dnsNames: ["example.com"] }),
    "PATH_REFUSED",
  ],
  [
    "that sends 16 strangers' certificates before its intermediate",
    { ...leaf, chainPem: [leaf, ...strangers, middle].map(pemOf).join("") },
    "PATH_NOT_FOUND",
  ],
  [
    "of an intermediate that has expired",
    expiredMiddle.issue(),
    "PATH_REFUSED",
  ],
];

/** With certificates that the runtime's own client does not take. */
export const REFUSED_OF_OPENSSL: readonly [
  name: string,
  identity: Issued,
  code: string,
][] = [
  [
    "with an unknown critical extension",
    root.issue({ extraExtensions: [UNKNOWN_CRITICAL] }),
    "HANDSHAKE_FAILED",
  ],
  [
    "of an intermediate with an unknown critical extension",
    root.issueAuthority({ extraExtensions: [UNKNOWN_CRITICAL] }).issue(),
    "PATH_REFUSED",
  ],
];
