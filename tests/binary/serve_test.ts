import assert from "node:assert/strict";
import { Application } from "../support/application.ts";
import { temporaryDirectory } from "../support/files.ts";
import { get, ok } from "../support/messages.ts";
import { createAuthority } from "../support/pki.ts";
import { Program } from "../support/program.ts";
import { RawClient } from "../support/raw_client.ts";
import { client, root, server } from "../support/sidecar.ts";

const FILES = {
  "tls.crt": server.chainPem,
  "tls.key": server.keyPem,
  "ca.crt": root.certPem,
};

async function connectTo(program: Program): Promise<RawClient> {
  const { port } = await program.line("serving");
  return await RawClient.connect({
    port: Number(port),
    caCerts: [root.certPem],
    identity: client,
  });
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`the program serves with certificates on disk, and ${signal} ends it with exit code 0`, async () => {
    await using files = await temporaryDirectory(FILES);
    await using application = await Application.answering(ok("hello"));
    await using program = new Program({
      CERT_DIR: files.path,
      CA_DIR: files.path,
      UPSTREAM_URL: application.url,
    });
    using connection = await connectTo(program);
    await connection.send(get("/path?query"));
    assert.equal((await connection.response()).content, "hello");
    connection.close();
    program.kill(signal);
    assert.deepEqual(await program.ended(), { code: 0, stderr: "" });
    assert.equal((await program.line("request"))["url.path"], "/path");
    assert.equal(program.lines.at(-1)?.["message"], "stopped");
  });
}

Deno.test("a request in flight at SIGTERM is finished before the program ends", async () => {
  await using files = await temporaryDirectory(FILES);
  const asked = Promise.withResolvers<void>();
  const cue = Promise.withResolvers<void>();
  await using application = await Application.start(async (connection) => {
    await connection.head();
    asked.resolve();
    await cue.promise;
    await connection.write(ok("finished"));
  });
  await using program = new Program({
    CERT_DIR: files.path,
    CA_DIR: files.path,
    UPSTREAM_URL: application.url,
  });
  using connection = await connectTo(program);
  await connection.send(get());
  await asked.promise;
  program.kill("SIGTERM");
  await program.line("shutting down");
  cue.resolve();
  assert.equal((await connection.response()).content, "finished");
  connection.close();
  assert.equal((await program.ended()).code, 0);
});

Deno.test("what is cut after SHUTDOWN_TIMEOUT_SECS gives exit code 1, a second signal gives it at once", async (t) => {
  await using files = await temporaryDirectory(FILES);
  for (const [title, timeout] of [["time", "0"], ["signal", "600"]] as const) {
    await t.step(`cut by ${title}`, async () => {
      const asked = Promise.withResolvers<void>();
      await using application = await Application.start(async (connection) => {
        await connection.head();
        asked.resolve();
        await connection.rest();
      });
      await using program = new Program({
        CERT_DIR: files.path,
        CA_DIR: files.path,
        UPSTREAM_URL: application.url,
        SHUTDOWN_TIMEOUT_SECS: timeout,
      });
      using connection = await connectTo(program);
      await connection.send(get());
      await asked.promise;
      program.kill("SIGTERM");
      if (title === "signal") {
        await program.line("shutting down");
        program.kill("SIGTERM");
      }
      assert.equal((await program.ended()).code, 1);
      assert.notEqual((await connection.rest()).end, "ended");
    });
  }
});

Deno.test("a start that fails says why in one line on standard error, without a key, and gives exit code 1", async (t) => {
  const stranger = createAuthority().issue();
  const { "tls.key": _, ...withoutKey } = FILES;
  const { "ca.crt": __, ...withoutAuthority } = FILES;
  for (
    const [title, content, message] of [
      ["no certificate", {}, /tls\.crt/],
      ["no key", withoutKey, /tls\.key/],
      ["a key of another certificate", {
        ...FILES,
        "tls.key": stranger.keyPem,
      }, /tls\.crt.*tls\.key/],
      ["no authority", withoutAuthority, /CA certificate/],
      ["half a certificate", {
        ...FILES,
        "tls.crt": server.chainPem.slice(0, 200),
      }, /tls\.crt/],
    ] as const
  ) {
    await t.step(title, async () => {
      await using files = await temporaryDirectory(content);
      await using program = new Program({
        CERT_DIR: files.path,
        CA_DIR: files.path,
      });
      const { code, stderr } = await program.ended();
      assert.equal(code, 1);
      assert.match(stderr, /^mtls-sidecar: Cannot [^\n]*[^.\n]\n$/);
      assert.match(stderr, message);
      const key = server.keyPem.split("\n")[1] ?? "";
      assert.ok(!stderr.includes(key) && !stderr.includes("-----"));
    });
  }
});

Deno.test("a port that is taken refuses the start", async () => {
  await using files = await temporaryDirectory(FILES);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using program = new Program({
    CERT_DIR: files.path,
    CA_DIR: files.path,
    TLS_LISTEN_PORT: `${taken.addr.port}`,
  });
  const { code, stderr } = await program.ended();
  assert.equal(code, 1);
  assert.match(
    stderr,
    new RegExp(`^mtls-sidecar: Cannot .*${taken.addr.port}`),
  );
});
