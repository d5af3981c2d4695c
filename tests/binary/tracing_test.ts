import assert from "node:assert/strict";
import { Application } from "../support/application.ts";
import { Collector } from "../support/collector.ts";
import { temporaryDirectory } from "../support/files.ts";
import { fieldValues, get, ok } from "../support/messages.ts";
import { Program } from "../support/program.ts";
import { RawClient } from "../support/raw_client.ts";
import { client, root, server } from "../support/sidecar.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";

/** Sends requests one after the other through the program, and ends it. What the application was sent. */
async function exchange(
  env: Readonly<Record<string, string>>,
  requests: readonly string[],
): Promise<{ heads: string[]; lines: Program["lines"] }> {
  await using files = await temporaryDirectory({
    "tls.crt": server.chainPem,
    "tls.key": server.keyPem,
    "ca.crt": root.certPem,
  });
  const heads: string[] = [];
  await using application = await Application.start(async (connection) => {
    for (;;) {
      const head = await connection.head();
      if (head === undefined) break;
      heads.push(head);
      if (head.startsWith("GET /cut")) break;
      await connection.write(ok("hello"));
    }
    connection.end();
  });
  await using program = new Program({
    CERT_DIR: files.path,
    CA_DIR: files.path,
    UPSTREAM_URL: application.url,
    ...env,
  });
  const { port } = await program.line("serving");
  using connection = await RawClient.connect({
    port: Number(port),
    caCerts: [root.certPem],
    identity: client,
  });
  for (const request of requests) {
    await connection.send(request);
    await connection.response();
  }
  connection.close();
  program.kill("SIGTERM");
  assert.deepEqual(await program.ended(), { code: 0, stderr: "" });
  const lines = program.lines.filter(({ message }) => message === "request");
  return { heads, lines };
}

Deno.test("with OTEL_DENO=true each exchange is one span, a child of the client's and the parent of what the application does", async () => {
  await using collector = await Collector.start();
  const { heads, lines } = await exchange(collector.env, [
    get("/a?secret=1", `traceparent: 00-${TRACE}-${CALLER}-01\r\n`),
    get("/b"),
  ]);
  const spans = collector.spans.filter(({ scope }) => scope === "mtls-sidecar");
  assert.equal(spans.length, 2);
  const [child, own] = spans;
  assert.equal(child?.traceId, TRACE);
  assert.equal(child?.parentSpanId, CALLER);
  assert.notEqual(own?.traceId, TRACE);
  assert.equal(own?.parentSpanId, "");
  for (const [i, { traceId, spanId, name, kind, status }] of spans.entries()) {
    assert.deepEqual([name, kind, status], ["GET", 2, 0]);
    assert.deepEqual(fieldValues(heads[i]!, "traceparent"), [
      `00-${traceId}-${spanId}-01`,
    ]);
    assert.equal(lines[i]?.["trace_id"], traceId);
    assert.equal(lines[i]?.["span_id"], spanId);
  }
  assert.deepEqual(child?.attributes, {
    "http.request.method": "GET",
    "url.path": "/a",
    "url.scheme": "https",
    "http.response.status_code": 200,
    "http.request.body.size": 0,
    "http.response.body.size": 5,
  });
});

Deno.test("a span of an exchange that failed says so", async () => {
  await using collector = await Collector.start();
  await exchange(collector.env, [get("/cut")]);
  const [span] = collector.spans.filter(({ scope }) =>
    scope === "mtls-sidecar"
  );
  assert.equal(span?.status, 2);
  assert.equal(span?.attributes["error.type"], "UPSTREAM_CLOSED");
  assert.equal(span?.attributes["http.response.status_code"], 502);
});

Deno.test("without OTEL_DENO no span is made: traceparent goes on as it came, and is logged", async () => {
  const { heads, lines } = await exchange({}, [
    get("/a", `traceparent: 00-${TRACE}-${CALLER}-00\r\n`),
    get("/b"),
    get("/c", "traceparent: nonsense\r\n"),
  ]);
  assert.deepEqual(heads.map((head) => fieldValues(head, "traceparent")), [
    [`00-${TRACE}-${CALLER}-00`],
    [],
    ["nonsense"],
  ]);
  assert.deepEqual(lines.map((line) => [line["trace_id"], line["span_id"]]), [
    [TRACE, undefined],
    [undefined, undefined],
    [undefined, undefined],
  ]);
});
