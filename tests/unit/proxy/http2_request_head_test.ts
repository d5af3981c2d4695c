import assert from "node:assert/strict";
import { OctetWriter } from "../../../src/http/octet_writer.ts";
import { RequestHead } from "../../../src/http/request_head.ts";
import { FieldList } from "../../../src/http2/field_list.ts";
import { HpackDecoder } from "../../../src/http2/hpack_decoder.ts";
import { HpackEncoder } from "../../../src/http2/hpack_encoder.ts";
import { Http2RequestHeads } from "../../../src/proxy/http2_request_head.ts";
import {
  type RequestAdditions,
  RequestHeadWriter,
} from "../../../src/proxy/request_head_writer.ts";
import { octetsOf } from "../../support/octet_reader.ts";

function encoded(
  text: string,
  { preserveHost = false, ...additions }:
    & Partial<RequestAdditions>
    & { preserveHost?: boolean } = {},
): [string, string][] {
  const bytes = octetsOf(text);
  const head = new RequestHead();
  assert.ok(head.parse({ bytes, start: 0, end: bytes.length }));
  const heads = new Http2RequestHeads(
    new RequestHeadWriter({
      authority: "app.test",
      preserveHost,
      via: true,
      keepAlive: true,
      seal: "head",
    }),
  );
  const encoder = new HpackEncoder();
  const block = new OctetWriter(64);
  encoder.begin(block);
  heads.encode({ encoder, block }, head, {
    lines: new Uint8Array(0),
    seal: undefined,
    contentDigest: undefined,
    continued: false,
    own: "",
    ...additions,
  });
  const fields = new FieldList(65_536);
  new HpackDecoder(fields).decode(block.octets, 0, block.length);
  assert.ok(!fields.malformed);
  return Array.from(
    { length: fields.count },
    (_, line) => [fields.name(line), fields.value(line)],
  );
}

Deno.test("encode() makes an HTTP/1.1 head one of HTTP/2, less all that is of its connection", () => {
  assert.deepEqual(
    encoded(
      "PUT http://shop.test?q HTTP/1.1\r\nHost: shop.test\r\nAccept: a\r\n" +
        "Transfer-Encoding: chunked\r\nTE: gzip, trailers\r\nUpgrade: x\r\n" +
        "Connection: keep-alive, X-Hop, TE\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n" +
        "Signature: sig=:AA==:\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n",
    ),
    [
      [":method", "PUT"],
      [":scheme", "http"],
      [":authority", "app.test"],
      [":path", "/?q"],
      ["accept", "a"],
      ["te", "trailers"],
      ["x-forwarded-host", "shop.test"],
      ["via", "1.1 mtls-sidecar"],
    ],
  );
});

Deno.test("encode() keeps the client's authority where it is to be preserved", () => {
  const fields = encoded("GET /p HTTP/1.1\r\nHost: shop.test:81\r\n\r\n", {
    preserveHost: true,
  });
  assert.deepEqual(fields[2], [":authority", "shop.test:81"]);
});

Deno.test("encode() adds the lines about the client, without white space around values (RFC 9113 §8.2.1)", () => {
  const fields = encoded("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", {
    lines: octetsOf("X-Client-CN:  a b \t\r\nX-Client-Subject: \r\n"),
  });
  assert.deepEqual(fields[3], [":path", "*"]);
  assert.deepEqual(fields.slice(5, 7), [
    ["x-client-cn", "a b"],
    ["x-client-subject", ""],
  ]);
});

Deno.test("encode() seals what is sent: method, authority and target", () => {
  const sealed: unknown[] = [];
  const fields = encoded("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", {
    seal: {
      lines(request) {
        sealed.push(request);
        return octetsOf("Signature: ours\r\n");
      },
    },
  });
  assert.deepEqual(sealed, [{
    method: "GET",
    authority: "app.test",
    target: "/?q",
    contentDigest: undefined,
  }]);
  assert.deepEqual(fields.at(-2), ["signature", "ours"]);
});
