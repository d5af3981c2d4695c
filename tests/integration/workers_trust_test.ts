import assert from "node:assert/strict";
import { attempt } from "../support/attempt.ts";
import { get } from "../support/messages.ts";
import { eventually, soon } from "../support/waiting.ts";
import { statusOf } from "../support/followed_scene.ts";
import { bundle, kept, removed, TrustScene } from "./trust_scene.ts";
import { answerId, idFrom, postedThreads, Spread } from "./workers_scene.ts";

const LOCKOUT = "new trust refuses clients that are connected now";

const LOST = removed.issue();
const STAYS = kept.issue();

/** Whether a new connection of a client is served; of one of the removed CA unless told. */
async function enters(port: number, identity = LOST): Promise<boolean> {
  const tried = attempt({ port, identity });
  const { answer } = await soon(tried, "its end");
  return answer.startsWith("HTTP/1.1 200 ");
}

Deno.test("a CA that is taken out ends its clients' connections on all workers, and the log tells of their sum", async () => {
  await using scene = await TrustScene.set(answerId, {
    settings: { WORKERS: "2" },
  });
  using lost = await Spread.over(scene.sidecar, { identity: LOST });
  using safe = await Spread.over(scene.sidecar);
  await scene.trust(kept);
  const { fields } = await scene.sidecar.event("trust shrank");
  assert.deepEqual(fields, {
    trust_generation: 2,
    retired: lost.clients.length,
  });
  const warned = await scene.sidecar.event(LOCKOUT);
  assert.deepEqual(warned.fields, {
    // Each worker knows a client once, however many connections it has.
    clients: lost.byWorker.size + safe.byWorker.size,
    refused: lost.byWorker.size,
  });
  for (const client of lost.clients) {
    assert.equal((await soon(client.rest(), "its end")).text, "");
  }
  for (const client of safe.clients) await idFrom(client);
  for (let i = 0; i < 10; i++) {
    assert.equal(await enters(scene.sidecar.port), false);
  }
});

Deno.test("no client of a CA is served on a connection that was begun after one of three workers had acknowledged that it is gone, though the others have not heard of it", async () => {
  let acknowledged = Promise.withResolvers<void>();
  let passOn = Promise.withResolvers<void>();
  await using scene = await TrustScene.set(answerId, {
    settings: { WORKERS: "3" },
    spawn: postedThreads({
      onAsked: (worker, question) =>
        question === "commit" && worker > 0 ? passOn.promise : undefined,
      onAnswered: (_, question) => {
        if (question === "commit") acknowledged.resolve();
      },
    }),
  });
  const { port } = scene.sidecar;
  for (let round = 0; round < 3; round++) {
    acknowledged = Promise.withResolvers();
    passOn = Promise.withResolvers();
    using spread = await Spread.over(scene.sidecar, { count: 3 });
    const shrunk = scene.sidecar.nextEvent("trust shrank");
    await scene.put({ "ca/ca.crt": bundle([kept]) });
    await soon(acknowledged.promise, "the first worker");
    const reached: boolean[] = [];
    const served = Array.from({ length: 48 }, async () => {
      const admitted = await enters(port);
      reached.push(admitted);
      return admitted;
    });
    const staying = Array.from({ length: 12 }, () => enters(port, STAYS));
    // The first worker refuses at once, and the others make them wait.
    await eventually(() => reached.length > 0, "the first refusal");
    // Those who were in already, and may stay, are served meanwhile.
    for (const client of spread.byWorker.values()) await idFrom(client);
    assert.ok(reached.length < served.length, "nobody has to wait");
    passOn.resolve();
    assert.deepEqual(new Set(await Promise.all(served)), new Set([false]));
    assert.deepEqual(new Set(await Promise.all(staying)), new Set([true]));
    await shrunk;
    await scene.trust(removed, kept);
    assert.equal(await enters(port), true);
  }
});

Deno.test("no client of a CA is served after the first acknowledgement, however fast it connects while the CA goes and comes", async () => {
  /** From the first acknowledgement until the CA is about to come back. */
  let gone = false;
  let round = 0;
  await using scene = await TrustScene.set(answerId, {
    settings: { WORKERS: "3" },
    spawn: postedThreads({
      onAnswered(_, question) {
        if (question === "commit") gone = round % 2 === 1;
      },
    }),
  });
  const counts = { late: 0, served: 0, wrong: 0 };
  let stop = false;
  const clients = Array.from({ length: 4 }, async () => {
    while (!stop) {
      const begun = { gone, round };
      const served = await enters(scene.sidecar.port);
      if (begun.gone) counts.late++;
      if (served) counts.served++;
      if (served && begun.gone && begun.round === round) counts.wrong++;
    }
  });
  for (let times = 0; times < 4; times++) {
    const { late, served } = counts;
    round++;
    await scene.trust(kept);
    assert.equal(gone, true);
    await eventually(() => counts.late > late + 4, "clients to be refused");
    // From here on they may be let in again.
    round++;
    gone = false;
    await scene.trust(removed, kept);
    await eventually(() => counts.served > served, "clients to be served");
  }
  stop = true;
  await Promise.all(clients);
  assert.equal(counts.wrong, 0);
});

Deno.test("REFUSE_LOCKOUT counts the clients of all workers: one that may stay on one of them is enough", async () => {
  await using scene = await TrustScene.set(answerId, {
    settings: { WORKERS: "2", REFUSE_LOCKOUT: "true" },
  });
  using lost = await Spread.over(scene.sidecar, { identity: LOST });
  const { fields } = await scene.reject({ "ca/ca.crt": bundle([kept]) });
  assert.equal(fields["code"], "LOCKOUT");
  assert.match(String(fields["error"]), /all of the 2 clients/);
  for (const client of lost.clients) await idFrom(client);
  assert.equal(await enters(scene.sidecar.port), true);

  const stays = await scene.connect(kept.issue());
  await idFrom(stays);
  const shrank = scene.sidecar.nextEvent("trust shrank");
  // Other text, as a file that has not changed is not looked at again.
  await scene.put({ "ca/ca.crt": `\n${bundle([kept])}` });
  await shrank;
  for (const client of lost.clients) assert.equal(await statusOf(client), 0);
  await idFrom(stays);
});

Deno.test("REFUSE_LOCKOUT is overruled in all workers by a reload that is asked for", async () => {
  await using scene = await TrustScene.set(answerId, {
    settings: { WORKERS: "2", REFUSE_LOCKOUT: "true" },
  });
  using lost = await Spread.over(scene.sidecar, { identity: LOST });
  await scene.reject({ "ca/ca.crt": bundle([kept]) });
  const reloaded = scene.sidecar.nextEvent("material reloaded");
  scene.sidecar.sidecar.reload();
  await reloaded;
  for (const client of lost.clients) assert.equal(await statusOf(client), 0);
  assert.equal(await enters(scene.sidecar.port), false);
});

Deno.test("a request in hand is finished on every worker when its client's CA is taken out", async () => {
  let asked = 0;
  const cue = Promise.withResolvers<void>();
  await using scene = await TrustScene.set(async (connection) => {
    while (await connection.head() !== undefined) {
      asked++;
      await cue.promise;
      await connection.write(
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast",
      );
    }
  }, { settings: { WORKERS: "2" } });
  const clients = await Promise.all(
    Array.from({ length: 12 }, () => scene.connect(LOST)),
  );
  for (const client of clients) await client.send(get());
  await eventually(() => asked === clients.length, "all requests");
  await scene.trust(kept);
  cue.resolve();
  for (const client of clients) {
    const { head, content } = await soon(client.response(), "the answer");
    assert.equal(content, "last");
    assert.match(head, /^connection: close\r$/im);
  }
});
