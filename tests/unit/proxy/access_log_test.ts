import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import { AccessLog, type Outcome } from "../../../src/proxy/access_log.ts";
import { parseHead } from "./forwarding.ts";

const CONNECTION = AccessLog.connectionPart({
  address: "2001:db8::1",
  tlsVersion: "TLSv1.3",
  subjectHash: "0123abcd",
});

const OUTCOME: Outcome = {
  status: 200,
  fault: undefined,
  durationMs: 1.23456,
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
  log.write(CONNECTION, log.requestPart(head), OUTCOME);
  assert.equal(lines.length, 1);
  assert.deepEqual(JSON.parse(lines[0]!), {
    time: "2026-11-21T09:00:00.987Z",
    level: "info",
    message: "request",
    method: "GET",
    path: '/a"\\%0a',
    protocol: "HTTP/1.0",
    status: 200,
    duration_ms: 1.235,
    received: 3,
    sent: 4,
    client: "2001:db8::1",
    tls: "TLSv1.3",
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
  log.write(CONNECTION, log.requestPart(head), OUTCOME);
  const { method, path } = JSON.parse(lines[0]!);
  assert.equal(method, "a!#$%&'*+-.^_`|~9");
  assert.equal(path, `/${target}`);
});

Deno.test("AccessLog finds no query where there is none, nor one in a later request", async () => {
  const { log } = fixture("all");
  const head = await parseHead(
    "GET /a HTTP/1.1\r\nHost: a\r\nReferer: /?x\r\n\r\nGET /?b HTTP/1.1\r\n",
  );
  assert.match(log.requestPart(head)!, /"path":"\/a"/);
});

Deno.test("AccessLog writes a line for what was no request, with its reason", () => {
  const { log, lines } = fixture("all");
  log.write(CONNECTION, undefined, {
    ...OUTCOME,
    status: 400,
    fault: new SidecarError("FIELD_INVALID", 'Cannot parse "a": expected b'),
  });
  const line = JSON.parse(lines[0]!);
  assert.equal(line.code, "FIELD_INVALID");
  assert.equal(line.detail, 'Cannot parse "a": expected b');
  assert.equal("method" in line, false);
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
    const part = log.requestPart(head);
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
      const { status, code } = JSON.parse(line);
      return code === undefined ? `${status}` : `${status} ${code}`;
    });
    assert.deepEqual(logged, expected, which);
  }
});
