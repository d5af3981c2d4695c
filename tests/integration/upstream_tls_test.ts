import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "../support/files.ts";
import { fieldValues, get, ok } from "../support/messages.ts";
import { createAuthority } from "../support/pki.ts";
import { TestSidecar } from "../support/sidecar.ts";
import { root, TlsServer } from "../support/tls_server.ts";

const shown = root.issue({ commonName: "sidecar" });

/** A directory with all that the settings of an `https` application may name. */
function material() {
  return temporaryDirectory({
    "ca.crt": root.certPem,
    "other.crt": createAuthority().certPem,
    "tls.crt": shown.chainPem,
    "tls.key": shown.keyPem,
  });
}

/** An application over TLS that says whom it takes its client for. */
function application(requestCert = false): Promise<TlsServer> {
  return TlsServer.start((socket) => {
    socket.on("data", (octets) => {
      const [line] = octets.toString("latin1").split("\r\n");
      const { subject } = socket.getPeerCertificate() ?? {};
      socket.write(ok(`${line} from ${subject?.CN}`));
    });
  }, { requestCert, rejectUnauthorized: requestCert, ca: root.certPem });
}

Deno.test("an application is reached over https, by the name that its certificate has", async () => {
  await using directory = await material();
  await using server = await application();
  await using sidecar = await TestSidecar.start({
    upstream: `https://localhost:${server.port}`,
    settings: { UPSTREAM_CA_FILE: join(directory.path, "ca.crt") },
  });
  using client = await sidecar.connect();
  for (const path of ["/1", "/2"]) {
    await client.send(get(path));
    const { status, content } = await client.response();
    assert.deepEqual(
      [status, content],
      [200, `GET ${path} HTTP/1.1 from undefined`],
    );
  }
});

Deno.test("an application that asks for a certificate is shown one", async () => {
  await using directory = await material();
  await using server = await application(true);
  const settings = {
    UPSTREAM_CA_FILE: join(directory.path, "ca.crt"),
    UPSTREAM_CERT_FILE: join(directory.path, "tls.crt"),
    UPSTREAM_KEY_FILE: join(directory.path, "tls.key"),
    UPSTREAM_SERVER_NAME: "app.example",
  };
  await using sidecar = await TestSidecar.start({
    upstream: `https://127.0.0.1:${server.port}`,
    settings,
  });
  using client = await sidecar.connect();
  await client.send(get());
  assert.equal(
    (await client.response()).content,
    "GET / HTTP/1.1 from sidecar",
  );
});

Deno.test("an application that can't be trusted gets no request, and 502 is the answer", async (t) => {
  await using directory = await material();
  await using server = await application();
  const ca = join(directory.path, "ca.crt");
  const other = join(directory.path, "other.crt");
  for (
    const [title, settings] of [
      ["another name", {
        UPSTREAM_CA_FILE: ca,
        UPSTREAM_SERVER_NAME: "wrong.example",
      }],
      ["another CA", { UPSTREAM_CA_FILE: other }],
      ["the system's CAs", {}],
    ] as const
  ) {
    await t.step(title, async () => {
      await using sidecar = await TestSidecar.start({
        upstream: `https://localhost:${server.port}`,
        settings,
      });
      using client = await sidecar.connect();
      for (const _ of [1, 2]) {
        await client.send(get());
        const { status, head, content } = await client.response();
        assert.deepEqual([status, content], [502, "UPSTREAM_TLS_FAILED\n"]);
        assert.deepEqual(fieldValues(head, "connection"), ["keep-alive"]);
      }
    });
  }
});

Deno.test("an application that does not get the certificate it wants is answered for with 502", async () => {
  await using directory = await material();
  await using server = await application(true);
  await using sidecar = await TestSidecar.start({
    upstream: `https://localhost:${server.port}`,
    settings: { UPSTREAM_CA_FILE: join(directory.path, "ca.crt") },
  });
  using client = await sidecar.connect();
  await client.send(get());
  const { status, content } = await client.response();
  assert.deepEqual([status, content], [502, "UPSTREAM_TLS_FAILED\n"]);
});

Deno.test("an application whose certificate has a common name alone is not taken for that name", async () => {
  await using directory = await material();
  const unnamed = root.issue({ commonName: "localhost" });
  await using server = await TlsServer.start(() => {}, {
    cert: unnamed.chainPem,
    key: unnamed.keyPem,
  });
  await using sidecar = await TestSidecar.start({
    upstream: `https://localhost:${server.port}`,
    settings: { UPSTREAM_CA_FILE: join(directory.path, "ca.crt") },
  });
  using client = await sidecar.connect();
  await client.send(get());
  const { status, content } = await client.response();
  assert.deepEqual([status, content], [502, "UPSTREAM_TLS_FAILED\n"]);
});
