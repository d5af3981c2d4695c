import assert from "node:assert/strict";
import {
  BodyReader,
  REQUEST_BODY_FAULTS,
  RESPONSE_BODY_FAULTS,
} from "../../../src/http/body_reader.ts";
import { SidecarError } from "../../../src/errors.ts";
import { Input, type OctetSource } from "../../../src/http/input.ts";
import { RequestHead } from "../../../src/http/request_head.ts";
import { latin1 } from "../../support/octet_reader.ts";
import { PieceSource } from "../../support/piece_source.ts";
import { line } from "./refusals.ts";

function unconsumed(input: Input): string {
  return latin1(input.bytes.subarray(input.start, input.end));
}

Deno.test("Input.more() keeps what is not consumed, wherever it moves it", async () => {
  const input = new Input(new PieceSource(["abc", "def", "g"]));
  assert.equal(await input.more(), true);
  input.start += 1;
  assert.equal(unconsumed(input), "bc");
  await input.more();
  assert.equal(unconsumed(input), "bcdef");
  input.start += 4;
  await input.more();
  assert.equal(unconsumed(input), "fg");
  assert.equal(await input.more(), false);
  assert.equal(unconsumed(input), "fg", "the end takes nothing away");
});

Deno.test("Input uses what arrives in place where nothing is left", async () => {
  const source = new PieceSource(["abc", "def"]);
  const input = new Input(source);
  await input.more();
  const memory = input.bytes.buffer;
  input.start = input.end;
  await input.more();
  assert.equal(input.bytes.buffer, memory);
  assert.equal(unconsumed(input), "def");
});

Deno.test("Input holds no octets while it waits with nothing left", async () => {
  const reads: (Uint8Array | null)[] = [new Uint8Array(10), new Uint8Array(10)];
  const input = new Input({
    read: () => Promise.resolve(reads.shift() ?? null),
  });
  await input.more();
  input.start += 1;
  // What was left was copied, so the memory is the input's own now.
  await input.more();
  input.start = input.end;
  const more = input.more();
  assert.equal(input.bytes.length, 0);
  assert.equal(await more, false);
});

Deno.test("Input grows with what is left, not with what went through", async () => {
  const piece = "x".repeat(1000);
  const input = new Input(new PieceSource(Array(2000).fill(piece)));
  let largest = 0;
  while (await input.more()) {
    // Ten octets stay behind each time: the memory is never simply let go.
    input.start = input.end - 10;
    largest = Math.max(largest, input.bytes.length);
  }
  assert.ok(largest <= 4 * 1010, `${largest} octets for 1010 unconsumed`);
});

Deno.test("Input.more() copies an octet at a time no more than a few times each", async () => {
  const octets = 32 * 1024;
  const input = new Input(new PieceSource(Array(octets).fill("x")));
  const seen = new Set<ArrayBufferLike>();
  while (await input.more()) seen.add(input.bytes.buffer);
  assert.equal(input.available, octets);
  assert.ok(seen.size < 20, `moved ${seen.size} times`);
});

Deno.test("RequestHead.reset() lets go of the octets of the last request", async () => {
  const input = new Input(new PieceSource([line("GET / HTTP/1.1")]));
  const head = new RequestHead();
  await input.more();
  assert.equal(head.parse(input), true);
  head.reset();
  assert.equal(head.bytes.length, 0);
  assert.equal(head.fields.bytes.length, 0);
  assert.equal(head.fields.count, 0);
});

Deno.test("BodyReader leaves what follows the body to the next head", async () => {
  const input = new Input(new PieceSource(["abcdef"]));
  const body = new BodyReader(input, REQUEST_BODY_FAULTS);
  body.begin({ kind: "length", octets: 4 });
  assert.equal(body.take(), undefined);
  await body.more();
  assert.equal(latin1(body.take()!), "abcd");
  assert.equal(body.done, true);
  assert.equal(body.take(), null);
  assert.equal(unconsumed(input), "ef");
});

Deno.test("BodyReader takes nothing of a body that there is not", async () => {
  const input = new Input(new PieceSource(["GET"]));
  const body = new BodyReader(input, REQUEST_BODY_FAULTS);
  await input.more();
  body.begin({ kind: "none" });
  assert.equal(body.done, true);
  assert.equal(body.take(), null);
  assert.equal(unconsumed(input), "GET");
});

Deno.test("BodyReader tells a body that breaks off from one that ends", async () => {
  for (
    const [faults, code] of [
      [REQUEST_BODY_FAULTS, "BODY_INCOMPLETE"],
      [RESPONSE_BODY_FAULTS, "UPSTREAM_CLOSED"],
    ] as const
  ) {
    const body = new BodyReader(new Input(new PieceSource(["abc"])), faults);
    body.begin({ kind: "length", octets: 4 });
    await body.more();
    assert.equal(latin1(body.take()!), "abc");
    assert.equal(body.done, false);
    await assert.rejects(body.more(), { name: "SidecarError", code });
  }
});

Deno.test("BodyReader ends a body until close with the stream, where that ended in order", async () => {
  const body = new BodyReader(
    new Input(new PieceSource(["abc"])),
    RESPONSE_BODY_FAULTS,
  );
  body.begin({ kind: "until-close" });
  await body.more();
  assert.equal(latin1(body.take()!), "abc");
  assert.equal(body.take(), undefined);
  await body.more();
  assert.equal(body.done, true);
  assert.equal(body.take(), null);
  assert.equal(body.trailers, undefined);
});

Deno.test("BodyReader does not take a body until close for whole after a reset", async () => {
  const fault = new SidecarError("UPSTREAM_CLOSED", "Cannot read: reset");
  const broken: OctetSource = { read: () => Promise.resolve(null), fault };
  const body = new BodyReader(new Input(broken), RESPONSE_BODY_FAULTS);
  body.begin({ kind: "until-close" });
  await assert.rejects(body.more(), fault);
  assert.equal(body.done, false);
});
