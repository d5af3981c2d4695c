import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import { Input } from "../../../src/http/input.ts";
import { RequestHead } from "../../../src/http/request_head.ts";
import { ResponseHead } from "../../../src/http/response_head.ts";
import { PieceSource } from "../../support/piece_source.ts";

async function inputOf(text: string): Promise<Input> {
  const input = new Input(new PieceSource([text]));
  await input.more();
  return input;
}

async function upgrades(
  fields: string,
  line = "GET / HTTP/1.1",
): Promise<readonly string[]> {
  const head = new RequestHead();
  const input = await inputOf(`${line}\r\nHost: a\r\n${fields}\r\n`);
  assert.ok(head.parse(input), "the head is not whole");
  return head.upgrades;
}

const CONNECTION = "Connection: Upgrade\r\n";

Deno.test("RequestHead.upgrades are the protocols of Upgrade, in their order", async () => {
  assert.deepEqual(
    await upgrades(`${CONNECTION}Upgrade: WebSocket, foo/2.1\r\n`),
    ["WebSocket", "foo/2.1"],
  );
  assert.deepEqual(
    await upgrades(`Upgrade: a\r\nConnection: x, UPGRADE\r\nUPGRADE: ,b ,\r\n`),
    ["a", "b"],
  );
});

Deno.test("RequestHead.upgrades are none where Upgrade cannot be this hop's", async () => {
  const upgrade = "Upgrade: websocket\r\n";
  assert.deepEqual(await upgrades(upgrade), []);
  assert.deepEqual(await upgrades(CONNECTION), []);
  assert.deepEqual(
    await upgrades(CONNECTION + upgrade, "GET / HTTP/1.0"),
    [],
  );
  for (const framing of ["Content-Length: 1", "Transfer-Encoding: chunked"]) {
    assert.deepEqual(
      await upgrades(
        `${CONNECTION}${upgrade}${framing}\r\n`,
        "POST / HTTP/1.1",
      ),
      [],
    );
  }
  assert.deepEqual(
    await upgrades(`${CONNECTION}${upgrade}Content-Length: 0\r\n`),
    ["websocket"],
  );
});

Deno.test("RequestHead.upgrades are none where one of them is no protocol", async () => {
  for (
    const value of ["web socket", "websocket, a b", "a/", "/b", "a/b/c", "\xff"]
  ) {
    assert.deepEqual(
      await upgrades(`${CONNECTION}Upgrade: ${value}\r\n`),
      [],
      value,
    );
  }
});

Deno.test("RequestHead.upgrades are those of the request in hand", async () => {
  const head = new RequestHead();
  const input = await inputOf(
    `GET / HTTP/1.1\r\nHost: a\r\n${CONNECTION}Upgrade: a\r\n\r\n` +
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  );
  assert.ok(head.parse(input));
  assert.deepEqual(head.upgrades, ["a"]);
  head.reset();
  assert.ok(head.parse(input));
  assert.deepEqual(head.upgrades, []);
});

async function switched(
  lines: string,
  upgrade: string | undefined,
): Promise<ResponseHead | string> {
  const head = new ResponseHead();
  head.upgrade = upgrade;
  try {
    assert.ok(head.parse(await inputOf(`${lines}\r\n\r\n`), "GET"));
    return head;
  } catch (error) {
    assert.ok(error instanceof SidecarError);
    return error.code;
  }
}

const STATUS = "HTTP/1.1 101 Switching Protocols\r\n";

Deno.test("ResponseHead.parse() takes a 101 for the protocol that was asked for, in any case", async () => {
  const head = await switched(
    `${STATUS}Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket`,
    "websocket",
  );
  assert.ok(head instanceof ResponseHead);
  assert.deepEqual(
    [head.switching, head.interim, head.persistent, head.framing.kind],
    [true, false, false, "none"],
  );
});

Deno.test("ResponseHead.parse() refuses any other 101", async () => {
  const asked = `${STATUS}Connection: Upgrade\r\nUpgrade: websocket`;
  const refused: [string, string | undefined][] = [
    [asked, undefined],
    [asked, "other"],
    [`${asked}, other`, "websocket"],
    [`${asked}/13`, "websocket"],
    [`${STATUS}Upgrade: websocket`, "websocket"],
    [`${STATUS}Connection: Upgrade`, "websocket"],
    [asked.replace("1.1", "1.0"), "websocket"],
  ];
  for (const [lines, upgrade] of refused) {
    assert.equal(
      await switched(lines, upgrade),
      "UPSTREAM_RESPONSE_INVALID",
      lines,
    );
  }
});
