import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import {
  type Authority,
  createAuthority,
  type Issued,
} from "../../support/pki.ts";

// A test PKI that only our own code accepts would prove nothing.

const ALGORITHMS = ["P-256", "P-384", "P-521", "RSA-2048", "Ed25519"] as const;

function makeChain(
  keyAlgorithm: typeof ALGORITHMS[number],
): [Authority, Authority, Issued] {
  const root = createAuthority({ keyAlgorithm });
  const intermediate = root.issueAuthority({ keyAlgorithm, pathLength: 0 });
  const options = {
    dnsNames: ["localhost"],
    ips: ["127.0.0.1"],
    uris: ["spiffe://a/b"],
  };
  return [root, intermediate, intermediate.issue({ keyAlgorithm, ...options })];
}

for (const keyAlgorithm of ALGORITHMS) {
  Deno.test(`the test PKI is accepted by node:tls on both sides, with ${keyAlgorithm}`, async () => {
    const [root, _, { chainPem: cert, keyPem: key }] = makeChain(keyAlgorithm);
    const mutual = { cert, key, ca: root.certPem };
    const server = createServer({
      ...mutual,
      requestCert: true,
      rejectUnauthorized: true,
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = connect({
      ...mutual,
      port,
      host: "127.0.0.1",
      servername: "localhost",
    });
    const [socket] = await once(server, "secureConnection");
    assert.equal(socket.authorized, true);
    socket.end("done");
    const [data] = await once(client, "data");
    assert.equal(String(data), "done");
    client.end();
    server.close();
    await once(server, "close");
  });
}

const hasOpenssl = await new Deno.Command("openssl", { args: ["version"] })
  .output()
  .then((output) => output.success, () => false);

for (const keyAlgorithm of ALGORITHMS) {
  Deno.test({
    name:
      `the test PKI is accepted by openssl verify -x509_strict, with ${keyAlgorithm}`,
    ignore: !hasOpenssl,
    async fn() {
      const [root, intermediate, leaf] = makeChain(keyAlgorithm);
      const directory = await Deno.makeTempDir();
      try {
        const files = [["root", root], ["intermediate", intermediate], [
          "leaf",
          leaf,
        ]] as const;
        const paths = files.map(([name]) => `${directory}/${name}.pem`);
        for (const [index, [, { certPem }]] of files.entries()) {
          await Deno.writeTextFile(paths[index] ?? "", certPem);
        }
        const [rootPath = "", intermediatePath = "", leafPath = ""] = paths;
        const { success, stderr } = await new Deno.Command("openssl", {
          args: [
            ..."verify -x509_strict -purpose sslclient -CAfile".split(" "),
            rootPath,
            "-untrusted",
            intermediatePath,
            leafPath,
          ],
        }).output();
        assert.ok(success, new TextDecoder().decode(stderr));
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  });
}
