import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import type { Peers } from "../../../src/identity/peers.ts";
import {
  MAX_PEERS_FILE_OCTETS,
  parsePeers,
} from "../../../src/identity/peers_file.ts";

const FILE = "/etc/peers.json";
const NOW = Date.UTC(2026, 6, 1);
const UNTIL = "2027-01-01T00:00:00Z";

/** The pin whose 32 octets are all `octet`, in hex. */
function pin(octet: number): string {
  return `sha256:${new Uint8Array(32).fill(octet).toHex()}`;
}

function parse(text: string): Peers {
  return parsePeers(new TextEncoder().encode(text), { file: FILE, now: NOW });
}

function refuses(content: unknown, message: string): void {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  assert.throws(() => parse(text), (error) => {
    assert.ok(error instanceof SidecarError, String(error));
    assert.equal(error.code, "PEERS_INVALID");
    assert.equal(error.message, message);
    return true;
  });
}

Deno.test("parsePeers() reads what the documentation shows", () => {
  const peers = parse(`{
    "peers": [
      {"id": "billing", "spki": ["${pin(1)}", "${
    pin(2)
  }"], "spiffe": "spiffe://acme/ns/a/sa/b"},
      {"id": "search", "spki": ["${pin(3)}"]},
      {"id": "mail", "spiffe": "spiffe://acme/mail"}
    ],
    "unpinned": "refuse",
    "bootstrapUntil": "${UNTIL}"
  }\n`);
  assert.deepEqual(peers.describe(), {
    unpinned: "refuse",
    bootstrapUntil: "2027-01-01T00:00:00.000Z",
    peers: [
      { id: "billing", pins: 2, spiffe: "spiffe://acme/ns/a/sa/b" },
      { id: "search", pins: 1 },
      { id: "mail", pins: 0, spiffe: "spiffe://acme/mail" },
    ],
  });
  assert.equal(peers.changesAt, Date.UTC(2027, 0, 1));
});

Deno.test("parsePeers() refuses unknown clients unless told otherwise", () => {
  const peers = parse('{"peers": []}');
  assert.deepEqual(peers.describe(), { unpinned: "refuse", peers: [] });
  const accepting = parse('{"peers": [], "unpinned": "accept"}');
  assert.equal(accepting.describe().unpinned, "accept");
});

Deno.test("parsePeers() takes a byte order mark, every character of an id and 8 pins", () => {
  const id = "AZaz09._:/@-".padEnd(128, "x");
  const spki = [1, 2, 3, 4, 5, 6, 7, 8].map(pin);
  const text = JSON.stringify({ peers: [{ id, spki }] });
  assert.deepEqual(parse(`\ufeff${text}`).describe().peers, [{ id, pins: 8 }]);
});

Deno.test("parsePeers() takes an id that looks like another peer's pin", () => {
  const hex = pin(1).slice("sha256:".length);
  const { peers } = parse(JSON.stringify({
    peers: [{ id: hex, spki: [pin(2)] }, { id: "b", spki: [pin(1)] }],
  })).describe();
  assert.equal(peers.length, 2);
});

const NOT_ALONE = "expected nothing but id, spki, spiffe";
const A_PIN = "expected sha256: and 32 octets in base64 or 64 hex digits";
const AN_ID = "expected 1 to 128 letters, digits and . _ : / @ -";
const PINS = "expected an array of 1 to 8 pins";
const A_TIME =
  "expected a date and time of RFC 3339 such as 2027-01-01T00:00:00Z";
const good = { id: "a", spki: [pin(1)] };
const one = (peer: unknown) => ({ peers: [good, peer] });

const REFUSED: readonly [why: string, content: unknown, subject: string][] = [
  ["an array", [], `"${FILE}": expected an object`],
  ["null", "null", `"${FILE}": expected an object`],
  [
    "no peers",
    {},
    `peers of "${FILE}": expected an array of at most 10000 peers`,
  ],
  [
    "peers that are an object",
    { peers: {} },
    `peers of "${FILE}": expected an array of at most 10000 peers`,
  ],
  [
    "an unknown property",
    { peers: [], unpined: "accept" },
    `"${FILE}": expected nothing but peers, unpinned, bootstrapUntil`,
  ],
  [
    "__proto__",
    '{"peers": [], "__proto__": {"unpinned": "accept"}}',
    `"${FILE}": expected nothing but peers, unpinned, bootstrapUntil`,
  ],
  [
    "another word",
    { peers: [], unpinned: "Accept" },
    `unpinned of "${FILE}": expected "refuse" or "accept"`,
  ],
  [
    "unpinned null",
    { peers: [], unpinned: null },
    `unpinned of "${FILE}": expected "refuse" or "accept"`,
  ],
  [
    "a date alone",
    { peers: [], bootstrapUntil: "2027-01-01" },
    `bootstrapUntil of "${FILE}": ${A_TIME}`,
  ],
  [
    "a number for a date",
    { peers: [], bootstrapUntil: 1798761600 },
    `bootstrapUntil of "${FILE}": ${A_TIME}`,
  ],
  [
    "null for a date",
    { peers: [], bootstrapUntil: null },
    `bootstrapUntil of "${FILE}": ${A_TIME}`,
  ],
  [
    "an end of what never ends",
    { peers: [], unpinned: "accept", bootstrapUntil: UNTIL },
    `bootstrapUntil of "${FILE}": expected it only where unpinned is refuse`,
  ],
  [
    "a peer that is a string",
    one("b"),
    `peers[1] of "${FILE}": expected an object`,
  ],
  [
    "a peer that is an array",
    one([]),
    `peers[1] of "${FILE}": expected an object`,
  ],
  [
    "an unknown property of a peer",
    one({ ...good, spkis: [] }),
    `peers[1] of "${FILE}": ${NOT_ALONE}`,
  ],
  [
    "a peer without proof",
    one({ id: "b" }),
    `peers[1] of "${FILE}": expected spki, spiffe or both`,
  ],
  [
    "a peer without id",
    one({ spki: [pin(2)] }),
    `peers[1].id of "${FILE}": ${AN_ID}`,
  ],
  [
    "an id that is a number",
    one({ id: 7, spki: [pin(2)] }),
    `peers[1].id of "${FILE}": ${AN_ID}`,
  ],
  [
    "an empty id",
    one({ id: "", spki: [pin(2)] }),
    `peers[1].id of "${FILE}": ${AN_ID}`,
  ],
  [
    "an id of 129 characters",
    one({ id: "b".repeat(129), spki: [pin(2)] }),
    `peers[1].id of "${FILE}": ${AN_ID}`,
  ],
  [
    "a blank in an id",
    one({ id: "b c", spki: [pin(2)] }),
    `peers[1].id of "${FILE}": ${AN_ID}`,
  ],
  [
    "a line end in an id",
    one({ id: "b\r\nX: y", spki: [pin(2)] }),
    `peers[1].id of "${FILE}": ${AN_ID}`,
  ],
  [
    "a line end behind an id",
    one({ id: "b\n", spki: [pin(2)] }),
    `peers[1].id of "${FILE}": ${AN_ID}`,
  ],
  [
    "a quote in an id",
    one({ id: 'b"', spki: [pin(2)] }),
    `peers[1].id of "${FILE}": ${AN_ID}`,
  ],
  [
    "an id beyond ASCII",
    one({ id: "bé", spki: [pin(2)] }),
    `peers[1].id of "${FILE}": ${AN_ID}`,
  ],
  [
    "an id twice",
    one({ id: "a", spki: [pin(2)] }),
    `peers[1].id of "${FILE}": expected it only once, found it at peers[0].id too`,
  ],
  [
    "pins that are a string",
    one({ id: "b", spki: pin(2) }),
    `peers[1].spki of "${FILE}": ${PINS}`,
  ],
  [
    "pins that are null",
    one({ id: "b", spki: null, spiffe: "spiffe://acme/b" }),
    `peers[1].spki of "${FILE}": ${PINS}`,
  ],
  [
    "no pins in the array",
    one({ id: "b", spki: [], spiffe: "spiffe://acme/b" }),
    `peers[1].spki of "${FILE}": ${PINS}`,
  ],
  [
    "9 pins",
    one({ id: "b", spki: [2, 3, 4, 5, 6, 7, 8, 9, 10].map(pin) }),
    `peers[1].spki of "${FILE}": ${PINS}`,
  ],
  [
    "a pin without sha256:",
    one({ id: "b", spki: [pin(2), pin(3).slice(7)] }),
    `peers[1].spki[1] of "${FILE}": ${A_PIN}`,
  ],
  [
    "a pin that is a number",
    one({ id: "b", spki: [2] }),
    `peers[1].spki[0] of "${FILE}": ${A_PIN}`,
  ],
  [
    "a pin of two peers",
    one({ id: "b", spki: [pin(2), pin(1)] }),
    `peers[1].spki[1] of "${FILE}": expected it only once, found it at peers[0].spki[0] too`,
  ],
  [
    "a pin of two peers in other writing",
    one({ id: "b", spki: [`sha256:${new Uint8Array(32).fill(1).toBase64()}`] }),
    `peers[1].spki[0] of "${FILE}": expected it only once, found it at peers[0].spki[0] too`,
  ],
  [
    "a pin twice in one peer",
    one({ id: "b", spki: [pin(2), pin(2)] }),
    `peers[1].spki[1] of "${FILE}": expected it only once, found it at peers[1].spki[0] too`,
  ],
  [
    "a SPIFFE ID that is none",
    one({ id: "b", spiffe: "https://acme/b" }),
    `peers[1].spiffe of "${FILE}": expected a SPIFFE ID`,
  ],
  [
    "a pattern for a SPIFFE ID",
    one({ id: "b", spiffe: "spiffe://acme/*" }),
    `peers[1].spiffe of "${FILE}": expected a SPIFFE ID`,
  ],
  [
    "a SPIFFE ID that is null",
    one({ ...good, id: "b", spiffe: null, spki: [pin(2)] }),
    `peers[1].spiffe of "${FILE}": expected a SPIFFE ID`,
  ],
  [
    "a SPIFFE ID of two peers",
    {
      peers: [{ id: "a", spiffe: "spiffe://acme/a" }, {
        id: "b",
        spiffe: "spiffe://acme/a",
      }],
    },
    `peers[1].spiffe of "${FILE}": expected it only once, found it at peers[0].spiffe too`,
  ],
];

for (const [why, content, subject] of REFUSED) {
  Deno.test(`parsePeers() refuses ${why}`, () => {
    refuses(content, `Cannot use ${subject}`);
  });
}

Deno.test("parsePeers() refuses what is not JSON, and a property that stands twice, with the line", () => {
  refuses("", `Cannot parse "${FILE}" line 1: expected a value`);
  refuses('{"peers": [', `Cannot parse "${FILE}" line 1: expected a value`);
  const twice = "expected each name of an object once";
  refuses(
    '{"peers": [],\n"peers": []}',
    `Cannot parse "${FILE}" line 2: ${twice}`,
  );
  refuses(
    `{"peers": [{"id": "a",\n"spki": ["${pin(1)}"],\n"spki": ["${pin(2)}"]}]}`,
    `Cannot parse "${FILE}" line 3: ${twice}`,
  );
});

Deno.test("parsePeers() quotes nothing of a key that was put into the file", () => {
  const secret = "-----BEGIN PRIVATE KEY-----";
  for (
    const text of [
      secret,
      JSON.stringify(secret),
      JSON.stringify({ [secret]: 1 }),
      JSON.stringify({ peers: [{ [secret]: 1 }] }),
      JSON.stringify({ peers: [{ id: secret, spki: [secret] }] }),
      JSON.stringify({ peers: [{ id: "a", spki: [secret] }] }),
      JSON.stringify({ peers: [], unpinned: secret }),
    ]
  ) {
    assert.throws(() => parse(text), (error) => {
      assert.ok(error instanceof SidecarError);
      assert.doesNotMatch(String(error.stack), /BEGIN|PRIVATE/);
      return error.code === "PEERS_INVALID";
    });
  }
});

Deno.test("parsePeers() refuses octets that are not UTF-8", () => {
  assert.throws(
    () => parsePeers(Uint8Array.of(0x22, 0xff, 0x22), { file: FILE, now: NOW }),
    { code: "PEERS_INVALID", message: `Cannot use "${FILE}": expected UTF-8` },
  );
});

Deno.test("parsePeers() reads up to 4 MiB and refuses one octet more", () => {
  assert.equal(MAX_PEERS_FILE_OCTETS, 4_194_304);
  const text = '{"peers": []}';
  parse(text.padEnd(MAX_PEERS_FILE_OCTETS));
  refuses(
    text.padEnd(MAX_PEERS_FILE_OCTETS + 1),
    `Cannot use "${FILE}": expected at most 4194304 octets`,
  );
});

Deno.test("parsePeers() reads 10,000 peers and refuses one more", () => {
  const peers = Array.from({ length: 10_001 }, (_, number) => ({
    id: `peer-${number}`,
    spki: [
      `sha256:${number.toString(16).padStart(64, "0")}`,
      `sha256:f${number.toString(16).padStart(63, "0")}`,
    ],
    spiffe: `spiffe://acme/peer/${number}`,
  }));
  const most = parse(JSON.stringify({ peers: peers.slice(1) }));
  assert.equal(most.describe().peers.length, 10_000);
  refuses(
    { peers },
    `Cannot use peers of "${FILE}": expected an array of at most 10000 peers`,
  );
});
