import assert from "node:assert/strict";
import {
  type DemoApplication,
  startDemoApplication,
} from "../../../src/commands/demo_application.ts";

async function withApplication(
  check: (application: DemoApplication) => Promise<void>,
): Promise<void> {
  const application = await startDemoApplication();
  try {
    await check(application);
  } finally {
    await application.close();
  }
}

Deno.test("the demo application echoes the request line and the fields that the sidecar sets", () =>
  withApplication(async ({ url }) => {
    const response = await fetch(new URL("/a/b?c=d", url), {
      headers: {
        "X-Client-CN": "somebody",
        "x-forwarded-for": "192.0.2.1",
        "x-clientele": "no",
        authorization: "secret",
      },
    });
    assert.equal(response.status, 200);
    assert.equal(
      response.headers.get("content-type"),
      "text/plain; charset=utf-8",
    );
    assert.deepEqual((await response.text()).toLowerCase().split("\n"), [
      "get /a/b?c=d http/1.1",
      "x-client-cn: somebody",
      "x-forwarded-for: 192.0.2.1",
      "",
    ]);
  }));

Deno.test("the demo application answers an upload without holding it back", () =>
  withApplication(async ({ url }) => {
    const body = new Uint8Array(1_000_000);
    const response = await fetch(url, { method: "POST", body });
    assert.equal(await response.text(), "POST / HTTP/1.1\n");
  }));

Deno.test("the demo application counts the requests that reached it", () =>
  withApplication(async (application) => {
    assert.equal(application.requests, 0);
    await (await fetch(application.url)).body?.cancel();
    await (await fetch(application.url)).body?.cancel();
    assert.equal(application.requests, 2);
  }));

Deno.test("the demo application frees its port, a kept-alive connection notwithstanding", async () => {
  const application = await startDemoApplication();
  const port = Number(application.url.port);
  using idle = await Deno.connect({ hostname: "127.0.0.1", port });
  await application.close();
  assert.equal(await idle.read(new Uint8Array(1)), null);
  await assert.rejects(
    Deno.connect({ hostname: "127.0.0.1", port }),
    Deno.errors.ConnectionRefused,
  );
});
