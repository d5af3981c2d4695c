import assert from "node:assert/strict";
import fc from "fast-check";
import { Input } from "../../../src/http/input.ts";
import { FrameType } from "../../../src/http2/frame.ts";
import { FrameReader, MORE } from "../../../src/http2/frame_reader.ts";
import { PREFACE, takePreface } from "../../../src/http2/preface.ts";
import { latin1 } from "../../support/octet_reader.ts";
import { cut, PieceSource } from "../../support/piece_source.ts";
import { frame, readFrames } from "./frame_events.ts";

const anyFrame = fc.record({
  type: fc.oneof(fc.nat(10), fc.constantFrom(0, 0, 1, 9)),
  flags: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 4, 8)),
  streamId: fc.oneof(fc.nat(3), fc.nat(2 ** 31 - 1)),
  payload: fc.uint8Array({ maxLength: 40 }).map(latin1),
}).map(frame);

/** Most frames of any kind are refused; these go far. */
const goodFrame = fc.oneof(
  fc.record({
    type: fc.constantFrom(FrameType.DATA, FrameType.HEADERS),
    flags: fc.constantFrom(4, 5, 12, 13),
    streamId: fc.integer({ min: 1, max: 9 }),
    payload: fc.tuple(fc.nat(9), fc.uint8Array({ minLength: 9, maxLength: 60 }))
      .map(([padding, rest]) => String.fromCharCode(padding) + latin1(rest)),
  }).map(frame),
  fc.constantFrom(
    frame({ type: FrameType.PING, payload: "12345678" }),
    frame({ type: FrameType.DATA, streamId: 1 }),
    frame({ type: 0x77, payload: "x".repeat(20) }),
    frame({ type: FrameType.HEADERS, streamId: 1, payload: "ab" }) +
      frame({ type: FrameType.CONTINUATION, streamId: 1, flags: 4 }),
    frame({ type: FrameType.PRIORITY, streamId: 1, payload: "1" }),
  ),
);

const stream = fc.array(
  fc.oneof({ weight: 5, arbitrary: goodFrame }, {
    weight: 1,
    arbitrary: anyFrame,
  }),
  { maxLength: 12 },
).map((frames) => frames.join(""));

Deno.test("any split of frames is read alike, well-formed or not", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(stream, fc.uint8Array({ maxLength: 60 }).map(latin1)),
      fc.array(fc.nat(600), { maxLength: 12 }),
      async (text, at) => {
        const whole = await readFrames([text]);
        assert.deepEqual(await readFrames(cut(text, at)), whole);
        assert.deepEqual(await readFrames([...text]), whole);
      },
    ),
    { numRuns: 600 },
  );
});

Deno.test("content is given as it arrives, and nothing of a frame is held back", async () => {
  const text = frame({
    type: FrameType.DATA,
    streamId: 1,
    flags: 1,
    payload: "x".repeat(16_384),
  });
  const input = new Input(new PieceSource(cut(text, [9, 1000, 1001, 16_000])));
  const reader = new FrameReader();
  const pieces: [number, number, boolean][] = [];
  for (;;) {
    if (reader.take(input) !== MORE) {
      pieces.push([
        reader.end - reader.start,
        reader.flowOctets,
        reader.endStream,
      ]);
      assert.equal(input.available, 0);
    } else if (!await input.more()) break;
  }
  assert.deepEqual(pieces, [
    [991, 991, false],
    [1, 1, false],
    [14_999, 14_999, false],
    [393, 393, true],
  ]);
});

Deno.test("a header block in one frame is not copied", async () => {
  const input = new Input(
    new PieceSource([
      frame({ type: FrameType.HEADERS, streamId: 1, flags: 4, payload: "ab" }),
    ]),
  );
  await input.more();
  const reader = new FrameReader();
  assert.equal(reader.take(input), FrameType.HEADERS);
  assert.equal(reader.bytes, input.bytes);
  assert.deepEqual([reader.start, reader.end], [9, 11]);
});

Deno.test("takePreface() takes the preface, however it is split", async () => {
  const input = new Input(new PieceSource([...latin1(PREFACE), "rest"]));
  for (let octets = 0; octets < PREFACE.length; octets++) {
    assert.equal(takePreface(input), false);
    await input.more();
  }
  assert.equal(takePreface(input), true);
  assert.equal(input.available, 0);
});

Deno.test("takePreface() refuses another beginning at its first octet", async () => {
  for (let at = 0; at < PREFACE.length; at++) {
    const text = latin1(PREFACE.subarray(0, at));
    const input = new Input(new PieceSource([`${text}x`]));
    await input.more();
    assert.throws(() => takePreface(input), { code: "HTTP2_PROTOCOL" });
  }
});
