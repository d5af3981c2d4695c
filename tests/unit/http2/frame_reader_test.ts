import assert from "node:assert/strict";
import { Flag, FrameType } from "../../../src/http2/frame.ts";
import { IGNORED } from "../../../src/http2/frame_reader.ts";
import { frame, type FrameParts, number, readFrames } from "./frame_events.ts";

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS } = FrameType;
const { PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } = FrameType;

const OPEN: FrameParts = { type: HEADERS, streamId: 1, payload: "ab" };

/** What is wrong, the code, and the frames; the error is one of the connection. */
const REFUSED: readonly (readonly [string, string, readonly FrameParts[]])[] = [
  ["§4.2: a frame larger than announced", "HTTP2_FRAME_SIZE", [
    { type: DATA, streamId: 1, length: 16_385 },
  ]],
  ["§4.2: an unknown frame larger than announced", "HTTP2_FRAME_SIZE", [
    { type: 0xfe, length: 16_385 },
  ]],
  ["§4.3: a frame of another stream within a header block", "HTTP2_PROTOCOL", [
    OPEN,
    { type: DATA, streamId: 3 },
  ]],
  ["§6.10: PING within a header block", "HTTP2_PROTOCOL", [
    OPEN,
    { type: PING, payload: "12345678" },
  ]],
  ["§6.10: an unknown frame within a header block", "HTTP2_PROTOCOL", [
    OPEN,
    { type: 0x10, streamId: 1 },
  ]],
  ["§6.10: CONTINUATION of another stream", "HTTP2_PROTOCOL", [
    OPEN,
    { type: CONTINUATION, streamId: 3 },
  ]],
  ["§6.10: HEADERS again within a header block", "HTTP2_PROTOCOL", [
    OPEN,
    OPEN,
  ]],
  ["§6.10: CONTINUATION without HEADERS", "HTTP2_PROTOCOL", [
    { type: CONTINUATION, streamId: 1 },
  ]],
  ["§6.10: CONTINUATION after the block's end", "HTTP2_PROTOCOL", [
    { ...OPEN, flags: Flag.END_HEADERS },
    { type: CONTINUATION, streamId: 1 },
  ]],
  ["§6.10: CONTINUATION on stream 0", "HTTP2_PROTOCOL", [
    { type: CONTINUATION },
  ]],
  ["§6.1: DATA on stream 0", "HTTP2_PROTOCOL", [{ type: DATA }]],
  ["§6.1: DATA that is all padding and more", "HTTP2_PROTOCOL", [
    { type: DATA, flags: Flag.PADDED, streamId: 1, payload: "\x03ab" },
  ]],
  ["§6.1: DATA without its padding length", "HTTP2_FRAME_SIZE", [
    { type: DATA, flags: Flag.PADDED, streamId: 1 },
  ]],
  ["§6.2: HEADERS on stream 0", "HTTP2_PROTOCOL", [{ type: HEADERS }]],
  ["§6.2: HEADERS with too much padding", "HTTP2_PROTOCOL", [
    { type: HEADERS, flags: Flag.PADDED, streamId: 1, payload: "\x03ab" },
  ]],
  ["§6.2: HEADERS padded into their priority", "HTTP2_PROTOCOL", [
    {
      type: HEADERS,
      flags: Flag.PADDED | Flag.PRIORITY,
      streamId: 1,
      payload: "\x01\0\0\0\0\0",
    },
  ]],
  ["§6.2: HEADERS without their padding length", "HTTP2_FRAME_SIZE", [
    { type: HEADERS, flags: Flag.PADDED, streamId: 1 },
  ]],
  ["§6.2: HEADERS without their priority", "HTTP2_FRAME_SIZE", [
    { type: HEADERS, flags: Flag.PRIORITY, streamId: 1, payload: "1234" },
  ]],
  ["§6.3: PRIORITY on stream 0", "HTTP2_PROTOCOL", [
    { type: PRIORITY, payload: "12345" },
  ]],
  ["§6.4: RST_STREAM on stream 0", "HTTP2_PROTOCOL", [
    { type: RST_STREAM, payload: number(8) },
  ]],
  ["§6.4: RST_STREAM of 3 octets", "HTTP2_FRAME_SIZE", [
    { type: RST_STREAM, streamId: 1, payload: "123" },
  ]],
  ["§6.4: RST_STREAM of 5 octets", "HTTP2_FRAME_SIZE", [
    { type: RST_STREAM, streamId: 1, payload: "12345" },
  ]],
  ["§6.5: SETTINGS on a stream", "HTTP2_PROTOCOL", [
    { type: SETTINGS, streamId: 1 },
  ]],
  ["§6.5: SETTINGS of 7 octets", "HTTP2_FRAME_SIZE", [
    { type: SETTINGS, payload: "1234567" },
  ]],
  ["§6.5: an acknowledgement with settings", "HTTP2_FRAME_SIZE", [
    { type: SETTINGS, flags: Flag.ACK, payload: "123456" },
  ]],
  ["§6.6, §8.4: PUSH_PROMISE", "HTTP2_PROTOCOL", [
    { type: PUSH_PROMISE, streamId: 1, payload: "1234" },
  ]],
  ["§6.7: PING on a stream", "HTTP2_PROTOCOL", [
    { type: PING, streamId: 1, payload: "12345678" },
  ]],
  ["§6.7: PING of 7 octets", "HTTP2_FRAME_SIZE", [
    { type: PING, payload: "1234567" },
  ]],
  ["§6.8: GOAWAY on a stream", "HTTP2_PROTOCOL", [
    { type: GOAWAY, streamId: 1, payload: "12345678" },
  ]],
  ["§6.8: GOAWAY of 7 octets", "HTTP2_FRAME_SIZE", [
    { type: GOAWAY, payload: "1234567" },
  ]],
  ["§6.9: WINDOW_UPDATE of 3 octets", "HTTP2_FRAME_SIZE", [
    { type: WINDOW_UPDATE, streamId: 1, payload: "123" },
  ]],
  ["§6.9: WINDOW_UPDATE of the connection by 0", "HTTP2_PROTOCOL", [
    { type: WINDOW_UPDATE, payload: number(0) },
  ]],
  ["§10.5: 17 CONTINUATION frames", "HTTP2_FLOOD", [
    OPEN,
    ...Array<FrameParts>(17).fill({ type: CONTINUATION, streamId: 1 }),
  ]],
  ["§10.5: a header block above its limit", "HTTP2_FLOOD", [
    OPEN,
    { type: CONTINUATION, streamId: 1, payload: "x".repeat(99) },
  ]],
];

for (const [what, code, frames] of REFUSED) {
  Deno.test(`FrameReader.take() refuses RFC 9113 ${what}`, async () => {
    const text = frames.map(frame).join("");
    const options = { maxBlockOctets: 100 };
    const { verdict, events } = await readFrames([text], options);
    assert.equal(verdict, code);
    const octetwise = await readFrames([...text], options);
    assert.deepEqual(octetwise, { verdict, events });
  });
}

/** What is wrong with a frame on stream 5, and the code; the connection goes on. */
const STREAM_ERRORS: readonly (readonly [string, string, FrameParts])[] = [
  ["§6.3: PRIORITY of 4 octets", "HTTP2_FRAME_SIZE", {
    type: PRIORITY,
    payload: "1234",
  }],
  ["§6.9: WINDOW_UPDATE by 0", "HTTP2_PROTOCOL", {
    type: WINDOW_UPDATE,
    payload: number(2 ** 31),
  }],
];

for (const [what, code, parts] of STREAM_ERRORS) {
  Deno.test(`FrameReader.take() refuses RFC 9113 ${what}, and goes on`, async () => {
    const ping = frame({ type: PING, payload: "12345678" });
    const { verdict, events } = await readFrames([
      frame({ ...parts, streamId: 5 }) + ping,
    ]);
    assert.equal(verdict, "end");
    assert.equal(events[0], `${code} on 5`);
    assert.equal(typeof events[1] === "object" && events[1].type, PING);
  });
}

/** Frames, and what is said of them besides the defaults. */
const TAKEN: readonly (readonly [string, FrameParts, object])[] = [
  ["DATA", { type: DATA, streamId: 3, payload: "abc" }, {
    streamId: 3,
    text: "abc",
    flowOctets: 3,
    contentOctets: 3,
  }],
  ["DATA with nothing in it", { type: DATA, streamId: 3, flags: 1 }, {
    streamId: 3,
    endStream: true,
  }],
  ["padded DATA", {
    type: DATA,
    streamId: 3,
    flags: Flag.PADDED | Flag.END_STREAM,
    payload: "\x02abc\0\0",
  }, {
    streamId: 3,
    text: "abc",
    flowOctets: 6,
    contentOctets: 3,
    endStream: true,
  }],
  ["DATA of padding alone", {
    type: DATA,
    streamId: 3,
    flags: Flag.PADDED,
    payload: "\x02\0\0",
  }, { streamId: 3, flowOctets: 3 }],
  ["HEADERS", { type: HEADERS, streamId: 3, flags: 5, payload: "block" }, {
    streamId: 3,
    text: "block",
    endStream: true,
  }],
  ["padded HEADERS with a priority", {
    type: HEADERS,
    streamId: 3,
    flags: Flag.END_HEADERS | Flag.PADDED | Flag.PRIORITY,
    payload: "\x02\0\0\0\x03\0block\0\0",
  }, { streamId: 3, text: "block" }],
  ["a stream with the reserved bit", {
    type: HEADERS,
    streamId: 2 ** 31 + 3,
    flags: Flag.END_HEADERS,
  }, { streamId: 3 }],
  ["PRIORITY", { type: PRIORITY, streamId: 3, payload: "12345" }, {
    type: IGNORED,
  }],
  ["RST_STREAM", {
    type: RST_STREAM,
    streamId: 3,
    payload: number(0xffff_fffe),
  }, { streamId: 3, errorCode: 0xffff_fffe }],
  ["SETTINGS", { type: SETTINGS, payload: "123456" }, { text: "123456" }],
  ["SETTINGS' acknowledgement", { type: SETTINGS, flags: 1 }, { ack: true }],
  ["PING", { type: PING, payload: "12345678" }, { text: "12345678" }],
  ["PING's acknowledgement", { type: PING, flags: 1, payload: "12345678" }, {
    text: "12345678",
    ack: true,
  }],
  ["GOAWAY", {
    type: GOAWAY,
    payload: number(2 ** 31 + 7) + number(11) + "why",
  }, { lastStreamId: 7, errorCode: 11, text: "why" }],
  ["WINDOW_UPDATE", {
    type: WINDOW_UPDATE,
    streamId: 3,
    payload: number(2 ** 31 + 65_536),
  }, { streamId: 3, increment: 65_536 }],
  ["an unknown frame", { type: 0xab, streamId: 7, flags: 255, payload: "x" }, {
    type: IGNORED,
  }],
  ["PRIORITY_UPDATE (RFC 9218 §7.1)", { type: 0x10, payload: "1234u=1" }, {
    type: IGNORED,
  }],
];

for (const [what, parts, said] of TAKEN) {
  Deno.test(`FrameReader.take() takes ${what}`, async () => {
    const { events, verdict } = await readFrames([frame(parts)]);
    assert.equal(verdict, "end");
    assert.deepEqual(events, [{
      type: parts.type,
      streamId: 0,
      text: "",
      flowOctets: 0,
      contentOctets: 0,
      endStream: false,
      ack: false,
      errorCode: 0,
      increment: 0,
      lastStreamId: 0,
      ...said,
    }]);
  });
}

Deno.test("FrameReader.take() puts a header block together", async () => {
  const last = { type: CONTINUATION, streamId: 1, flags: Flag.END_HEADERS };
  const middle = { type: CONTINUATION, streamId: 1, payload: "cd" };
  const frames = [
    { ...OPEN, flags: Flag.END_STREAM },
    ...Array<FrameParts>(15).fill(middle),
    { ...last, payload: "ef" },
    { ...OPEN, streamId: 3 },
    { ...last, streamId: 3 },
  ];
  const { events } = await readFrames([frames.map(frame).join("")], {
    maxBlockOctets: 34,
  });
  const said = events.map((event) =>
    typeof event === "object" && [event.streamId, event.text, event.endStream]
  );
  assert.deepEqual(said, [
    [1, `ab${"cd".repeat(15)}ef`, true],
    [3, "ab", false],
  ]);
});

Deno.test("FrameReader.take() judges a frame by its header, before the rest has come", async () => {
  const { verdict } = await readFrames([
    frame({ type: SETTINGS, length: 16_385 }).slice(0, 9),
  ]);
  assert.equal(verdict, "HTTP2_FRAME_SIZE");
});
