import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { TLSSocket } from "node:tls";
import { createAuthority, type Issued } from "../support/pki.ts";
import {
  client,
  connect,
  createServer,
  InjectedServer,
  receive,
  root,
} from "./injected_server.ts";

/** What the server sees of a client, or nothing where it is refused. */
async function present(
  identity: Pick<Issued, "chainPem" | "keyPem">,
  options: { ca?: string; see?: (socket: TLSSocket) => unknown } = {},
): Promise<unknown> {
  let seen: unknown;
  using injected = new InjectedServer(createServer((socket) => {
    seen = options.see ? options.see(socket) : socket.authorized;
    socket.end("in");
  }, { ca: options.ca ?? root.certPem }));
  await receive(connect(injected.port, identity), { length: 2 });
  return seen;
}

Deno.test("a version 1 CA of the bundle vouches for clients", async () => {
  const old = createAuthority({ commonName: "Old", version: 1 });
  const why =
    "refusing version 1 CAs in src/material may have become redundant";
  assert.equal(
    await present(old.issue(), { ca: root.certPem + old.certPem }),
    true,
    why,
  );
});

Deno.test("a version 1 certificate of the bundle that is presented as a client is authorized", async () => {
  const old = createAuthority({ commonName: "Old", version: 1 });
  const why = "the guard's version check (src/tls) may have become redundant";
  assert.equal(
    await present(old, { ca: root.certPem + old.certPem }),
    true,
    why,
  );
});

Deno.test("a version 1 client certificate that a CA issued is refused", async () => {
  const why = "reconsider src/tls: the runtime takes version 1 clients";
  assert.equal(await present(root.issue({ version: 1 })), undefined, why);
});

Deno.test("a CA of the bundle that is presented as a client is authorized", async () => {
  const why =
    "the guard's check of CAs presented as clients (src/tls) may have become redundant";
  assert.equal(await present(root), true, why);
});

Deno.test("an intermediate whose keyUsage lacks keyCertSign is taken", async () => {
  const weak = root.issueAuthority({ keyUsage: ["cRLSign"] });
  const why =
    "the keyCertSign check of src/x509/path.ts may have become redundant";
  assert.equal(await present(weak.issue()), true, why);
});

Deno.test("an expired root is trusted", async () => {
  const expired = createAuthority({
    commonName: "Old",
    notAfter: Date.now() - 60_000,
  });
  const why =
    "leaving out expired roots in src/material may have become redundant";
  assert.equal(
    await present(expired.issue(), { ca: root.certPem + expired.certPem }),
    true,
    why,
  );
});

Deno.test("an expired client is refused", async () => {
  const expired = root.issue({ notAfter: Date.now() - 60_000 });
  assert.equal(
    await present(expired),
    undefined,
    "reconsider src/tls: the runtime takes expired clients",
  );
});

Deno.test("a client of another CA is refused", async () => {
  const stranger = createAuthority().issue();
  assert.equal(
    await present(stranger),
    undefined,
    "reconsider src/tls: the runtime takes strangers",
  );
});

Deno.test("getPeerCertificate(true) gives the presented chain", async () => {
  const intermediate = root.issueAuthority({ commonName: "Middle" });
  const names = await present(intermediate.issue({ commonName: "leaf" }), {
    see(socket) {
      const leaf = socket.getPeerCertificate(true);
      return [leaf.subject.CN, leaf.issuerCertificate?.subject.CN];
    },
  });
  assert.deepEqual(
    names,
    ["leaf", "Middle"],
    "reconsider where src/tls takes the presented chain from",
  );
});

Deno.test("getPeerCertificate(false) survives junk behind the leaf, getPeerCertificate(true) throws", async () => {
  const junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const seen = await present({ ...client, chainPem: client.certPem + junk }, {
    see(socket) {
      const { raw } = socket.getPeerCertificate(false);
      let threw = false;
      try {
        socket.getPeerCertificate(true);
      } catch {
        threw = true;
      }
      return { leaf: Buffer.compare(raw, client.der) === 0, threw };
    },
  });
  assert.deepEqual(
    seen,
    { leaf: true, threw: true },
    "reconsider how src/tls reads the presented chain",
  );
});

Deno.test("getPeerCertificate().raw is a Uint8Array and no Buffer", async () => {
  const seen = await present(client, {
    see: (socket) => Buffer.isBuffer(socket.getPeerCertificate(false).raw),
  });
  assert.equal(seen, false, "src/tls may use the methods of Buffer on raw");
});
