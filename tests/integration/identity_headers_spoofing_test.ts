import assert from "node:assert/strict";
import { get, postChunked } from "../support/messages.ts";
import { Receiver } from "../support/receiver.ts";
import { Scene } from "../support/scene.ts";
import {
  ALL_FORMATS,
  identityOf,
  NAMES,
  receivedBy,
  SPELLINGS,
} from "./identity_headers_scene.ts";

const OFF = {};
const ON = { INJECT_CLIENT_HEADERS: "true", IDENTITY_HEADERS: ALL_FORMATS };

/** What the application is told where the client says nothing, `Forwarded` and the like included. */
async function plainNames(
  settings: Readonly<Record<string, string>>,
): Promise<string[]> {
  const { headers } = await receivedBy(settings);
  return headers.map(([name]) => name.toLowerCase()).sort();
}

for (const [state, settings] of [["off", OFF], ["on", ON]] as const) {
  for (const [spelling, spell] of SPELLINGS) {
    const lines = NAMES.map((name) => `${spell(name)}: forged\r\n`);

    Deno.test(`with the formats ${state}, no identity header ${spelling} comes through from a client's head`, async () => {
      const request = get("/", lines.join("") + "X-Kept: kept\r\n");
      const { head, headers } = await receivedBy(settings, { request });
      assert.doesNotMatch(head, /forged/);
      assert.match(head, /X-Kept: kept\r\n/);
      assert.deepEqual(
        headers.map(([name]) => name.toLowerCase()).sort(),
        [...await plainNames(settings), "x-kept"].sort(),
      );
    });

    Deno.test(`with the formats ${state}, no identity header ${spelling} comes through in a trailer`, async () => {
      const request = postChunked(
        `2\r\nab\r\n0\r\n${lines.join("")}X-Kept: kept\r\n\r\n`,
        `Trailer: ${NAMES.map(spell).join(", ")}\r\nTE: trailers\r\n`,
      );
      const { content, trailers, headers } = await receivedBy(settings, {
        request,
      });
      assert.deepEqual([content, trailers], ["ab", "X-Kept: kept\r\n"]);
      const values = headers.filter(([name]) => name !== "Trailer")
        .map(([, value]) => value);
      assert.doesNotMatch(values.join("\n"), /forged/);
    });
  }

  Deno.test(`with the formats ${state}, a client that names identity headers in Connection loses its own alone`, async () => {
    const truth = identityOf(await receivedBy(settings));
    for (
      const fields of [
        `Connection: ${NAMES.join(", ")}\r\n`,
        NAMES.map((name) => `Connection: ${name}\r\n`).join(""),
        NAMES.map((name) =>
          `Connection: ${name.toLowerCase()}\r\n${name}: forged\r\n`
        ).join(""),
        `Connection: ${
          NAMES.map((name) => name.replaceAll("-", "_")).join(", ")
        }\r\n`,
      ]
    ) {
      const received = await receivedBy(settings, {
        request: get("/", fields),
      });
      assert.deepEqual(identityOf(received), truth);
      assert.doesNotMatch(received.head, /forged|^connection:/im);
    }
  });

  Deno.test(`with the formats ${state}, one request's claims do not show in the next one, nor in another's`, async () => {
    const receiver = new Receiver();
    await using scene = await Scene.set(receiver.script, settings);
    const claims = NAMES.map((name) => `${name}: forged\r\n`).join("");
    const first = await scene.request(get("/1", claims) + get("/2"));
    for (let time = 0; time < 2; time++) await first.response();
    const second = await scene.request(get("/3"));
    await second.response();
    assert.equal(receiver.requests.length, 3);
    const [one, ...others] = receiver.requests.map(identityOf);
    for (const other of others) assert.deepEqual(other, one);
    const heads = receiver.requests.map(({ head }) => head).join("");
    assert.doesNotMatch(heads, /forged/);
  });
}

for (
  const [name, fields] of [
    ["folded into another", "X-Other: a\r\n X-Client-CN: forged\r\n"],
    ["with a space before its colon", "X-Client-CN : forged\r\n"],
    ["behind a bare CR", "X-Other: a\rX-Client-CN: forged\r\n"],
    ["behind a bare LF", "X-Other: a\nX-Client-CN: forged\r\n"],
    ["behind a NUL", "X-Other: a\0X-Client-CN: forged\r\n"],
    ["with a tab in its name", "X-Client\t-CN: forged\r\n"],
    ["with another alphabet's letters", "X-Cl\xefent-CN: forged\r\n"],
  ] as const
) {
  Deno.test(`a request with an identity header ${name} is refused whole`, async () => {
    const receiver = new Receiver();
    await using scene = await Scene.set(receiver.script, ON);
    const client = await scene.request(get("/", fields));
    const { status } = await client.response();
    assert.equal(status, 400);
    assert.deepEqual(receiver.requests, []);
  });
}
