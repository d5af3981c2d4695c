import assert from "node:assert/strict";
import { Input } from "../../../src/http/input.ts";
import { OctetWriter } from "../../../src/http/octet_writer.ts";
import { RequestHead } from "../../../src/http/request_head.ts";
import {
  type RequestAdditions,
  type RequestHeadOptions,
  RequestHeadWriter,
} from "../../../src/proxy/request_head_writer.ts";
import { latin1, octetsOf } from "../../support/octet_reader.ts";
import { PieceSource } from "../../support/piece_source.ts";

/** The lines that tell the application who the client is. */
export const CLIENT_LINES =
  "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n" +
  "X-Client-CN: alice\r\nX-Client-Subject: CN=alice\r\n";

/** The head of a request; throws `SidecarError` where it is refused. */
export async function parseHead(text: string): Promise<RequestHead> {
  const input = new Input(new PieceSource([text]));
  const head = new RequestHead();
  await input.more();
  assert.ok(head.parse(input), "the head is not whole");
  return head;
}

/** What the application gets of a request's head. */
export async function forwarded(
  text: string,
  options: Partial<RequestHeadOptions> = {},
  additions: Partial<RequestAdditions> = {},
): Promise<string> {
  const writer = new RequestHeadWriter({
    authority: "app:8080",
    preserveHost: false,
    via: false,
    keepAlive: true,
    seal: "none",
    ...options,
  });
  const out = new OctetWriter(64);
  writer.write(out, await parseHead(text), {
    lines: octetsOf(CLIENT_LINES),
    seal: undefined,
    contentDigest: undefined,
    continued: false,
    own: "",
    ...additions,
  });
  return latin1(out.octets);
}
