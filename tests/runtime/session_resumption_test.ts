import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import type { SecureVersion, TLSSocket } from "node:tls";
import { createAuthority } from "../support/pki.ts";
import {
  connect,
  createServer,
  InjectedServer,
  receive,
  root,
} from "./injected_server.ts";
import { hasOpenssl, OpensslClient } from "./openssl_client.ts";

const other = createAuthority({ commonName: "Another Root" });

const identity = root.issueAuthority({ commonName: "Middle" })
  .issue({ commonName: "leaf" });

interface Seen {
  readonly reused: boolean;
  readonly authorized: boolean;
  readonly chain: readonly (string | undefined)[];
}

function see(socket: TLSSocket): Seen {
  const leaf = socket.getPeerCertificate(true);
  return {
    reused: socket.isSessionReused(),
    authorized: socket.authorized,
    chain: [leaf.subject.CN, leaf.issuerCertificate?.subject.CN].flat(),
  };
}

for (const maxVersion of ["TLSv1.2", "TLSv1.3"] satisfies SecureVersion[]) {
  Deno.test({
    name:
      `a ${maxVersion} ticket is honoured as authorized by another tls.Server of the isolate that does not trust the client's CA`,
    ignore: !hasOpenssl,
    async fn() {
      const seen: Seen[] = [];
      const onSecure = (socket: TLSSocket) => {
        seen.push(see(socket));
        socket.on("data", () => socket.end("in\n"));
      };
      using injected = new InjectedServer(
        createServer(onSecure, { maxVersion }),
      );
      await using openssl = await OpensslClient.create(identity);
      await openssl.run(injected.port, "-sess_out", "session.pem");
      injected.current = createServer(onSecure, {
        maxVersion,
        ca: other.certPem,
      });
      await openssl.run(injected.port);
      assert.equal(
        seen.length,
        1,
        "reconsider src/tls: a full handshake succeeds though the CA is gone",
      );
      await openssl.run(injected.port, "-sess_in", "session.pem");
      const chain = ["leaf", "Middle"];
      assert.deepEqual(
        seen,
        [
          { reused: false, authorized: true, chain },
          { reused: true, authorized: true, chain },
        ],
        "reconsider the admission guard: what a resumed session brings has changed",
      );
    },
  });

  Deno.test({
    name:
      `a ${maxVersion} client that only rejectUnauthorized: false let in resumes as authorized`,
    ignore: !hasOpenssl,
    async fn() {
      const seen: Seen[] = [];
      const onSecure = (socket: TLSSocket) => {
        seen.push(see(socket));
        socket.on("data", () => socket.end("in\n"));
      };
      using injected = new InjectedServer(
        createServer(onSecure, { maxVersion, rejectUnauthorized: false }),
      );
      await using openssl = await OpensslClient.create(other.issue());
      await openssl.run(injected.port, "-sess_out", "session.pem");
      injected.current = createServer(onSecure, { maxVersion });
      await openssl.run(injected.port, "-sess_in", "session.pem");
      assert.deepEqual(
        seen.map(({ reused, authorized }) => [reused, authorized]),
        [[false, false], [true, true]],
        "reconsider the admission guard: a client nobody verified no longer resumes as authorized",
      );
    },
  });
}

Deno.test("the runtime's own client does not resume, even where it claims to", async () => {
  const reused: boolean[] = [];
  using injected = new InjectedServer(createServer((socket) => {
    reused.push(socket.isSessionReused());
    socket.end("in");
  }));
  const first = connect(injected.port);
  let session: Buffer | undefined;
  first.on("session", (given) => session = given);
  await receive(first, { length: 100 });
  assert.ok(session);
  const second = connect(injected.port, undefined, { session });
  await receive(second, { length: 100 });
  assert.deepEqual(
    reused,
    [false, false],
    "resumption can now be tested without openssl: simplify these tests",
  );
});
