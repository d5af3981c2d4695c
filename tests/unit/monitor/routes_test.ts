import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { Readiness } from "../../../src/monitor/readiness.ts";
import { Routes } from "../../../src/monitor/routes.ts";
import type { Answer } from "../../../src/monitor/server.ts";
import type { Watched } from "../../../src/monitor/watched.ts";
import { NOW, watching } from "./watching.ts";

/** What a sidecar that is seen as `watched` answers at a path. */
function answered(path: string, watched: Watched): Promise<Answer> {
  const now = () => NOW;
  const routes = new Routes({
    watched,
    readiness: new Readiness({ watched, application: undefined, now }),
    exporter: undefined,
    samples: undefined,
    statusDetail: "loopback",
    now,
  });
  const request = new IncomingMessage(new Socket());
  request.url = path;
  return routes.answer(request);
}

const workers = { wanted: 3, running: 3, silent: [0, 2], heapUsed: 0 };

for (const path of ["/live", "/livez"]) {
  Deno.test(`${path} is 503 while a worker does not answer, and says which`, async () => {
    const { status, body } = await answered(path, watching({ workers }));
    assert.equal(status, 503);
    assert.match(String(body), /no word from worker 0, 2/);
  });
}

Deno.test("/live is 200 while all workers answer, though some have ended", async () => {
  const few = { ...workers, running: 1, silent: [] };
  const { status } = await answered("/live", watching({ workers: few }));
  assert.equal(status, 200);
});

Deno.test("/ready is 503 while there is no worker, and 200 with one of several", async () => {
  for (const [running, expected] of [[0, 503], [1, 200]] as const) {
    const some = { ...workers, running, silent: [] };
    const { status, body } = await answered(
      "/ready",
      watching({ workers: some }),
    );
    assert.equal(status, expected);
    if (running === 0) assert.match(String(body), /serving: no worker/);
  }
});
