import assert from "node:assert/strict";
import { Http2Error } from "../../../src/http2/http2_error.ts";
import { Setting, Settings } from "../../../src/http2/settings.ts";
import { octetsOf } from "../../support/octet_reader.ts";
import { number } from "./frame_events.ts";

type Pair = readonly [setting: number, value: number];

function apply(settings: Settings, pairs: readonly Pair[]): void {
  const payload = pairs.map(([setting, value]) =>
    number(setting, 2) + number(value)
  );
  const octets = octetsOf(`<<<${payload.join("")}>`);
  // As in a frame, whose octets are a part of what came.
  settings.apply(octets.subarray(1), 2, octets.length - 2);
}

/** The message with which settings are refused. */
function refusal(pairs: readonly Pair[], of: "client" | "server" = "client") {
  try {
    apply(new Settings(of), pairs);
  } catch (error) {
    if (!(error instanceof Http2Error) || error.streamId !== 0) throw error;
    return `${error.code}: ${error.message}`;
  }
  return "taken";
}

Deno.test("Settings begin with the values of RFC 9113 §6.5.2", () => {
  assert.deepEqual({ ...new Settings("client") }, {
    headerTableSize: 4096,
    lowestTableSize: 4096,
    enablePush: true,
    maxConcurrentStreams: Infinity,
    initialWindowSize: 65_535,
    maxFrameSize: 16_384,
    maxHeaderListSize: Infinity,
    enableConnectProtocol: false,
    noRfc7540Priorities: false,
  });
});

Deno.test("Settings.apply() takes every setting, the last of each, and leaves unknown ones", () => {
  const settings = new Settings("server");
  apply(settings, [
    [Setting.HEADER_TABLE_SIZE, 0xffff_ffff],
    [Setting.HEADER_TABLE_SIZE, 0],
    [Setting.ENABLE_PUSH, 0],
    [Setting.MAX_CONCURRENT_STREAMS, 0],
    [Setting.INITIAL_WINDOW_SIZE, 0x7fff_ffff],
    [Setting.MAX_FRAME_SIZE, 0xff_ffff],
    [Setting.MAX_HEADER_LIST_SIZE, 0xffff_ffff],
    [0x7, 9],
    [Setting.ENABLE_CONNECT_PROTOCOL, 1],
    [Setting.NO_RFC7540_PRIORITIES, 1],
    [0xfafa, 0xffff_ffff],
  ]);
  assert.deepEqual({ ...settings }, {
    headerTableSize: 0,
    lowestTableSize: 0,
    enablePush: false,
    maxConcurrentStreams: 0,
    initialWindowSize: 0x7fff_ffff,
    maxFrameSize: 0xff_ffff,
    maxHeaderListSize: 0xffff_ffff,
    enableConnectProtocol: true,
    noRfc7540Priorities: true,
  });
  apply(settings, []);
  assert.equal(settings.maxFrameSize, 0xff_ffff);
});

const REFUSED: readonly (readonly [string, readonly Pair[]])[] = [
  ["HTTP2_PROTOCOL: Cannot take SETTINGS_ENABLE_PUSH 2: expected 0 or 1", [
    [Setting.ENABLE_PUSH, 2],
  ]],
  [
    "HTTP2_FLOW_CONTROL: Cannot take SETTINGS_INITIAL_WINDOW_SIZE 2147483648: " +
    "expected at most 2147483647",
    [[Setting.INITIAL_WINDOW_SIZE, 2 ** 31]],
  ],
  [
    "HTTP2_PROTOCOL: Cannot take SETTINGS_MAX_FRAME_SIZE 16383: " +
    "expected 16384 to 16777215",
    [[Setting.MAX_FRAME_SIZE, 16_383]],
  ],
  [
    "HTTP2_PROTOCOL: Cannot take SETTINGS_MAX_FRAME_SIZE 16777216: " +
    "expected 16384 to 16777215",
    [[Setting.MAX_FRAME_SIZE, 2 ** 24]],
  ],
  [
    "HTTP2_PROTOCOL: Cannot take SETTINGS_ENABLE_CONNECT_PROTOCOL 2: expected 0 or 1",
    [[Setting.ENABLE_CONNECT_PROTOCOL, 2]],
  ],
  [
    "HTTP2_PROTOCOL: Cannot take SETTINGS_ENABLE_CONNECT_PROTOCOL 0: expected 1 after 1",
    [
      [Setting.ENABLE_CONNECT_PROTOCOL, 1],
      [Setting.ENABLE_CONNECT_PROTOCOL, 0],
    ],
  ],
  [
    "HTTP2_PROTOCOL: Cannot take SETTINGS_NO_RFC7540_PRIORITIES 2: expected 0 or 1",
    [[Setting.NO_RFC7540_PRIORITIES, 2]],
  ],
];

for (const [message, pairs] of REFUSED) {
  Deno.test(`Settings.apply() says ${message}`, () => {
    assert.equal(refusal(pairs), message);
  });
}

Deno.test("Settings.apply() lets a client enable push, and no server", () => {
  assert.equal(refusal([[Setting.ENABLE_PUSH, 1]], "client"), "taken");
  assert.equal(
    refusal([[Setting.ENABLE_PUSH, 1]], "server"),
    "HTTP2_PROTOCOL: Cannot take SETTINGS_ENABLE_PUSH 1: expected 0 from a server",
  );
});

Deno.test("Settings.apply() keeps the lowest table size that a frame said, for the next frame anew", () => {
  const settings = new Settings("client");
  apply(settings, [
    [Setting.HEADER_TABLE_SIZE, 0],
    [Setting.HEADER_TABLE_SIZE, 4096],
  ]);
  assert.equal(settings.headerTableSize, 4096);
  assert.equal(settings.lowestTableSize, 0);
  apply(settings, [[Setting.ENABLE_PUSH, 0]]);
  assert.equal(settings.lowestTableSize, 4096);
});
