/**
 * Node.js as an HTTP/2 client, in a process of its own: Deno's `node:http2` can
 * end the process that uses it as a client when a connection ends by GOAWAY.
 *
 * Run by `node`, with the URL and the name of what to do. Says on standard
 * output how far it is, and fails where it is not served as it must be.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import process from "node:process";

const BIG = "0123456789abcdef".repeat(40_000);
const [url, scenario] = process.argv.slice(2);
// Else it gives up streams of its own when more than 10 MB wait to be sent.
const client = http2.connect(url, { maxSessionMemory: 100 });

async function requests() {
  const texts = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const stream = client.request({
        ":path": `/${i}`,
        ":method": i % 2 === 0 ? "POST" : "GET",
        cookie: ["a=1", "b=2"],
      });
      stream.end(i % 2 === 0 ? BIG : undefined);
      let text = "";
      stream.setEncoding("latin1").on("data", (part) => text += part);
      await once(stream, "end");
      return text;
    }),
  );
  for (const [i, text] of texts.entries()) {
    assert.ok(text === (i % 2 === 0 ? BIG : `/${i}`), `request ${i}`);
  }
  const goaway = once(client, "goaway");
  console.log("served");
  assert.equal((await goaway)[0], 0);
  await once(client, "close");
}

async function aborts() {
  const stream = client.request();
  stream.on("error", () => {});
  await once(stream, "data");
  stream.close(http2.constants.NGHTTP2_CANCEL);
  const broken = client.request();
  const error = once(broken, "error");
  broken.resume();
  await once(broken, "response");
  console.log("begun");
  await error;
  assert.equal(broken.rstCode, http2.constants.NGHTTP2_INTERNAL_ERROR);
}

await { requests, aborts }[scenario]();
client.destroy();
