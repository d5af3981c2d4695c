import assert from "node:assert/strict";
import type { Spawn } from "../../src/workers/worker_link.ts";
import { attempt } from "../support/attempt.ts";
import { get, ok } from "../support/messages.ts";
import { createAuthority } from "../support/pki.ts";
import type { RawClient } from "../support/raw_client.ts";
import { Scrape } from "../support/scrape.ts";
import { TestSidecar } from "../support/sidecar.ts";
import { eventually, soon } from "../support/waiting.ts";
import { kept, TrustScene } from "./trust_scene.ts";
import { answerId, idFrom, Spread, workerOf } from "./workers_scene.ts";

/** Threads that end by an error when they are told to. */
class MortalThreads {
  readonly #threads = new Map<number, Worker>();

  readonly spawn: Spawn = (index) => {
    const module = new URL("../support/mortal_worker.ts", import.meta.url);
    const thread = new Worker(module, { type: "module" });
    const { port1, port2 } = new MessageChannel();
    thread.postMessage(null, [port2]);
    this.#threads.set(index, thread);
    return {
      port: port1,
      onEnded: (listener) =>
        thread.addEventListener("error", (event) => {
          event.preventDefault();
          listener(event.message);
        }),
      terminate() {
        thread.terminate();
        port1.close();
      },
    };
  };

  /** Makes the thread at `index` end. */
  end(index: number): void {
    this.#threads.get(index)!.postMessage("end");
  }
}

/** Requests in flight on both workers, and how they are answered. */
async function inFlight(settings: Readonly<Record<string, string>> = {}) {
  const cue = Promise.withResolvers<void>();
  let asked = 0;
  const scene = await TrustScene.set(async (connection) => {
    await connection.head();
    asked++;
    await cue.promise;
    await connection.write(ok("whole"));
  }, { settings: { WORKERS: "2", ...settings } });
  const identity = kept.issue();
  const clients: RawClient[] = [];
  // So many lie on one worker alone once in 2^15 times, and the test is as good then.
  for (let i = 0; i < 16; i++) clients.push(await scene.connect(identity));
  for (const client of clients) await client.send(get());
  await eventually(() => asked === clients.length, "all requests");
  return { scene, clients, answer: () => cue.resolve() };
}

/** Whether nobody listens on a port. */
async function isClosed(port: number): Promise<boolean> {
  try {
    using _ = await Deno.connect({ hostname: "127.0.0.1", port });
    return false;
  } catch {
    return true;
  }
}

Deno.test("shutdown lets requests in flight on all workers finish, and tells that all was finished", async () => {
  const { scene, clients, answer } = await inFlight();
  await using _ = scene;
  const { port } = scene.sidecar;
  const stranger = createAuthority().issue();
  await soon(attempt({ port, identity: stranger }), "its end");
  const finished = scene.sidecar.shutdown();
  const { fields } = await scene.sidecar.event("shutting down");
  assert.equal(typeof fields["connections"], "number");
  await eventually(() => isClosed(port), "the port to close");
  answer();
  for (const client of clients) {
    const { head, content } = await soon(client.response(), "the answer");
    assert.equal(content, "whole");
    assert.match(head, /^connection: close\r$/im);
    assert.deepEqual(await client.rest(), { text: "", end: "ended" });
    client.close();
  }
  assert.equal(await finished, true);
  assert.equal(scene.sidecar.entries.length, clients.length);
  const stopped = await scene.sidecar.event("stopped");
  assert.equal(stopped.fields["finished"], true);
  // Counted after the last time that workers were asked, but for the very last.
  const refused = stopped.fields["connections_refused"] ?? {};
  assert.deepEqual(Object.values(refused), [1]);
});

Deno.test("shutdown cuts what takes longer than it may, on all workers, and tells that not all was finished", async () => {
  const { scene, clients, answer } = await inFlight({
    SHUTDOWN_TIMEOUT_SECS: "0",
  });
  await using _ = scene;
  assert.equal(await scene.sidecar.shutdown(), false);
  for (const client of clients) {
    assert.notEqual((await soon(client.rest(), "the cut")).end, "ended");
  }
  answer();
  assert.equal(scene.sidecar.entries.length, clients.length);
  const { fields } = await scene.sidecar.event("stopped");
  assert.equal(fields["finished"], false);
});

Deno.test("a worker that dies is replaced, counted and told of, and the port goes on to serve", async () => {
  const threads = new MortalThreads();
  await using scene = await TrustScene.set(answerId, {
    settings: { WORKERS: "2", ENABLE_METRICS: "true" },
    monitor: true,
    spawn: threads.spawn,
  });
  const { sidecar } = scene;
  using before = await Spread.over(sidecar);
  const { length } = before.ids;
  // What it has told by now stays counted.
  await Scrape.of(sidecar.monitorUrl);
  threads.end(1);
  const { level, fields } = await sidecar.event(
    "a worker has ended, and another takes its place",
  );
  assert.deepEqual([level, fields["worker"]], ["error", 1]);
  assert.match(String(fields["reason"]), /told to end/);
  // The other one has the port, when the thread is gone: what the system hands to
  // that until then is reset.
  const leaf = kept.issue();
  const connected = async () => {
    for (;;) {
      try {
        return await scene.connect(leaf);
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
      }
    }
  };
  await idFrom(await soon(connected(), "a connection"));
  await sidecar.event("a worker took the place of another");

  using after = await Spread.over(sidecar);
  const known = new Set(before.ids.map(workerOf));
  const others = [...after.byWorker.keys()].filter((one) => !known.has(one));
  assert.equal(others.length, 1, "one worker is new");
  const scrape = await Scrape.of(sidecar.monitorUrl);
  assert.equal(scrape.value("mtls_sidecar_workers"), 2);
  assert.equal(scrape.value("mtls_sidecar_workers_replaced_total"), 1);
  const requests = scrape.value("mtls_sidecar_requests_total", {
    protocol: "http/1.1",
    code_class: "2xx",
  });
  assert.equal(requests, length + 1 + after.ids.length);

  // The one that came later follows the files like the others.
  await scene.trust(kept);
  const shrank = await sidecar.event("trust shrank");
  assert.equal(shrank.fields["retired"], 0);
  await idFrom(after.byWorker.get(others[0]!)!);
});

Deno.test("a port that another sidecar with workers listens on refuses the start, and takes no connection from it", async () => {
  await using scene = await TrustScene.set(answerId, {
    settings: { WORKERS: "2" },
  });
  await assert.rejects(
    TestSidecar.start({
      directory: scene.directory,
      settings: { WORKERS: "2", TLS_LISTEN_PORT: `${scene.sidecar.port}` },
    }),
    { code: "LISTEN_FAILED" },
  );
  using spread = await Spread.over(scene.sidecar);
  assert.equal(spread.byWorker.size, 2);
});
