import assert from "node:assert/strict";
import fc from "fast-check";
import { crc32c } from "../../../src/net/crc32c.ts";
import {
  parseProxyHeader,
  readProxyHeader,
} from "../../../src/net/proxy_protocol.ts";
import { TcpStream } from "../../../src/net/tcp_stream.ts";
import { latin1, octetsOf } from "../../support/octet_reader.ts";

const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";

/** A header of version 2, its length field right unless told otherwise. */
function v2(
  { command = 0x21, family = 0x11, block = [], length = block.length }: {
    command?: number;
    family?: number;
    block?: readonly number[];
    length?: number;
  },
): Uint8Array {
  return Uint8Array.of(
    ...octetsOf(SIGNATURE),
    ...[command, family, length >>> 8, length & 0xff],
    ...block,
  );
}

const TCP4 = [192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x34, 0x01, 0xbb];
const V6_CLIENT = [0x20, 0x01, 0x0d, 0xb8, ...new Array(11).fill(0), 7];
const TCP6 = [...V6_CLIENT, ...V6_CLIENT, 0x12, 0x34, 0x01, 0xbb];

/** A header with a CRC32C TLV, right but for `change`. */
function summed(change = 0, more: readonly number[] = []): Uint8Array {
  const header = v2({ block: [...TCP4, 3, 0, 4, 0, 0, 0, 0, ...more] });
  new DataView(header.buffer).setUint32(31, (crc32c(header) ^ change) >>> 0);
  return header;
}

function refuses(octets: string | Uint8Array, message: RegExp | string): void {
  assert.throws(() => parseProxyHeader(octetsOf(octets)), {
    name: "SidecarError",
    code: "PROXY_HEADER_INVALID",
    message,
  });
}

const GOOD = {
  "v1 over IPv4": [
    "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n",
    "192.0.2.7",
  ],
  "v1 with the least and the greatest": [
    "PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n",
    "0.0.0.0",
  ],
  "v1 over IPv6": [
    "PROXY TCP6 2001:DB8:0:0::7 2001:db8::1 4660 443\r\n",
    "2001:db8::7",
  ],
  "v1 over IPv6, IPv4-mapped": [
    "PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.1 4660 443\r\n",
    "192.0.2.7",
  ],
  "v1 UNKNOWN": ["PROXY UNKNOWN\r\n", undefined],
  "v1 UNKNOWN with anything after it": [
    "PROXY UNKNOWN \xff x  y\r\n",
    undefined,
  ],
  "v1 UNKNOWN at its longest": [
    `PROXY UNKNOWN ${"f".repeat(91)}\r\n`,
    undefined,
  ],
  "v2 over IPv4": [v2({ block: TCP4 }), "192.0.2.7"],
  "v2 over IPv6": [v2({ family: 0x21, block: TCP6 }), "2001:db8::7"],
  "v2 over IPv6, IPv4-mapped": [
    v2({
      family: 0x21,
      block: [
        ...new Array(10).fill(0),
        ...[0xff, 0xff, 192, 0, 2, 7],
        ...TCP6.slice(16),
      ],
    }),
    "192.0.2.7",
  ],
  "v2 with TLVs": [
    v2({ block: [...TCP4, 4, 0, 0, 0xea, 0, 3, 1, 2, 3] }),
    "192.0.2.7",
  ],
  "v2 with its checksum": [summed(), "192.0.2.7"],
  "v2 with its checksum among others": [summed(0, [4, 0, 1, 9]), "192.0.2.7"],
  "v2 at its longest": [
    v2({ block: [...TCP4, 4, 0x07, 0xe1, ...new Array(2017).fill(0)] }),
    "192.0.2.7",
  ],
  "v2 LOCAL": [v2({ command: 0x20, family: 0 }), undefined],
  "v2 LOCAL, whose block means nothing": [
    v2({ command: 0x20, family: 0x77, block: [1, 2, 3] }),
    undefined,
  ],
  "v2 UNSPEC": [v2({ family: 0 }), undefined],
  "v2 UNSPEC with octets": [v2({ family: 0, block: [1, 2, 3] }), undefined],
  "v2 over AF_UNIX": [
    v2({ family: 0x31, block: new Array(216).fill(0x61) }),
    undefined,
  ],
} as const;

for (const [what, [octets, address]] of Object.entries(GOOD)) {
  const header = octetsOf(octets);

  Deno.test(`parseProxyHeader() takes ${what}, and nothing of what follows`, () => {
    for (const after of ["", "x", "\r\n", "\x16\x03\x01"]) {
      const parsed = parseProxyHeader(
        Uint8Array.of(...header, ...octetsOf(after)),
      );
      assert.deepEqual(parsed, { address, length: header.length });
    }
  });

  Deno.test(`parseProxyHeader() waits for all of ${what}`, () => {
    for (let length = 0; length < header.length; length++) {
      const part = header.subarray(0, length);
      assert.equal(parseProxyHeader(part), undefined, `${length}`);
    }
  });
}

Deno.test("parseProxyHeader() refuses at once what begins as no header does", () => {
  const message =
    "Cannot take the connection: expected a PROXY protocol header first";
  for (
    const octets of [
      "\x16\x03\x01",
      "GET / HTTP/1.1\r\n",
      "POST",
      "P\r",
      "proxy ",
      "PROXYTCP4",
      " PROXY TCP4",
      "\r\n\r\nG",
      "\n",
      "\0",
      "\r\n\r\n\0\r\nQUIT\r",
    ]
  ) refuses(octets, message);
});

Deno.test("parseProxyHeader() refuses a line that is not quite that of version 1", () => {
  const addresses = /expected two addresses of TCP[46]$/;
  const ports = /expected two ports from 0 to 65535, and nothing after them$/;
  const family = /expected TCP4, TCP6 or UNKNOWN$/;
  const ending = /expected CR and LF together alone$/;
  for (
    const [line, message] of [
      ["TCP4 192.0.2.7 198.51.100.1 1 2\n", ending],
      ["TCP4 192.0.2.7 198.51.100.1 1 2\rx", ending],
      ["TCP4 192.0.2.7 198.51.100.1 1 2\r\r\n", ending],
      ["UNKNOWN\n\r\n", ending],
      ["UNKNOWN a\rb\r\n", ending],
      ["UNKNOWNX\r\n", family],
      ["unknown\r\n", family],
      ["UDP4 192.0.2.7 198.51.100.1 1 2\r\n", family],
      ["TCP5 192.0.2.7 198.51.100.1 1 2\r\n", family],
      [" TCP4 192.0.2.7 198.51.100.1 1 2\r\n", family],
      ["\r\n", family],
      ["TCP4\r\n", addresses],
      ["TCP4 192.0.2.7\r\n", addresses],
      ["TCP4  192.0.2.7 198.51.100.1 1 2\r\n", addresses],
      ["TCP4\t192.0.2.7 198.51.100.1 1 2\r\n", family],
      ["TCP4 192.0.2.07 198.51.100.1 1 2\r\n", addresses],
      ["TCP4 192.0.2.256 198.51.100.1 1 2\r\n", addresses],
      ["TCP4 192.0.2 198.51.100.1 1 2\r\n", addresses],
      ["TCP4 192.0.2.7 host 1 2\r\n", addresses],
      ["TCP4 ::1 ::1 1 2\r\n", addresses],
      ["TCP4 192.0.2.7\0 198.51.100.1 1 2\r\n", addresses],
      ["TCP6 192.0.2.7 198.51.100.1 1 2\r\n", addresses],
      ["TCP6 ::1 198.51.100.1 1 2\r\n", addresses],
      ["TCP6 fe80::1%1 ::1 1 2\r\n", addresses],
      ["TCP6 [::1] ::1 1 2\r\n", addresses],
      ["TCP4 192.0.2.7 198.51.100.1 1\r\n", ports],
      ["TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n", ports],
      ["TCP4 192.0.2.7 198.51.100.1 1 2 \r\n", ports],
      ["TCP4 192.0.2.7 198.51.100.1 1  2\r\n", ports],
      ["TCP4 192.0.2.7 198.51.100.1 01 2\r\n", ports],
      ["TCP4 192.0.2.7 198.51.100.1 -1 2\r\n", ports],
      ["TCP4 192.0.2.7 198.51.100.1 1 65536\r\n", ports],
      ["TCP4 192.0.2.7 198.51.100.1 1 2a\r\n", ports],
    ] as const
  ) refuses(`PROXY ${line}`, message);
});

Deno.test("parseProxyHeader() refuses a line whose end is not within 107 octets", () => {
  const message = /expected CRLF within 107 octets$/;
  const line = "PROXY UNKNOWN ".padEnd(106, "f");
  assert.equal(parseProxyHeader(octetsOf(line)), undefined);
  refuses(`${line}f`, message);
  refuses(`${line}\r\n`, message);
  refuses(`${line}\r`, message);
});

Deno.test("parseProxyHeader() refuses a header that is not quite one of version 2", () => {
  const command = /expected version 2, and the command LOCAL or PROXY$/;
  const family = /expected a stream over TCP or AF_UNIX$/;
  const tlvs = /expected whole TLVs to its end$/;
  const oneSum = /expected one CRC32C TLV of 4 octets$/;
  for (
    const [header, message] of [
      [v2({ command: 0x11 }), command],
      [v2({ command: 0x31 }), command],
      [v2({ command: 0x22 }), command],
      [octetsOf(`${SIGNATURE}\0`), command],
      [v2({ family: 0x12, block: TCP4 }), family],
      [v2({ family: 0x22, block: TCP6 }), family],
      [v2({ family: 0x32, block: new Array(216).fill(0) }), family],
      [v2({ family: 0x10, block: TCP4 }), family],
      [v2({ family: 0x01 }), family],
      [v2({ family: 0x41, block: TCP4 }), family],
      [v2({ block: TCP4.slice(1) }), /expected an address block of 12 octets$/],
      [v2({ family: 0x21, block: TCP4 }), /an address block of 36 octets$/],
      [v2({ family: 0x31, block: TCP4 }), /an address block of 216 octets$/],
      [v2({ block: [...TCP4, 4] }), tlvs],
      [v2({ block: [...TCP4, 4, 0] }), tlvs],
      [v2({ block: [...TCP4, 4, 0, 1] }), tlvs],
      [v2({ block: [...TCP4, 4, 0xff, 0xff, 1] }), tlvs],
      [v2({ block: [...TCP4, 3, 0, 3, 1, 2, 3] }), oneSum],
      [summed(0, [3, 0, 4, 0, 0, 0, 0]), oneSum],
      [summed(1), /expected the checksum of its octets$/],
      [summed(0x80000000), /expected the checksum of its octets$/],
    ] as const
  ) refuses(header, message);
});

Deno.test("parseProxyHeader() refuses a long header before it has come", () => {
  refuses(
    v2({ length: 2033 }),
    "Cannot parse the PROXY protocol header, version 2: expected at most 2048 octets, found 2049",
  );
  assert.equal(parseProxyHeader(v2({ length: 2032 })), undefined);
  refuses(v2({ command: 0x20, length: 0xffff }), /found 65551$/);
});

Deno.test("parseProxyHeader() finds an octet that was changed under a checksum", () => {
  const header = summed(0, [4, 0, 2, 1, 2]);
  for (let index = 16; index < header.length; index++) {
    // Of another type it is no checksum any more.
    if (index === 28) continue;
    const changed = header.slice();
    changed[index]! ^= 1;
    assert.throws(() => parseProxyHeader(changed), `octet ${index}`);
  }
});

Deno.test("parseProxyHeader() gives the same, however much of what follows is there", () => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.uint8Array({ maxLength: 64 })
      .map((tail) => Uint8Array.of(...octetsOf(SIGNATURE), ...tail)),
    fc.string({ maxLength: 64 })
      .map((tail) => new TextEncoder().encode(`PROXY ${tail}`)),
  );
  fc.assert(fc.property(octets, (all) => {
    let previous: ReturnType<typeof outcome> = undefined;
    for (let length = 0; length <= all.length; length++) {
      const now = outcome(all.subarray(0, length));
      // What is decided stays decided.
      if (previous !== undefined) assert.deepEqual(now, previous);
      previous = now;
    }
  }));
});

function outcome(octets: Uint8Array) {
  try {
    return parseProxyHeader(octets);
  } catch (error) {
    return String(error);
  }
}

/** A stream around one end of a loopback connection, and its other end. */
async function connected() {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const [accepted, peer] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname: "127.0.0.1", port }),
  ]);
  peer.setNoDelay(true);
  const stream = new TcpStream(accepted);
  stream.on("error", () => {});
  return { stream, peer };
}

async function contentOf(stream: TcpStream): Promise<string> {
  let text = "";
  for await (const octets of stream) text += latin1(octets);
  return text;
}

Deno.test("readProxyHeader() leaves the stream at what follows the header", async (t) => {
  const header = "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n";
  for (
    const [title, pieces] of [
      ["in one piece", [`${header}hello`]],
      ["in two", [header, "hello"]],
      ["octet by octet", [...`${header}hello`]],
      ["with a longer stream after it", [header + "x".repeat(20_000), "hello"]],
    ] as const
  ) {
    await t.step(title, async () => {
      const { stream, peer } = await connected();
      const address = readProxyHeader(stream);
      for (const piece of pieces) await peer.write(octetsOf(piece));
      assert.equal(await address, "192.0.2.7");
      await peer.closeWrite();
      assert.equal(
        await contentOf(stream),
        pieces.join("").slice(header.length),
      );
      peer.close();
      stream.destroy();
    });
  }
});

Deno.test("readProxyHeader() says nothing of an address where it is the peer's", async () => {
  const { stream, peer } = await connected();
  await peer.write(v2({ command: 0x20, family: 0 }));
  assert.equal(await readProxyHeader(stream), undefined);
  stream.destroy();
  peer.close();
});

Deno.test("readProxyHeader() refuses what is no header, and one that breaks off", async () => {
  for (
    const [octets, code] of [
      ["\x16\x03\x01\x02", "PROXY_HEADER_INVALID"],
      ["PROXY TCP4 192.0", "PROXY_HEADER_INVALID"],
      ["", "HANDSHAKE_FAILED"],
    ] as const
  ) {
    const { stream, peer } = await connected();
    if (octets !== "") await peer.write(octetsOf(octets));
    await peer.closeWrite();
    await assert.rejects(readProxyHeader(stream), { code });
    stream.destroy();
    peer.close();
  }
});

Deno.test("readProxyHeader() ends when the stream is destroyed under it", async () => {
  const { stream, peer } = await connected();
  await peer.write(octetsOf("PROXY "));
  const reading = readProxyHeader(stream);
  stream.destroy();
  await assert.rejects(reading);
  peer.close();
});
