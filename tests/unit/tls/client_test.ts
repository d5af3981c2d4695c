import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import type { TlsOptions, TLSSocket } from "node:tls";
import { TlsClient } from "../../../src/tls/client.ts";
import type { ClientTransport } from "../../../src/tls/client_transport.ts";
import { type Authority, createAuthority } from "../../support/pki.ts";
import { contentOf, NEVER, root, TlsServer } from "../../support/tls_server.ts";
import { soon } from "../../support/waiting.ts";

const other = createAuthority({ commonName: "Other Root" });
const UNTRUSTED =
  "its certificate leads to no CA that is trusted, or is expired, not yet valid or not for a server";
const sidecar = root.issue({ commonName: "sidecar" });

const greet = (socket: TLSSocket) => void socket.end("hello");

Deno.test("TlsClient reaches a server whose certificate leads to its roots", async (t) => {
  await using server = await TlsServer.start((socket) =>
    socket.end(`for ${"servername" in socket && socket.servername}`)
  );
  for (
    const [title, material, hostname, expected] of [
      ["by the name it is connected to", {}, "app.example", "for app.example"],
      ["by an address, which is no server name", {}, "127.0.0.1", "for null"],
      ["by a name with a dot at its end", {}, "localhost.", "for localhost"],
      [
        "by the server name that is set",
        { serverName: "app.example" },
        "other.example",
        "for app.example",
      ],
      [
        "by an address that is set",
        { serverName: "127.0.0.1" },
        "other.example",
        "for null",
      ],
      [
        "with several roots",
        { anchorsPem: [other.certPem, root.certPem] },
        "localhost",
        "for localhost",
      ],
    ] as const
  ) {
    await t.step(title, async () => {
      const transport = await server.connect(material, { hostname });
      assert.equal(await contentOf(transport), expected);
      transport.close();
    });
  }
});

Deno.test("TlsClient refuses a server that it can't believe, and says why", async (t) => {
  const day = 86_400_000;
  const names = { dnsNames: ["app.example"] };
  const past = { notBefore: Date.now() - 2 * day, notAfter: Date.now() - day };
  const future = {
    notBefore: Date.now() + day,
    notAfter: Date.now() + 2 * day,
  };
  const clientAuth = { eku: ["1.3.6.1.5.5.7.3.2"] };
  const self = createAuthority({ ...names, commonName: "app.example" });
  for (
    const [title, message, shown, hostname] of [
      [
        "another name",
        'its certificate is not for "wrong.example"',
        undefined,
        "wrong.example",
      ],
      [
        "another address",
        'its certificate is not for "127.0.0.2"',
        undefined,
        "127.0.0.2",
      ],
      ["another root", UNTRUSTED, other.issue(names), "app.example"],
      ["no root but itself", UNTRUSTED, self, "app.example"],
      [
        "an intermediate that is missing",
        UNTRUSTED,
        { ...root.issueAuthority().issue(names), chainPem: undefined },
        "app.example",
      ],
      [
        "expired",
        UNTRUSTED,
        root.issue({ ...names, ...past }),
        "app.example",
      ],
      [
        "not yet valid",
        UNTRUSTED,
        root.issue({ ...names, ...future }),
        "app.example",
      ],
      [
        "for clients",
        UNTRUSTED,
        root.issue({ ...names, ...clientAuth }),
        "app.example",
      ],
    ] as const
  ) {
    await t.step(title, async () => {
      const options = shown &&
        { cert: shown.chainPem ?? shown.certPem, key: shown.keyPem };
      await using server = await TlsServer.start(greet, options);
      await assert.rejects(server.connect({}, { hostname }), { message });
    });
  }
});

Deno.test("TlsClient trusts the roots of its own material alone, whatever was trusted before", async () => {
  await using server = await TlsServer.start(greet);
  const before = await server.connect();
  assert.equal(await contentOf(before), "hello");
  before.close();
  await assert.rejects(server.connect({ anchorsPem: [other.certPem] }), {
    message: UNTRUSTED,
  });
});

Deno.test("TlsClient does not begin after it is told to stop", async () => {
  await using server = await TlsServer.start(greet);
  const signal = AbortSignal.abort(new Error("it took longer than 5 s"));
  await assert.rejects(server.connect({}, { signal }), {
    message: "it took longer than 5 s",
  });
});

Deno.test("TlsClient does not take an empty list of roots for the system's", () => {
  assert.throws(() => new TlsClient({ anchorsPem: [] }), { code: "CA_EMPTY" });
});

function demanding(authority: Authority): TlsOptions {
  return {
    requestCert: true,
    rejectUnauthorized: true,
    ca: authority.certPem,
  };
}

const identity = {
  certificateChainPem: sidecar.chainPem,
  privateKeyPem: sidecar.keyPem,
};

Deno.test("TlsClient shows its certificate to a server that asks for one", async () => {
  await using server = await TlsServer.start(
    (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)),
    demanding(root),
  );
  const transport = await server.connect({ identity });
  assert.equal(await contentOf(transport), "sidecar");
  transport.close();
});

Deno.test("TlsClient tells that a server wants a certificate", async (t) => {
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    await t.step(maxVersion, async () => {
      await using server = await TlsServer.start(greet, {
        ...demanding(root),
        maxVersion,
      });
      let told: string;
      try {
        const transport = await server.connect();
        told = await contentOf(transport);
        transport.close();
      } catch (error) {
        told = String(error);
      }
      assert.match(told, /received fatal alert: CertificateRequired/);
    });
  }
});

Deno.test("TlsClient is not believed with a certificate that leads elsewhere", async () => {
  await using server = await TlsServer.start(greet, demanding(other));
  const transport = await server.connect({ identity });
  assert.notEqual(await contentOf(transport), "hello");
  transport.close();
});

/** A TCP server that does no TLS. */
async function plain(
  onSocket: (socket: net.Socket) => void,
): Promise<
  AsyncDisposable & { connect(signal?: AbortSignal): Promise<ClientTransport> }
> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  return {
    async connect(signal = NEVER) {
      const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
      const client = new TlsClient({ anchorsPem: [root.certPem] });
      return await client.secure(tcp, { hostname: "app.example", signal });
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

Deno.test("TlsClient tells a server that speaks no TLS", async () => {
  await using server = await plain((socket) =>
    socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")
  );
  await assert.rejects(server.connect(), { message: "it does not speak TLS" });
});

Deno.test("TlsClient tells a server that closes within the handshake", async () => {
  await using server = await plain((socket) => socket.end());
  await assert.rejects(soon(server.connect(), "the refusal"), {
    message: "it closed the connection",
  });
});

Deno.test("TlsClient closes the connection when it is told to stop", async () => {
  const closed = Promise.withResolvers<void>();
  await using server = await plain((socket) => {
    socket.resume();
    socket.on("close", () => closed.resolve());
  });
  const stop = new AbortController();
  const connecting = server.connect(stop.signal);
  stop.abort(new Error("it took longer than 5 s"));
  await assert.rejects(connecting, { message: "it took longer than 5 s" });
  await soon(closed.promise, "the server to see the end");
});
