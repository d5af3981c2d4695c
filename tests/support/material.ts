import { loadMaterial } from "../../src/material/directory.ts";
import type { TlsMaterial } from "../../src/material/tls_material.ts";
import type { Issued } from "./pki.ts";

/** Material as the sidecar loads it, of a server's certificate and the CAs that it trusts, without a disk. */
export function materialOf(
  { server, authorities }: {
    server: Pick<Issued, "chainPem" | "keyPem">;
    authorities: readonly Pick<Issued, "certPem">[];
  },
): Promise<TlsMaterial> {
  const files: Readonly<Record<string, string>> = {
    "/certs/tls.crt": server.chainPem,
    "/certs/tls.key": server.keyPem,
    "/ca/ca.crt": authorities.map(({ certPem }) => certPem).join(""),
  };
  return loadMaterial({
    certDir: "/certs",
    caDir: "/ca",
    caFromCertDir: false,
    now: Date.now(),
    fs: {
      list: (directory) =>
        Promise.resolve(
          directory === "/ca" ? ["ca.crt"] : ["tls.crt", "tls.key"],
        ),
      read: (path) =>
        Promise.resolve(new TextEncoder().encode(files[path] ?? "")),
    },
  });
}
