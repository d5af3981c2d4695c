import assert from "node:assert/strict";
import {
  BodyReader,
  REQUEST_BODY_FAULTS,
} from "../../../src/http/body_reader.ts";
import type { Framing } from "../../../src/http/framing.ts";
import { gather } from "../../../src/http/gather.ts";
import { Input } from "../../../src/http/input.ts";
import { OctetWriter } from "../../../src/http/octet_writer.ts";
import { latin1 } from "../../support/octet_reader.ts";
import { PieceSource } from "../../support/piece_source.ts";

const KIB = 1024;

/** What is sent of a body, write by write, and how many octets of content were taken. */
async function sent(
  pieces: readonly string[],
  { framing, chunked }: { framing: Framing; chunked: boolean },
): Promise<{ writes: string[]; taken: number }> {
  const body = new BodyReader(
    new Input(new PieceSource(pieces)),
    REQUEST_BODY_FAULTS,
  );
  body.begin(framing);
  const out = new OctetWriter(16);
  const writes: string[] = [];
  function flush(): void {
    if (out.length > 0) writes.push(latin1(out.octets));
    out.clear();
  }
  for (;;) {
    const piece = gather(body, out, chunked);
    const empty = out.length === 0;
    flush();
    if (piece === null) return { writes, taken: body.taken };
    if (piece !== undefined) writes.push(latin1(piece));
    else if (empty) await body.more();
  }
}

function length(octets: number): Framing {
  return { kind: "length", octets };
}

Deno.test("gather() copies small pieces, and passes large ones as they are", async () => {
  const small = "s".repeat(8 * KIB);
  const large = "l".repeat(8 * KIB + 1);
  const { writes, taken } = await sent([small, large], {
    framing: length(16 * KIB + 1),
    chunked: false,
  });
  assert.deepEqual(writes, [small, large]);
  assert.equal(taken, 16 * KIB + 1);
});

Deno.test("gather() makes a chunk of each piece, and undoes those it came in", async () => {
  const { writes, taken } = await sent([
    "3;x\r\nab",
    "c\r\n1\r\nd\r\n0\r\n\r\n",
  ], {
    framing: { kind: "chunked" },
    chunked: true,
  });
  assert.equal(writes.join(""), "2\r\nab\r\n1\r\nc\r\n1\r\nd\r\n");
  assert.equal(taken, 4);
});

Deno.test("gather() lets no more than 32 KiB and a piece come together", async () => {
  const chunks = `1\r\nx\r\n`.repeat(20_000) + "0\r\n\r\n";
  const { writes, taken } = await sent([chunks], {
    framing: { kind: "chunked" },
    chunked: true,
  });
  assert.equal(taken, 20_000);
  assert.equal(writes.join(""), chunks.slice(0, -5));
  for (const write of writes) assert.ok(write.length <= 32 * KIB + 6);
});

Deno.test("gather() has nothing to send of a body that there is not", async () => {
  const options = { framing: { kind: "none" }, chunked: false } as const;
  assert.deepEqual(await sent(["GET"], options), { writes: [], taken: 0 });
});
