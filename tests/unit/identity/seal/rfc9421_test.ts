import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  HmacSha256,
  PADDING_ROOM,
} from "../../../../src/identity/seal/hmac.ts";
import {
  ReceivedHeaders,
  signatureBase,
} from "../../../../src/identity/seal/received_request.ts";

// RFC 9421 §B.1.5, §B.2 and §B.2.5.
const SHARED_SECRET =
  "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtj" +
  "UkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
const PARAMETERS = '("date" "@authority" "content-type");created=1618884473;' +
  'keyid="test-shared-secret"';
const BASE = `"date": Tue, 20 Apr 2021 02:07:55 GMT
"@authority": example.com
"content-type": application/json
"@signature-params": ${PARAMETERS}`;
const SIGNATURE = "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=";

Deno.test("the base is that of RFC 9421's HMAC example", () => {
  const request = {
    method: "POST",
    authority: "example.com",
    target: "/foo?param=Value&Pet=dog",
    headers: [
      ["Host", "example.com"],
      ["Date", "Tue, 20 Apr 2021 02:07:55 GMT"],
      ["Content-Type", "application/json"],
      ["Content-Length", "18"],
    ] as const,
  };
  const input = {
    components: ["date", "@authority", "content-type"],
    created: 1618884473,
    sequence: 0n,
    keyId: "test-shared-secret",
    parameters: PARAMETERS,
  };
  assert.deepEqual(
    signatureBase(request, new ReceivedHeaders(request.headers), {
      input,
      scheme: "https",
    }),
    { base: BASE },
  );
});

Deno.test("the MAC is that of RFC 9421's HMAC example", () => {
  const key = new HmacSha256(Buffer.from(SHARED_SECRET, "base64"));
  const base = new TextEncoder().encode(BASE);
  for (const cut of [0, 63, 64, 65, base.length]) {
    const prefix = key.begin(base.subarray(0, cut));
    const message = new Uint8Array(base.length + PADDING_ROOM);
    message.set(prefix.rest);
    message.set(base.subarray(cut), prefix.rest.length);
    const length = prefix.rest.length + base.length - cut;
    assert.equal(prefix.finish(message, length), SIGNATURE);
  }
});
