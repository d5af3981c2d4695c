import assert from "node:assert/strict";
import { OctetWriter } from "../../../src/http/octet_writer.ts";
import { FrameType } from "../../../src/http2/frame.ts";
import * as frames from "../../../src/http2/frame_writer.ts";
import { H2Error } from "../../../src/http2/http2_error.ts";
import { Setting } from "../../../src/http2/settings.ts";
import { latin1, octetsOf } from "../../support/octet_reader.ts";
import { frame, number, readFrames } from "./frame_events.ts";

function written(write: (out: OctetWriter) => void): string {
  const out = new OctetWriter(1);
  write(out);
  return latin1(out.octets);
}

const CASES: readonly (readonly [string, string, string])[] = [
  [
    "DATA",
    written((out) => {
      frames.writeDataHeader(out, 0x7fff_ffff, 3, false);
      out.addLatin1("abc");
    }),
    frame({ type: 0, streamId: 0x7fff_ffff, payload: "abc" }),
  ],
  [
    "the last DATA",
    written((out) => frames.writeDataHeader(out, 1, 0, true)),
    frame({ type: 0, flags: 1, streamId: 1 }),
  ],
  [
    "DATA of the largest size",
    written((out) => frames.writeDataHeader(out, 1, 0xff_ffff, false)),
    frame({ type: 0, streamId: 1, length: 0xff_ffff }),
  ],
  [
    "RST_STREAM",
    written((out) => frames.writeReset(out, 3, H2Error.CANCEL)),
    frame({ type: 3, streamId: 3, payload: number(8) }),
  ],
  [
    "SETTINGS",
    written((out) =>
      frames.writeSettings(out, [
        [Setting.MAX_CONCURRENT_STREAMS, 100],
        [Setting.INITIAL_WINDOW_SIZE, 0x7fff_ffff],
      ])
    ),
    frame({
      type: 4,
      payload: `\0\x03${number(100)}\0\x04${number(0x7fff_ffff)}`,
    }),
  ],
  [
    "SETTINGS' acknowledgement",
    written(frames.writeSettingsAck),
    frame({ type: 4, flags: 1 }),
  ],
  [
    "PING",
    written((out) => frames.writePing(out, octetsOf("12345678"))),
    frame({ type: 6, payload: "12345678" }),
  ],
  [
    "PING's acknowledgement",
    written((out) => frames.writePingAck(out, octetsOf("<12345678>"), 1)),
    frame({ type: 6, flags: 1, payload: "12345678" }),
  ],
  [
    "GOAWAY",
    written((out) => frames.writeGoaway(out, 7, H2Error.ENHANCE_YOUR_CALM)),
    frame({ type: 7, payload: number(7) + number(0xb) }),
  ],
  [
    "WINDOW_UPDATE",
    written((out) => frames.writeWindowUpdate(out, 5, 0x7fff_ffff)),
    frame({ type: 8, streamId: 5, payload: number(0x7fff_ffff) }),
  ],
];

for (const [what, actual, expected] of CASES) {
  Deno.test(`${what} is written as RFC 9113 §6 has it`, () => {
    assert.equal(actual, expected);
  });
}

Deno.test("writeHeaders() cuts a block into frames of the peer's size", async () => {
  for (const length of [0, 1, 9, 10, 11, 20, 25]) {
    for (const endStream of [false, true]) {
      const block = new OctetWriter(64);
      const text = "0123456789abcdefghijklmno".slice(0, length);
      block.addLatin1(text);
      const octets = written((out) =>
        frames.writeHeaders(out, 3, block, endStream, 10)
      );
      const count = Math.max(1, Math.ceil(length / 10));
      assert.equal(octets.length, 9 * count + length);
      const { events, verdict } = await readFrames([octets], {
        maxFrameSize: 10,
      });
      assert.equal(verdict, "end");
      const [event] = events;
      assert.ok(events.length === 1 && typeof event === "object");
      assert.equal(event.type, FrameType.HEADERS);
      assert.equal(event.text, text);
      assert.equal(event.endStream, endStream);
    }
  }
});
