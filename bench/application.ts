/**
 * The application of the memory scenario: `GET /bytes/N` answers N zeros as
 * fast as they are taken; `PUT` reads the body at RATE bytes a second and
 * answers 200 if BYTES came, 400 if not. Listens on PORT of 127.0.0.1.
 */
import { pause } from "./workbench.ts";

const CHUNK = new Uint8Array(65_536);
const rate = Number(Deno.env.get("RATE"));
const expected = Number(Deno.env.get("BYTES"));

Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT")) },
  async (request) => {
    if (request.method === "PUT") {
      const bytes = await readSlowly(request.body);
      return new Response(null, { status: bytes === expected ? 200 : 400 });
    }
    const bytes = Number(
      /^\/bytes\/(\d+)$/.exec(new URL(request.url).pathname)?.[1],
    );
    return new Response(zeros(bytes), {
      headers: { "content-length": `${bytes}` },
    });
  },
);

async function readSlowly(
  body: ReadableStream<Uint8Array> | null,
): Promise<number> {
  const began = performance.now();
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    const early = bytes / rate * 1000 - (performance.now() - began);
    if (early > 0) await pause(early);
  }
  return bytes;
}

function zeros(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      const chunk = CHUNK.subarray(0, Math.min(left, CHUNK.length));
      left -= chunk.length;
      if (chunk.length > 0) controller.enqueue(chunk);
      if (left === 0) controller.close();
    },
  });
}
