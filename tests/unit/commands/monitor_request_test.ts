import assert from "node:assert/strict";
import { askMonitor } from "../../../src/commands/monitor_request.ts";
import { MonitorPort } from "./monitor_port.ts";

const { signal } = new AbortController();

Deno.test("askMonitor() gives status and body, which may be cut between octets", async () => {
  const text = "ü✓".repeat(50_000);
  await using port = new MonitorPort({
    "/status.json": () => new Response(text),
  });
  assert.deepEqual(
    await askMonitor("/status.json", { ...port.settings, signal }),
    { status: 200, body: text },
  );
});

Deno.test("askMonitor() asks loopback where the port is bound to all addresses, else its address", async () => {
  for (
    const [bound, monitorHost] of [
      ["127.0.0.1", "0.0.0.0"],
      ["127.0.0.1", "127.0.0.1"],
      ["127.0.0.2", "127.0.0.2"],
      ["::1", "::"],
      ["::1", "::1"],
    ] as const
  ) {
    await using port = new MonitorPort(
      { "/live": () => new Response("y") },
      bound,
    );
    const settings = { ...port.settings, monitorHost, signal };
    const answer = await askMonitor("/live", settings);
    assert.deepEqual(answer, { status: 200, body: "y" }, monitorHost);
  }
});

Deno.test("askMonitor() takes no answer that has no end", async () => {
  const piece = new Uint8Array(1024 * 1024);
  await using port = new MonitorPort({
    "/live": () =>
      new Response(
        new ReadableStream({ pull: (stream) => stream.enqueue(piece) }),
      ),
  });
  const answer = await askMonitor("/live", { ...port.settings, signal });
  assert.ok("problem" in answer);
  assert.match(answer.problem, /: the answer is too long$/);
});

Deno.test("askMonitor() says so where what listens speaks no HTTP, or nothing", async () => {
  for (const said of ["220 mail.test ESMTP\r\n", ""]) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const served = listener.accept().then(async (connection) => {
      await connection.write(new TextEncoder().encode(said));
      await connection.read(new Uint8Array(1024));
      connection.close();
    });
    const answer = await askMonitor("/live", {
      monitorHost: "127.0.0.1",
      monitorPort: listener.addr.port,
      readinessTimeoutSecs: 1,
      signal,
    });
    assert.ok("problem" in answer);
    assert.match(
      answer.problem,
      /^Cannot ask http:\/\/127\.0\.0\.1:\d+\/live: ./,
    );
    await served;
  }
});

Deno.test("askMonitor() gives up when it is interrupted", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const controller = new AbortController();
  const accepted = listener.accept();
  const answer = askMonitor("/live", {
    monitorHost: "127.0.0.1",
    monitorPort: listener.addr.port,
    readinessTimeoutSecs: 1,
    signal: controller.signal,
  });
  using _connection = await accepted;
  controller.abort();
  const given = await answer;
  assert.ok("problem" in given);
  assert.match(given.problem, /: interrupted$/);
});
