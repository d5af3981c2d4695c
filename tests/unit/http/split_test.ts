import assert from "node:assert/strict";
import fc from "fast-check";
import { damaged, request, response } from "../../support/http_arbitrary.ts";
import { cut } from "../../support/piece_source.ts";
import { readRequests, readResponses } from "./message_reader.ts";

const positions = fc.array(fc.nat(2000), { maxLength: 12 });

Deno.test("valid pipelined requests are all taken", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(request, { maxLength: 4 }),
    async (requests) => {
      const { messages, verdict } = await readRequests([requests.join("")]);
      assert.equal(verdict, "end");
      assert.equal(messages.length, requests.length);
    },
  ));
});

Deno.test("any split of pipelined requests is read alike, whole or damaged", async () => {
  const stream = fc.array(request, { maxLength: 3 }).map((all) => all.join(""));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(stream, damaged(stream)),
      positions,
      async (text, at) => {
        const whole = await readRequests([text]);
        assert.deepEqual(await readRequests(cut(text, at)), whole);
        assert.deepEqual(await readRequests([...text]), whole);
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("any split of responses is read alike, whole or damaged", async () => {
  const stream = fc.array(response, { maxLength: 3 }).map((all) =>
    all.join("")
  );
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(stream, damaged(stream)),
      positions,
      fc.constantFrom("GET", "HEAD"),
      async (text, at, method) => {
        const whole = await readResponses([text], method);
        assert.deepEqual(await readResponses(cut(text, at), method), whole);
        assert.deepEqual(await readResponses([...text], method), whole);
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("whatever follows a request that is whole does not change it", async () => {
  await fc.assert(fc.asyncProperty(
    request,
    damaged(request),
    async (first, rest) => {
      const alone = await readRequests([first]);
      const followed = await readRequests([first + rest]);
      assert.deepEqual(followed.messages[0], alone.messages[0]);
    },
  ));
});
