import assert from "node:assert/strict";
import {
  BodyReader,
  type MessageBody,
  REQUEST_BODY_FAULTS,
} from "../../../src/http/body_reader.ts";
import { Input } from "../../../src/http/input.ts";
import { RequestHead } from "../../../src/http/request_head.ts";
import { BodyLimit } from "../../../src/proxy/body_limit.ts";
import type { ClientRequest } from "../../../src/proxy/client_request.ts";
import { get, post, postChunked } from "../../support/messages.ts";
import { latin1 } from "../../support/octet_reader.ts";
import { PieceSource } from "../../support/piece_source.ts";

const MAX = 4;

/** The body of a request under a limit of `MAX`, and how often it was met. */
async function limited(...pieces: string[]) {
  const input = new Input(new PieceSource(pieces));
  const head = new RequestHead();
  while (input.available === 0 || !head.parse(input)) await input.more();
  const body = new BodyReader(input, REQUEST_BODY_FAULTS);
  body.begin(head.framing);
  const met = { times: 0 };
  const limit = new BodyLimit(MAX, () => met.times++);
  const request: Pick<ClientRequest, "head" | "body"> = { head, body };
  return { whole: body, met, bodyOf: () => limit.bodyOf(request) };
}

async function contentOf(body: MessageBody): Promise<string> {
  let text = "";
  for (let piece; (piece = body.take()) !== null;) {
    if (piece === undefined) await body.more();
    else text += latin1(piece);
  }
  return text;
}

Deno.test("BodyLimit gives the body itself where its head says that it is small enough", async () => {
  for (const request of [get(), post(""), post("abcd")]) {
    const { whole, bodyOf, met } = await limited(request);
    assert.equal(bodyOf(), whole);
    assert.equal(met.times, 0);
  }
});

Deno.test("BodyLimit.bodyOf() throws BODY_TOO_LARGE where the head says that it is too large", async () => {
  const { whole, bodyOf, met } = await limited(post("abcde").slice(0, -5));
  assert.throws(bodyOf, {
    code: "BODY_TOO_LARGE",
    message: "Cannot take the request's body: expected at most 4 octets",
  });
  assert.deepEqual([whole.taken, met.times], [0, 1]);
});

Deno.test("a limited body of the largest size comes whole, trailers and all", async () => {
  const { bodyOf, met } = await limited(
    postChunked("1\r\na\r\n3\r\nb"),
    "cd\r\n0\r\nA: b\r\n\r\n",
  );
  const body = bodyOf();
  assert.equal(body.done, false);
  assert.equal(await contentOf(body), "abcd");
  assert.deepEqual([body.done, body.taken, met.times], [true, 4, 0]);
  assert.equal(body.trailers?.count, 1);
});

Deno.test("a limited body throws BODY_TOO_LARGE in place of the piece that is too much", async () => {
  const { bodyOf, met } = await limited(
    postChunked("3\r\nabc\r\n"),
    "2\r\nde\r\n0\r\n\r\n",
  );
  const body = bodyOf();
  assert.equal(latin1(body.take()!), "abc");
  assert.equal(body.take(), undefined);
  await body.more();
  assert.throws(() => body.take(), { code: "BODY_TOO_LARGE" });
  assert.equal(met.times, 1);
});
