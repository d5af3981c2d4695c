import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "../support/files.ts";
import { ok } from "../support/messages.ts";
import { createAuthority } from "../support/pki.ts";
import { TestSidecar } from "../support/sidecar.ts";
import { root, TlsServer } from "../support/tls_server.ts";

async function ready(sidecar: TestSidecar): Promise<string> {
  const response = await fetch(`${sidecar.monitorUrl}/ready?verbose`);
  const [line] = /^\[.\] application.*$/m.exec(await response.text()) ?? [];
  return `${response.status} ${line}`;
}

Deno.test("an application behind https is asked whether it is ready, and verified as for requests", async () => {
  await using directory = await temporaryDirectory({
    "ca.crt": root.certPem,
    "other.crt": createAuthority().certPem,
  });
  await using server = await TlsServer.start((socket) => {
    socket.on("data", () => socket.write(ok("yes")));
  });
  const url = `https://localhost:${server.port}`;
  for (
    const [file, expected] of [
      ["ca.crt", "200 [+] application: it answered 200"],
      ["other.crt", "503 [-] application: UPSTREAM_TLS_FAILED"],
    ] as const
  ) {
    for (const probe of [`${url}/ready`, "/ready"]) {
      await using sidecar = await TestSidecar.start({
        monitor: true,
        upstream: url,
        settings: {
          UPSTREAM_CA_FILE: join(directory.path, file),
          UPSTREAM_READINESS_URL: probe,
        },
      });
      assert.equal(await ready(sidecar), expected, `${file} ${probe}`);
    }
  }
});

Deno.test("an application at a Unix socket is asked by a path alone", async () => {
  await using directory = await temporaryDirectory({});
  const path = join(directory.path, "app.sock");
  const asked: string[] = [];
  await using _server = Deno.serve({ path, onListen() {} }, (request) => {
    asked.push(new URL(request.url).pathname);
    return new Response("yes");
  });
  await using sidecar = await TestSidecar.start({
    monitor: true,
    upstream: `unix:${path}`,
    settings: { UPSTREAM_READINESS_URL: "/health" },
  });
  assert.equal(
    await ready(sidecar),
    "200 [+] application: it answered 200",
  );
  assert.deepEqual(asked, ["/health"]);
});
