import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import {
  AccessLog,
  type Outcome,
  type RequestNames,
} from "../../../src/proxy/access_log.ts";
import { parseHead } from "./forwarding.ts";

const CONNECTION = AccessLog.connectionPart({
  address: "2001:db8::1",
  tlsVersion: "TLSv1.3",
  resumed: true,
  fingerprint: "00ff".repeat(16),
  subjectHash: "0123abcd",
});

const NAMES: RequestNames = {
  requestId: "id-1",
  traceId: undefined,
  spanId: undefined,
};

const OUTCOME: Outcome = {
  protocol: "http/1.1",
  status: 200,
  fault: undefined,
  durationMs: 1.23456,
  upstreamMs: 0.98765,
  received: 3,
  sent: 4,
};

function fixture(which: "all" | "errors" | "off") {
  const lines: string[] = [];
  const log = new AccessLog({
    lines: { line: (text) => void lines.push(text) },
    which,
    now: () => Date.parse("2026-11-21T09:00:00.987Z"),
  });
  return { log, lines };
}

Deno.test("AccessLog writes one JSON line a request, without query or subject", async () => {
  const { log, lines } = fixture("all");
  const head = await parseHead(
    'GET /a"\\%0a?secret=1?b HTTP/1.0\r\nHost: a\r\n\r\n',
  );
  log.write(CONNECTION, log.requestPart(head, NAMES), OUTCOME);
  assert.equal(lines.length, 1);
  assert.deepEqual(JSON.parse(lines[0]!), {
    time: "2026-11-21T09:00:00.987Z",
    level: "info",
    message: "request",
    "http.request.method": "GET",
    "url.path": '/a"\\%0a',
    "network.protocol.name": "http",
    "network.protocol.version": "1.0",
    request_id: "id-1",
    "http.response.status_code": 200,
    duration_ms: 1.235,
    upstream_duration_ms: 0.988,
    "http.request.body.size": 3,
    "http.response.body.size": 4,
    "client.address": "2001:db8::1",
    "tls.protocol.name": "tls",
    "tls.protocol.version": "1.3",
    "tls.resumed": true,
    "tls.client.hash.sha256": "00FF".repeat(16),
    subject_hash: "0123abcd",
  });
});

Deno.test("AccessLog writes valid JSON for every octet that a method or path may have", async () => {
  const { log, lines } = fixture("all");
  const target = Array.from(
    { length: 94 },
    (_, i) => String.fromCharCode(33 + i),
  )
    .join("").replace(/[#?]/g, "");
  const head = await parseHead(
    `a!#$%&'*+-.^_\`|~9 /${target} HTTP/1.1\r\nHost: a\r\n\r\n`,
  );
  log.write(CONNECTION, log.requestPart(head, NAMES), OUTCOME);
  const line = JSON.parse(lines[0]!);
  assert.equal(line["http.request.method"], "a!#$%&'*+-.^_`|~9");
  assert.equal(line["url.path"], `/${target}`);
});

Deno.test("AccessLog finds no query where there is none, nor one in a later request", async () => {
  const { log } = fixture("all");
  const head = await parseHead(
    "GET /a HTTP/1.1\r\nHost: a\r\nReferer: /?x\r\n\r\nGET /?b HTTP/1.1\r\n",
  );
  assert.match(log.requestPart(head, NAMES)!, /"url.path":"\/a"/);
});

Deno.test("AccessLog writes a line for what was no request, with its reason", () => {
  const { log, lines } = fixture("all");
  log.write(CONNECTION, undefined, {
    ...OUTCOME,
    status: 400,
    fault: new SidecarError("FIELD_INVALID", 'Cannot parse "a": expected b'),
  });
  const line = JSON.parse(lines[0]!);
  assert.equal(line["error.type"], "FIELD_INVALID");
  assert.equal(line["error.message"], 'Cannot parse "a": expected b');
  assert.equal("http.request.method" in line, false);
});

Deno.test("AccessLog writes valid JSON for every visible octet that a request id may have", async () => {
  const { log, lines } = fixture("all");
  const head = await parseHead("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const requestId = Array.from(
    { length: 94 },
    (_, i) => String.fromCharCode(33 + i),
  ).join("");
  log.write(
    CONNECTION,
    log.requestPart(head, { ...NAMES, requestId }),
    OUTCOME,
  );
  assert.equal(JSON.parse(lines[0]!).request_id, requestId);
});

Deno.test("AccessLog names trace and span where there are some, and no upstream time where nothing was asked", async () => {
  const { log, lines } = fixture("all");
  const head = await parseHead("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const names = { ...NAMES, traceId: "a".repeat(32), spanId: "b".repeat(16) };
  const part = log.requestPart(head, names);
  log.write(CONNECTION, part, { ...OUTCOME, upstreamMs: -1 });
  const line = JSON.parse(lines[0]!);
  assert.equal(line.trace_id, "a".repeat(32));
  assert.equal(line.span_id, "b".repeat(16));
  assert.equal("upstream_duration_ms" in line, false);
});

Deno.test("AccessLog names no certificate of a client that is unverified", () => {
  const part = AccessLog.connectionPart({
    address: "192.0.2.1",
    tlsVersion: "TLSv1.2",
    resumed: false,
    fingerprint: undefined,
    subjectHash: undefined,
  });
  assert.deepEqual(JSON.parse(`{${part}}`), {
    "client.address": "192.0.2.1",
    "tls.protocol.name": "tls",
    "tls.protocol.version": "1.2",
    "tls.resumed": false,
  });
});

/** What is logged, and the statuses and codes that are. */
const CHOICES = [
  ["all", ["200", "399", "400", "502", "0 CLIENT_GONE", "200 UPSTREAM_CLOSED"]],
  ["errors", ["400", "502", "0 CLIENT_GONE", "200 UPSTREAM_CLOSED"]],
  ["off", []],
] as const;

Deno.test("AccessLog writes all, what failed, or nothing", async () => {
  const head = await parseHead("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  for (const [which, expected] of CHOICES) {
    const { log, lines } = fixture(which);
    const part = log.requestPart(head, NAMES);
    assert.equal(part === undefined, which === "off");
    for (const status of [200, 399, 400, 502]) {
      log.write(CONNECTION, part, { ...OUTCOME, status });
    }
    log.write(CONNECTION, part, {
      ...OUTCOME,
      status: 0,
      fault: new SidecarError("CLIENT_GONE", "a"),
    });
    log.write(CONNECTION, part, {
      ...OUTCOME,
      fault: new SidecarError("UPSTREAM_CLOSED", "b"),
    });
    const logged = lines.map((line) => {
      const {
        "http.response.status_code": status,
        "error.type": code,
      } = JSON.parse(line);
      return code === undefined ? `${status}` : `${status} ${code}`;
    });
    assert.deepEqual(logged, expected, which);
  }
});
