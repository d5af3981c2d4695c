import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BodyReader,
  REQUEST_BODY_FAULTS,
} from "../../../src/http/body_reader.ts";
import type { Framing } from "../../../src/http/framing.ts";
import { Input } from "../../../src/http/input.ts";
import type { ClientRequest } from "../../../src/proxy/client_request.ts";
import { HeldBody, holdBody } from "../../../src/proxy/held_body.ts";
import { latin1 } from "../../support/octet_reader.ts";
import { cut, PieceSource } from "../../support/piece_source.ts";

const MAX = 16;

/** A request of which only the body is looked at. */
function requestOf(
  pieces: readonly string[],
  framing: Framing,
): Pick<ClientRequest, "body" | "moreBody"> & { reads(): number } {
  const source = new PieceSource(pieces);
  const body = new BodyReader(new Input(source), REQUEST_BODY_FAULTS);
  body.begin(framing);
  return {
    body,
    moreBody: () => body.more(),
    reads: () => source.reads,
  };
}

function hold(request: Pick<ClientRequest, "body" | "moreBody">) {
  return holdBody(request, { body: request.body, maxOctets: MAX });
}

/** All that a body still gives. */
async function rest(body: HeldBody): Promise<string> {
  let text = "";
  for (let piece; (piece = body.take()) !== null;) {
    if (piece === undefined) await body.more();
    else text += latin1(piece);
  }
  return text;
}

function length(octets: number): Framing {
  return { kind: "length", octets };
}

Deno.test("holdBody() takes a body up to its limit whole, and reads no further", async () => {
  const text = "x".repeat(MAX);
  const request = requestOf(
    [text.slice(0, 7), text.slice(7), "next"],
    length(MAX),
  );
  const held = await hold(request);
  assert.equal(latin1(held), text);
  assert.ok(request.body.done);
  assert.equal(request.reads(), 2);
});

Deno.test("holdBody() stops at the first piece beyond its limit", async () => {
  const request = requestOf(["x".repeat(MAX), "y", "z"], length(MAX + 2));
  const held = await hold(request);
  assert.equal(latin1(held), "x".repeat(MAX) + "y");
  assert.ok(!request.body.done);
  assert.equal(request.reads(), 2);
});

Deno.test("holdBody() holds nothing of a request without a body", async () => {
  const request = requestOf(["next"], { kind: "none" });
  assert.equal((await hold(request)).length, 0);
  assert.equal(request.reads(), 0);
});

Deno.test("holdBody() rejects where the body ends too early", async () => {
  const request = requestOf(["half"], length(8));
  await assert.rejects(hold(request), { code: "BODY_INCOMPLETE" });
});

Deno.test("a HeldBody without anything is done at once", () => {
  const { body } = requestOf([], { kind: "none" });
  const held = new HeldBody(new Uint8Array(0), body);
  assert.ok(held.done);
  assert.equal(held.take(), null);
});

Deno.test("a HeldBody is not done before what was held has been taken, though the body beneath is", async () => {
  const request = requestOf(["ab"], length(2));
  const held = new HeldBody(await hold(request), request.body);
  assert.deepEqual([held.done, held.taken], [false, 2]);
  assert.equal(await rest(held), "ab");
  assert.deepEqual([held.done, held.taken], [true, 2]);
});

Deno.test("a HeldBody has the trailers of the body beneath", async () => {
  const request = requestOf(["1\r\na\r\n0\r\nA: b\r\n\r\n"], {
    kind: "chunked",
  });
  const held = new HeldBody(await hold(request), request.body);
  await rest(held);
  assert.equal(held.trailers?.count, 1);
});

Deno.test("what is held, and what follows it, is the body: for any content, framing and cuts", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: fc.constantFrom(..."0aF\r\n;:\xff"), maxLength: 40 }),
      fc.boolean(),
      fc.array(fc.nat(80), { maxLength: 6 }),
      async (content, chunked, positions) => {
        const text = chunked
          ? cut(content, positions).filter((part) => part !== "")
            .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
            .join("") + "0\r\n\r\n"
          : content;
        const request = requestOf(
          cut(text, positions),
          chunked
            ? { kind: "chunked" }
            : content === ""
            ? { kind: "none" }
            : length(content.length),
        );
        const held = await hold(request);
        assert.equal(held.length > MAX || request.body.done, true);
        assert.equal(latin1(held), content.slice(0, held.length));
        assert.equal(await rest(new HeldBody(held, request.body)), content);
      },
    ),
  );
});
