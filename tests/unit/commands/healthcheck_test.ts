import assert from "node:assert/strict";
import { healthcheck } from "../../../src/commands/healthcheck.ts";
import { TestSidecar } from "../../support/sidecar.ts";
import { MonitorPort, nobody } from "./monitor_port.ts";

const { signal } = new AbortController();

Deno.test("healthcheck() asks /live, and /ready where that is wanted", async () => {
  await using port = new MonitorPort({
    "/live": () => new Response("live: serving\n"),
    "/ready": () =>
      new Response("[-] application: no answer\nnot ready\n", { status: 503 }),
  });
  const { settings } = port;
  assert.deepEqual(await healthcheck(settings, { ready: false, signal }), {
    output: "live: serving\n",
    passed: true,
  });
  assert.deepEqual(await healthcheck(settings, { ready: true, signal }), {
    output: "[-] application: no answer\nnot ready\n",
    passed: false,
  });
  assert.deepEqual(port.asked, ["/live", "/ready"]);
});

Deno.test("healthcheck() passes nothing but 200", async () => {
  for (const status of [204, 302, 404, 500]) {
    const headers = { location: "/elsewhere" };
    await using port = new MonitorPort({
      "/live": () => new Response(null, { status, headers }),
    });
    const { settings } = port;
    const { passed } = await healthcheck(settings, { ready: false, signal });
    assert.equal(passed, false, `${status}`);
    // A redirection is not followed: it could lead anywhere.
    assert.deepEqual(port.asked, ["/live"]);
  }
});

Deno.test("healthcheck() fails where nobody listens, or the port is off", async () => {
  const settings = nobody();
  const { monitorPort } = settings;
  assert.deepEqual(await healthcheck(settings, { ready: false, signal }), {
    output:
      `Cannot ask http://127.0.0.1:${monitorPort}/live: nothing listens there\n`,
    passed: false,
  });
  const off = { ...settings, monitorPort: 0 };
  assert.deepEqual(await healthcheck(off, { ready: true, signal }), {
    output: "Cannot use MONITOR_PORT 0: expected a port that is on\n",
    passed: false,
  });
});

Deno.test("healthcheck() prints nothing that acts on a terminal", async () => {
  await using port = new MonitorPort({
    "/live": () => new Response("\x1b[2Jlive\r\n"),
  });
  const { settings } = port;
  const { output } = await healthcheck(settings, { ready: false, signal });
  assert.equal(output, "\\u{1b}[2Jlive\n");
});

Deno.test("healthcheck() agrees with a sidecar that serves", async () => {
  await using sidecar = await TestSidecar.start({ monitor: true });
  const settings = {
    monitorHost: "0.0.0.0",
    monitorPort: sidecar.sidecar.monitor!.port,
    readinessTimeoutSecs: 1,
  };
  for (const ready of [false, true]) {
    const { passed } = await healthcheck(settings, { ready, signal });
    assert.equal(passed, true);
  }
});
