import assert from "node:assert/strict";
import { formatTraceParent, RuntimeSpans } from "../../../src/proxy/spans.ts";
import {
  parseTraceParent,
  traceParent,
} from "../../../src/proxy/trace_context.ts";
import { parseHead } from "./forwarding.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const VALID = `00-${TRACE}-${SPAN}-01`;

Deno.test("parseTraceParent() reads version 00, and what later versions keep of it", () => {
  const expected = { traceId: TRACE, spanId: SPAN, flags: 1 };
  assert.deepEqual(parseTraceParent(VALID), expected);
  assert.deepEqual(parseTraceParent(`cc${VALID.slice(2)}`), expected);
  assert.deepEqual(parseTraceParent(`cc${VALID.slice(2)}-later`), expected);
});

for (
  const [what, value] of [
    ["nothing", ""],
    ["the version ff", `ff${VALID.slice(2)}`],
    ["upper case", VALID.toUpperCase()],
    ["a trace of zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["a span of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["more behind version 00", `${VALID}-00`],
    ["a short trace", `00-${TRACE.slice(1)}-${SPAN}-01`],
    ["more flags", `${VALID}0`],
    ["a list", `${VALID},${VALID}`],
  ] as const
) {
  Deno.test(`parseTraceParent() does not take ${what}`, () => {
    assert.equal(parseTraceParent(value), undefined);
  });
}

Deno.test("formatTraceParent() writes what parseTraceParent() reads", () => {
  assert.equal(formatTraceParent(parseTraceParent(VALID)!), VALID);
});

Deno.test("traceParent() finds the one field, and takes two for none", async () => {
  const head = (lines: string) =>
    parseHead(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
  const line = `Traceparent: ${VALID}\r\n`;
  assert.equal(traceParent((await head(line)).fields)?.traceId, TRACE);
  assert.equal(traceParent((await head(line + line)).fields), undefined);
  assert.equal(traceParent((await head("")).fields), undefined);
  const long = `traceparent: cc${VALID.slice(2)}-${"a".repeat(100)}\r\n`;
  assert.equal(traceParent((await head(long)).fields), undefined);
});

Deno.test("RuntimeSpans begins a span beneath the client's, without the query, and ends it with what came of it", async () => {
  const seen: unknown[] = [];
  const spans = new RuntimeSpans({
    startSpan(name, options, context) {
      seen.push([name, options, context]);
      return {
        spanContext: () => ({ traceId: TRACE, spanId: SPAN, traceFlags: 1 }),
        setAttribute: (name, value) => void seen.push([name, value]),
        setStatus: (status) => void seen.push(status),
        end: () => void seen.push("end"),
      };
    },
  });
  const head = await parseHead("POST /a?secret=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  const span = spans.begin(head, undefined);
  assert.deepEqual(span.context, { traceId: TRACE, spanId: SPAN, flags: 1 });
  span.end({
    protocol: "http/1.1",
    status: 502,
    fault: { code: "UPSTREAM_CLOSED" },
    durationMs: 1,
    upstreamMs: -1,
    received: 2,
    sent: 3,
  });
  assert.deepEqual(seen, [
    ["POST", {
      kind: 1,
      attributes: {
        "http.request.method": "POST",
        "url.path": "/a",
        "url.scheme": "https",
      },
    }, undefined],
    ["http.response.status_code", 502],
    ["http.request.body.size", 2],
    ["http.response.body.size", 3],
    ["error.type", "UPSTREAM_CLOSED"],
    { code: 2 },
    "end",
  ]);
});
