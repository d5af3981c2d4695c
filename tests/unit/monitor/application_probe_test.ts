import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import {
  HttpProbe,
  type HttpProbeOptions,
  type ProbeConnection,
} from "../../../src/monitor/application_probe.ts";
import { latin1 } from "../../support/octet_reader.ts";
import { soon } from "../../support/waiting.ts";

/** Connections that answer with these statuses, one after the other. */
class Connections {
  readonly sent: string[] = [];
  destroyed = 0;
  readonly #statuses: readonly number[];

  constructor(statuses: readonly number[] = [200]) {
    this.#statuses = statuses;
  }

  readonly connect = (): Promise<ProbeConnection> => {
    const statuses = [...this.#statuses];
    const head = { status: 0, interim: false };
    return Promise.resolve({
      head,
      send: (octets) => {
        this.sent.push(latin1(octets));
        return Promise.resolve();
      },
      readHead() {
        head.status = statuses.shift() ?? 200;
        head.interim = head.status < 200;
        return undefined;
      },
      destroy: () => void this.destroyed++,
    });
  };
}

function probe(
  connect: HttpProbeOptions["connect"],
  timeoutMs = 20_000,
): HttpProbe {
  return new HttpProbe({
    connect,
    authority: "app:8080",
    requestTarget: "/ready",
    timeoutMs,
  });
}

Deno.test("HttpProbe takes 2xx for ready, and nothing else", async () => {
  for (const status of [200, 204, 299, 301, 400, 503]) {
    const connections = new Connections([status]);
    assert.deepEqual(await probe(connections.connect).ask([]), {
      ok: status < 300,
      detail: `it answered ${status}`,
    });
    assert.equal(connections.destroyed, 1);
  }
});

Deno.test("HttpProbe reads past interim responses, a few", async () => {
  const few = new Connections([100, 103, 200]);
  assert.equal((await probe(few.connect).ask([])).ok, true);
  const many = new Connections(Array(100).fill(103));
  assert.equal((await probe(many.connect).ask([])).ok, false);
});

Deno.test("HttpProbe passes on no line that would end another, nor one of the hop", async () => {
  const connections = new Connections();
  await probe(connections.connect).ask([
    ...["Host", "evil", "X-A", "1", "X-B", "a\r\nX-Client-CN: root"],
    ...["X C", "2", "", "3", "X-D", "\xe9", "Content-Length", "5"],
    ...["Transfer-Encoding", "chunked", "Connection", "close, x-hop"],
    ...["X-Hop", "4", "TE", "trailers", "Upgrade", "h2c", "X-Request-Id", "r"],
    ...["Forwarded", "for=1", "X-Forwarded-Client-Cert", "a", "SIGNATURE", "b"],
  ]);
  assert.deepEqual(connections.sent, [
    "GET /ready HTTP/1.1\r\nHost: app:8080\r\nX-A: 1\r\nX-Request-Id: r\r\n" +
    "Connection: close\r\n\r\n",
  ]);
});

Deno.test("HttpProbe says why it got no answer, and that one came too late", async () => {
  const refused = probe(() =>
    Promise.reject(new SidecarError("UPSTREAM_CONNECT_FAILED", "refused"))
  );
  assert.deepEqual(await refused.ask([]), {
    ok: false,
    detail: "UPSTREAM_CONNECT_FAILED",
  });
  const hanging = Promise.withResolvers<ProbeConnection>();
  const late = probe(() => hanging.promise, 20);
  assert.deepEqual(await soon(late.ask([]), "the time limit"), {
    ok: false,
    detail: "no answer within 0.02 s",
  });
  // A connection that is made after all is not left open.
  const connections = new Connections();
  hanging.resolve(await connections.connect());
  await hanging.promise;
  await Promise.resolve();
  assert.equal(connections.destroyed, 1);
});

Deno.test("HttpProbe shares a call among those who ask the same, and asks anew after it", async () => {
  const connections = new Connections();
  const made = probe(connections.connect);
  const asked = ["a", "a", "b"].map((value) => made.ask(["X-A", value]));
  await Promise.all(asked);
  assert.equal(connections.sent.length, 2);
  await made.ask(["X-A", "a"]);
  assert.equal(connections.sent.length, 3);
});

Deno.test("HttpProbe gives the oldest call up where too many are under way, and shares no answer with other headers", async () => {
  const connections = new Connections();
  const asking = probe(() => connections.connect());
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, i) => asking.ask(["X-A", `${i}`])),
  );
  assert.deepEqual(
    results.map(({ ok }) => ok),
    Array.from({ length: 40 }, (_, i) => i >= 8),
  );
  assert.equal(results[0]!.detail, "others asked meanwhile");
});
