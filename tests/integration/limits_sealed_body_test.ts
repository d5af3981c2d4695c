import assert from "node:assert/strict";
import type { ApplicationConnection } from "../support/application.ts";
import { limitHits } from "../support/limit_hits.ts";
import { ok, post, postChunked } from "../support/messages.ts";
import { client } from "../support/sidecar.ts";
import { sealScene } from "./seal_scene.ts";

/** All that a body may have. */
const most = "x".repeat(10);

/** A sidecar that holds bodies of up to `held` octets back for their seal. */
function scene(
  script: (application: ApplicationConnection) => Promise<void>,
  held: number,
) {
  return sealScene({ script }, {
    MAX_BODY_BYTES: "10",
    SEAL_BODY: "true",
    SEAL_BODY_MAX_BYTES: String(held),
  });
}

/** What no request reaches. */
function unheard(): Promise<void> {
  return Promise.resolve();
}

for (
  const [title, request] of [
    ["declared", post(`${most}x`).slice(0, -11)],
    ["in chunks", postChunked(`1\r\nx\r\na\r\n${most}\r\n`)],
  ] as const
) {
  Deno.test(`a body ${title} that SEAL_BODY holds back is limited before the application hears of it`, async () => {
    await using here = await scene(unheard, 1000);
    const connection = await here.connect(client);
    await connection.send(request);
    const { status, content } = await connection.response();
    assert.deepEqual([status, content], [413, "BODY_TOO_LARGE\n"]);
    assert.equal(here.application.connections.length, 0);
    connection.close();
    assert.deepEqual(await limitHits(here.sidecar), { body_size: 1 });
  });
}

Deno.test("a declared body that SEAL_BODY would hold back is refused before its client is told to send it", async () => {
  await using here = await scene(unheard, 1000);
  const connection = await here.connect(client);
  await connection.send(
    post(`${most}x`, "Expect: 100-continue\r\n").slice(0, -11),
  );
  assert.match(await connection.head(), /^HTTP\/1\.1 413 /);
});

Deno.test("a body of the limit is passed on, and one beyond it cut, where only the start is held back", async () => {
  const given = Promise.withResolvers<string>();
  await using here = await scene(async (application) => {
    await application.until(`${most}\r\n0\r\n\r\n`);
    await application.write(ok("taken"));
    given.resolve((await application.rest()).text);
  }, 4);
  const connection = await here.connect(client);
  await connection.send(postChunked(`a\r\n${most}\r\n0\r\n\r\n`));
  assert.equal((await connection.response()).content, "taken");
  await connection.send(postChunked("5\r\nbegin\r\n"));
  await connection.send("6\r\nbeyond\r\n0\r\n\r\n");
  assert.equal((await connection.response()).status, 413);
  assert.doesNotMatch(await given.promise, /0\r\n\r\n$/);
  connection.close();
  assert.deepEqual(await limitHits(here.sidecar), { body_size: 1 });
});
