import assert from "node:assert/strict";
import type tls from "node:tls";
import { createAuthority, type Issued, PURPOSE } from "../support/pki.ts";
import { forgedKeyPem } from "./forged_key.ts";
import {
  client,
  connect,
  createServer,
  InjectedServer,
  receive,
  root,
} from "./injected_server.ts";
import { hasOpenssl, OpensslClient } from "./openssl_client.ts";

/** What a server sees of a client: a connection, or a handshake that failed. */
interface Seen {
  readonly secure: boolean;
  readonly authorized: boolean;
  readonly leaf: boolean;
  readonly authorizationError: unknown;
  /** Of the error where the handshake failed. */
  readonly code: string | undefined;
}

/** A server that notes down every client. */
class Noting implements Disposable {
  readonly seen: Seen[] = [];
  readonly #injected: InjectedServer;

  constructor(options: tls.TlsOptions, rejectUnauthorized?: { as: undefined }) {
    const server = createServer((socket) => {
      this.#note(socket, { secure: true });
      socket.on("data", () => socket.end("in\n"));
    }, options);
    server.on("tlsClientError", (error: Error & { code?: string }, socket) => {
      this.#note(socket, { secure: false, code: error.code });
    });
    if (rejectUnauthorized) {
      Object.assign(server, { rejectUnauthorized: rejectUnauthorized.as });
    }
    this.#injected = new InjectedServer(server);
  }

  get port(): number {
    return this.#injected.port;
  }

  /** The client that connects with `identity`, as it is seen. */
  async sight(
    identity: Pick<Issued, "chainPem" | "keyPem"> | null,
  ): Promise<Seen | undefined> {
    const socket = connect(this.port, identity);
    socket.write("line\n");
    await receive(socket, { length: 100 });
    return this.seen.at(-1);
  }

  #note(
    socket: tls.TLSSocket,
    { secure, code }: { secure: boolean; code?: string | undefined },
  ): void {
    const { authorized, authorizationError } = socket;
    const leaf = socket.getPeerCertificate(false)?.raw !== undefined;
    this.seen.push({ secure, authorized, leaf, authorizationError, code });
  }

  [Symbol.dispose](): void {
    this.#injected[Symbol.dispose]();
  }
}

const expired = root.issue({ notAfter: Date.now() - 60_000 });

const BAD: [name: string, identity: Issued | null][] = [
  ["without a certificate", null],
  ["of another CA", createAuthority({ commonName: "Another" }).issue()],
  ["that is expired", expired],
  ["that is a server", root.issue({ eku: [PURPOSE.serverAuth] })],
  ["of version 1", root.issue({ version: 1 })],
];

for (const [name, identity] of BAD) {
  Deno.test(`with rejectUnauthorized: false a client ${name} comes in, and is not authorized`, async () => {
    using noting = new Noting({ rejectUnauthorized: false });
    const seen = await noting.sight(identity);
    assert.deepEqual(
      [seen?.secure, seen?.authorized, seen?.leaf],
      [true, false, identity !== null],
      "reconsider UNVERIFIED=401 in src/tls",
    );
  });
}

Deno.test("with rejectUnauthorized: false a good client comes in, and is authorized", async () => {
  using noting = new Noting({ rejectUnauthorized: false });
  const seen = await noting.sight(client);
  assert.deepEqual(
    [seen?.secure, seen?.authorized],
    [true, true],
    "reconsider src/tls/admission.ts, which demands it of every client",
  );
});

Deno.test("with rejectUnauthorized: true a refused client's certificate is gone, and the error tells not what is wrong with it", async () => {
  using noting = new Noting({});
  const errors = new Set<unknown>();
  for (const [, identity] of BAD.slice(1)) {
    const seen = await noting.sight(identity);
    assert.deepEqual([seen?.secure, seen?.leaf], [false, false]);
    errors.add(seen?.authorizationError);
  }
  assert.deepEqual(
    [...errors],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    "src/tls/server.ts may do without rejectUnauthorized: undefined",
  );
});

Deno.test("a tls.Server whose rejectUnauthorized is undefined demands a certificate, and closes for no bad one", async () => {
  const why = "reconsider src/tls/server.ts: its codes are less exact now";
  using noting = new Noting({}, { as: undefined });
  for (const [, identity] of BAD.slice(1)) {
    const seen = await noting.sight(identity);
    assert.deepEqual(
      [seen?.secure, seen?.authorized, seen?.leaf],
      [true, false, true],
      why,
    );
  }
  const seen = await noting.sight(null);
  assert.equal(seen?.secure, false, why);
  assert.equal(seen?.code, "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE", why);
});

for (const version of ["-tls1_2", "-tls1_3"]) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name} (${version})`, ignore: !hasOpenssl, fn });

  for (const rejectUnauthorized of [true, false]) {
    test(`with rejectUnauthorized: ${rejectUnauthorized} a client fails that does not hold its certificate's key`, async () => {
      using noting = new Noting({ rejectUnauthorized });
      for (const identity of [client, expired]) {
        const keyPem = forgedKeyPem(identity.key);
        await using openssl = await OpensslClient.create({
          ...identity,
          keyPem,
        });
        await openssl.run(noting.port, version);
      }
      assert.deepEqual(
        noting.seen.map(({ secure, code }) => [secure, code]),
        Array(2).fill([false, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"]),
        "src/tls is broken: certificates can be borrowed",
      );
    });
  }

  test("a client of version 1 need not hold its certificate's key, and resumes as authorized", async () => {
    using noting = new Noting({ rejectUnauthorized: false });
    const old = root.issue({ version: 1 });
    const keyPem = forgedKeyPem(old.key);
    await using openssl = await OpensslClient.create({ ...old, keyPem });
    await openssl.run(noting.port, version, "-sess_out", "session.pem");
    await openssl.run(noting.port, version, "-sess_in", "session.pem");
    assert.deepEqual(
      noting.seen.map(({ secure, authorized }) => [secure, authorized]),
      [[true, false], [true, true]],
      "the warning in src/tls/admission.ts about versions may have become redundant",
    );
  });

  test("a client without a certificate resumes without one, and is not authorized", async () => {
    using noting = new Noting({ rejectUnauthorized: false });
    await using openssl = await OpensslClient.create(null);
    await openssl.run(noting.port, version, "-sess_out", "session.pem");
    await openssl.run(noting.port, version, "-sess_in", "session.pem");
    assert.deepEqual(
      noting.seen.map(({ authorized, leaf }) => [authorized, leaf]),
      [[false, false], [false, false]],
      "reconsider UNVERIFIED=401 in src/tls",
    );
  });
}
