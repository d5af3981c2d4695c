import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { Duplex } from "node:stream";
import { Input } from "../../../src/http/input.ts";
import { OctetWriter } from "../../../src/http/octet_writer.ts";
import { FrameType } from "../../../src/http2/frame.ts";
import { FrameReader, IGNORED, MORE } from "../../../src/http2/frame_reader.ts";
import * as frames from "../../../src/http2/frame_writer.ts";
import { HpackEncoder } from "../../../src/http2/hpack_encoder.ts";
import { takePreface } from "../../../src/http2/preface.ts";
import { Settings } from "../../../src/http2/settings.ts";
import { octetsOf } from "../../support/octet_reader.ts";
import { HpackReader } from "./hpack_reader.ts";

/** Enough of a server to answer each request with what it was asked. */
class Echo extends Duplex {
  readonly #input: Input;
  readonly #arrived: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  readonly #out = new OctetWriter(1024);
  readonly #encoder = new HpackEncoder();
  readonly #hpack = new HpackReader();
  readonly requests: string[][] = [];
  readonly ended: Promise<void>;

  constructor() {
    super();
    this.#input = new Input({
      read: async () => {
        while (this.#arrived.length === 0) {
          await new Promise<void>((wake) => this.#wake = wake);
        }
        return this.#arrived.shift()!;
      },
    });
    this.ended = this.#serve();
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _: string, done: () => void): void {
    this.#arrived.push(chunk.slice());
    this.#wake?.();
    done();
  }

  async #serve(): Promise<void> {
    const reader = new FrameReader();
    while (!takePreface(this.#input)) await this.#input.more();
    frames.writeSettings(this.#out, []);
    for (;;) {
      const type = reader.take(this.#input);
      if (type === MORE) {
        if (this.#out.length > 0) this.push(this.#out.octets.slice());
        this.#out.clear();
        await this.#input.more();
      } else if (type === FrameType.GOAWAY) return;
      else if (type !== IGNORED) this.#answer(type, reader);
    }
  }

  #answer(type: number, { ack, streamId, bytes, start, end }: FrameReader) {
    if (type === FrameType.SETTINGS && !ack) {
      new Settings("client").apply(bytes, start, end);
      frames.writeSettingsAck(this.#out);
    } else if (type === FrameType.PING && !ack) {
      frames.writePingAck(this.#out, bytes, start);
    } else if (type === FrameType.HEADERS) {
      const request = this.#hpack.read(bytes.slice(start, end));
      this.requests.push(request);
      const block = new OctetWriter(64);
      this.#encoder.begin(block);
      this.#encoder.addStatus(block, 201);
      for (const line of request.filter((line) => !line.startsWith(":"))) {
        const [name = "", value = ""] = line.split(": ");
        const field = octetsOf(name + value);
        const { length } = name;
        this.#encoder.addField(block, field, 0, length, length, field.length);
      }
      frames.writeHeaders(this.#out, streamId, block, false, 16_384);
      frames.writeDataHeader(this.#out, streamId, 5, true);
      this.#out.addLatin1("hello");
    }
  }
}

Deno.test("node:http2 understands what is written, and is understood", async () => {
  const echo = new Echo();
  const session = connect("http://example.test", {
    createConnection: () => echo,
  });
  try {
    for (let round = 0; round < 5; round++) {
      const sent = {
        "content-type": "text/plain",
        "user-agent": "node",
        "x-round": `${round}`,
        "x-long": "<>".repeat(9_000),
      };
      const stream = session.request({
        ":authority": "example.test",
        ":path": `/${round}`,
        ...sent,
      });
      stream.setEncoding("latin1");
      const [headers] = await once(stream, "response") as [IncomingHttpHeaders];
      let content = "";
      for await (const piece of stream) content += piece;
      assert.equal(content, "hello");
      assert.equal(headers[":status"], 201);
      for (const [name, value] of Object.entries(sent)) {
        assert.equal(headers[name], value);
      }
      const request = echo.requests.at(-1)!.slice(0, 4).toSorted();
      assert.deepEqual(request, [
        ":authority: example.test",
        ":method: GET",
        `:path: /${round}`,
        ":scheme: http",
      ]);
    }
  } finally {
    session.close();
  }
  await echo.ended;
  session.destroy();
});
