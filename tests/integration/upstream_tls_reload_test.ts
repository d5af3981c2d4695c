import assert from "node:assert/strict";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { temporaryDirectory } from "../support/files.ts";
import { get, ok } from "../support/messages.ts";
import { createAuthority } from "../support/pki.ts";
import { TestSidecar } from "../support/sidecar.ts";
import { root, TlsServer } from "../support/tls_server.ts";

const RELOADED = "TLS towards the application reloaded";
const REJECTED = "reload rejected, the old material stays";

const first = root.issue({ commonName: "first" });
const second = root.issue({ commonName: "second" });

/** A sidecar before an application that asks for a certificate, and answers with its name. */
async function scene() {
  const directory = await temporaryDirectory({
    "ca.crt": root.certPem,
    "tls.crt": first.chainPem,
    "tls.key": first.keyPem,
  });
  const sockets: TLSSocket[] = [];
  const application = await TlsServer.start((socket) => {
    sockets.push(socket);
    socket.on("data", () => {
      socket.write(ok(String(socket.getPeerCertificate().subject.CN)));
    });
  }, { requestCert: true, ca: root.certPem });
  const file = (name: string) => join(directory.path, name);
  const sidecar = await TestSidecar.start({
    upstream: `https://localhost:${application.port}`,
    monitor: true,
    settings: {
      UPSTREAM_CA_FILE: file("ca.crt"),
      UPSTREAM_CERT_FILE: file("tls.crt"),
      UPSTREAM_KEY_FILE: file("tls.key"),
    },
  });
  return {
    sidecar,
    sockets,
    /** Writes files, asks for a reload, and waits for `message`. */
    async put(files: Readonly<Record<string, string>>, message: string) {
      for (const [name, text] of Object.entries(files)) {
        await Deno.writeTextFile(file(name), text);
      }
      const logged = sidecar.nextEvent(message);
      sidecar.sidecar.reload();
      return await logged;
    },
    /** Whom the status says that the application is shown. */
    async shown(): Promise<unknown> {
      const response = await fetch(`${sidecar.monitorUrl}/status.json`);
      const { certificates } = await response.json();
      return certificates.find(({ role }: { role: string }) =>
        role === "upstream"
      )?.name;
    },
    async answer(): Promise<string> {
      using client = await sidecar.connect();
      await client.send(get());
      const { status, content } = await client.response();
      return `${status} ${content}`;
    },
    async [Symbol.asyncDispose]() {
      await sidecar[Symbol.asyncDispose]();
      await application[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

Deno.test("the certificate that an application is shown follows its files, on new connections", async () => {
  await using over = await scene();
  assert.equal(await over.answer(), "200 first");
  assert.equal(await over.answer(), "200 first");
  assert.equal(over.sockets.length, 1);
  assert.equal(await over.shown(), "CN=first");
  await over.put(
    { "tls.crt": second.chainPem, "tls.key": second.keyPem },
    RELOADED,
  );
  assert.equal(await over.answer(), "200 second");
  assert.equal(await over.shown(), "CN=second");
  assert.equal(over.sockets.length, 2);
});

Deno.test("an application whose CA was taken out of the file gets no request more", async () => {
  await using over = await scene();
  assert.equal(await over.answer(), "200 first");
  await over.put({ "ca.crt": createAuthority().certPem }, RELOADED);
  assert.equal(await over.answer(), "502 UPSTREAM_TLS_FAILED\n");
  await over.put({ "ca.crt": root.certPem }, RELOADED);
  assert.equal(await over.answer(), "200 first");
});

Deno.test("files towards the application that cannot be used leave what there was", async (t) => {
  for (
    const [title, files, code] of [
      ["no certificate", { "tls.crt": "nothing" }, "PEM_INVALID"],
      ["another's key", { "tls.key": second.keyPem }, "KEY_MISMATCH"],
      ["a CA file without one", { "ca.crt": "" }, "PEM_INVALID"],
      ["a leaf for a CA", { "ca.crt": first.certPem }, "CA_INVALID"],
    ] as const
  ) {
    await t.step(title, async () => {
      await using over = await scene();
      assert.equal(await over.answer(), "200 first");
      const { level, fields } = await over.put(files, REJECTED);
      assert.deepEqual([level, fields["code"]], ["warning", code]);
      assert.equal(await over.answer(), "200 first");
      assert.equal(over.sockets.length, 1);
    });
  }
});
