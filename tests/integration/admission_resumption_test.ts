import assert from "node:assert/strict";
import { once } from "node:events";
import tls from "node:tls";
import { MaterialStore } from "../../src/material/store.ts";
import { Application } from "../support/application.ts";
import { materialOf } from "../support/material.ts";
import { hasOpenssl, Openssl, type OpensslAnswer } from "../support/openssl.ts";
import {
  type Authority,
  createAuthority,
  type Issued,
  PURPOSE,
} from "../support/pki.ts";
import { root, server, TestSidecar } from "../support/sidecar.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin";
const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

const other = createAuthority({ commonName: "Another Root" });

/** A sidecar, its trust, and one client that keeps its sessions. */
class Resuming implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly application: Application;
  readonly sidecar: TestSidecar;
  readonly #store: MaterialStore;
  readonly #openssl: Openssl;

  private constructor(
    stack: AsyncDisposableStack,
    parts: {
      application: Application;
      sidecar: TestSidecar;
      store: MaterialStore;
      openssl: Openssl;
    },
  ) {
    this.#stack = stack;
    this.application = parts.application;
    this.sidecar = parts.sidecar;
    this.#store = parts.store;
    this.#openssl = parts.openssl;
  }

  static async set(
    { identity, trusting }: { identity: Issued; trusting: Authority[] },
  ): Promise<Resuming> {
    await using stack = new AsyncDisposableStack();
    const application = stack.use(await Application.answering(OK));
    const store = new MaterialStore(
      await materialOf({ server, authorities: trusting }),
    );
    const upstream = application.url;
    const sidecar = stack.use(await TestSidecar.start({ upstream, store }));
    const openssl = stack.use(await Openssl.create(identity));
    const parts = { application, sidecar, store, openssl };
    return new Resuming(stack.move(), parts);
  }

  async swap(
    { identity = server, trusting }: {
      identity?: Issued;
      trusting: Authority[];
    },
  ): Promise<void> {
    this.#store.swap(
      await materialOf({ server: identity, authorities: trusting }),
    );
  }

  /** Asks for `/` on a connection of its own. */
  run(...args: string[]): Promise<OpensslAnswer> {
    const { port } = this.sidecar;
    return this.#openssl.run({ port, input: REQUEST }, ...args);
  }

  /** The codes of all refusals, in their order. */
  get refusals(): unknown[] {
    return this.sidecar.events
      .filter(({ message }) => message === "connection refused")
      .map(({ fields }) => fields.code);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Hands tickets to clients whom nobody verified: all TLS servers of an isolate honour them. */
class LenientServer implements AsyncDisposable {
  readonly #server = tls.createServer({
    cert: server.chainPem,
    key: server.keyPem,
    requestCert: true,
    rejectUnauthorized: false,
  }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end("in\n"));
  });

  static async start(): Promise<LenientServer> {
    const lenient = new LenientServer();
    lenient.#server.listen(0, "127.0.0.1");
    await once(lenient.#server, "listening");
    return lenient;
  }

  get port(): number {
    const address = this.#server.address();
    assert.ok(address !== null && typeof address === "object");
    return address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }
}

function isIn({ output }: OpensslAnswer): boolean {
  return output.includes("HTTP/1.1 200 OK\r\n");
}

const middle = root.issueAuthority({ commonName: "Middle" });

for (const version of ["-tls1_2", "-tls1_3"]) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name} (${version})`, ignore: !hasOpenssl, fn });

  test("a client resumes its session and gets in", async () => {
    const identity = middle.issue();
    await using resuming = await Resuming.set({ identity, trusting: [root] });
    const first = await resuming.run(version, "-sess_out", "session");
    assert.deepEqual([isIn(first), first.resumed], [true, false]);
    const second = await resuming.run(version, "-sess_in", "session");
    assert.deepEqual([isIn(second), second.resumed], [true, true]);
  });

  test("a client whose CA was removed resumes, and is cut before a byte reaches the application", async () => {
    const identity = middle.issue();
    const trusting = [root, other];
    await using resuming = await Resuming.set({ identity, trusting });
    assert.ok(isIn(await resuming.run(version, "-sess_out", "session")));
    const { connections } = resuming.application;
    const before = connections.length;
    await resuming.swap({ trusting: [other] });

    const again = await resuming.run(version, "-sess_in", "session");
    assert.ok(!isIn(again));
    assert.ok(again.resumed, "or the hole was not tried");
    assert.deepEqual(resuming.refusals, ["PATH_NOT_FOUND"]);
    assert.equal(connections.length, before);
  });

  const REFUSED: [name: string, identity: Issued, code: string][] = [
    ["a client of another CA", other.issue(), "PATH_NOT_FOUND"],
    ["a CA of the bundle", root, "LEAF_IS_CA"],
  ];
  for (const [name, identity, code] of REFUSED) {
    test(`${name} resumes the session that came with its refusal, and is refused again`, async () => {
      await using resuming = await Resuming.set({ identity, trusting: [root] });
      const first = await resuming.run(version, "-sess_out", "session");
      const second = await resuming.run(version, "-sess_in", "session");
      assert.deepEqual([isIn(first), isIn(second)], [false, false]);
      // Without a ticket, which the cut may have been too quick for, s_client
      // does not connect again.
      assert.deepEqual(
        resuming.refusals,
        second.resumed ? [code, code] : [code],
      );
      assert.equal(resuming.application.connections.length, 0);
    });
  }

  // A ticket from where nobody is refused is one for certain.
  const UNVERIFIED: [name: string, identity: Issued, code: string][] = [
    ["a client of another CA", other.issue(), "PATH_NOT_FOUND"],
    ["a CA of the bundle", root, "LEAF_IS_CA"],
    [
      "a client whose certificate has expired",
      root.issue({ notAfter: Date.now() - 60_000 }),
      "LEAF_EXPIRED",
    ],
    [
      "a client whose certificate is not valid yet",
      root.issue({ notBefore: Date.now() + 600_000 }),
      "LEAF_NOT_YET_VALID",
    ],
    ["a client of version 1", root.issue({ version: 1 }), "LEAF_VERSION"],
    [
      "a client with a server's certificate",
      root.issue({ eku: [PURPOSE.serverAuth] }),
      "LEAF_KEY_USAGE",
    ],
    [
      "a client of an intermediate without keyCertSign",
      root.issueAuthority({ keyUsage: ["cRLSign"] }).issue(),
      "PATH_REFUSED",
    ],
  ];
  for (const [name, identity, code] of UNVERIFIED) {
    test(`${name} resumes a session that nobody verified, and is cut before a byte reaches the application`, async () => {
      await using resuming = await Resuming.set({ identity, trusting: [root] });
      await using lenient = await LenientServer.start();
      await resuming.run(
        ...[version, "-sess_out", "session"],
        ...["-connect", `127.0.0.1:${lenient.port}`],
      );
      const again = await resuming.run(version, "-sess_in", "session");
      assert.ok(!isIn(again));
      assert.ok(again.resumed, "or the hole was not tried");
      assert.deepEqual(resuming.refusals, [code]);
      assert.equal(resuming.application.connections.length, 0);
    });
  }

  const SWAPS: [name: string, trusting: Authority[], identity: Issued][] = [
    ["another CA was removed", [root], server],
    [
      "a CA was added",
      [root, other, createAuthority({ commonName: "New" })],
      server,
    ],
    [
      "the server's certificate was replaced",
      [root, other],
      root.issue({ dnsNames: ["localhost"] }),
    ],
  ];
  for (const [name, trusting, own] of SWAPS) {
    test(`a client that is still trusted resumes and gets in after ${name}`, async () => {
      const identity = middle.issue();
      await using resuming = await Resuming.set({
        identity,
        trusting: [root, other],
      });
      assert.ok(isIn(await resuming.run(version, "-sess_out", "session")));
      await resuming.swap({ identity: own, trusting });
      const again = await resuming.run(version, "-sess_in", "session");
      assert.deepEqual([isIn(again), again.resumed], [true, true]);
      assert.deepEqual(resuming.refusals, []);
    });
  }

  test("a client resumes a session of a sidecar with other trust in the same process, and is cut", async () => {
    const identity = other.issue();
    await using here = await Resuming.set({ identity, trusting: [root] });
    await using there = await Resuming.set({ identity, trusting: [other] });
    assert.ok(isIn(await there.run(version, "-sess_out", "session")));
    const { port } = here.sidecar;
    const again = await there.run(
      ...[version, "-sess_in", "session", "-connect", `127.0.0.1:${port}`],
    );
    assert.ok(!isIn(again));
    assert.equal(here.refusals.length, 1);
    assert.equal(here.application.connections.length, 0);
  });
}
