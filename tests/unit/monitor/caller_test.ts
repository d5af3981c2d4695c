import assert from "node:assert/strict";
import { isLoopbackCaller } from "../../../src/monitor/caller.ts";

function from(
  remoteAddress: string | undefined,
  headers: Record<string, string>,
): boolean {
  return isLoopbackCaller({ headers, socket: { remoteAddress } });
}

for (
  const [address, host] of [
    ["127.0.0.1", "localhost:8081"],
    ["127.8.9.1", "127.0.0.1"],
    ["::1", "[::1]:8081"],
    ["::ffff:127.0.0.1", "LOCALHOST"],
    ["127.0.0.1", "10.0.0.7:8081"],
  ] as const
) {
  Deno.test(`isLoopbackCaller() believes ${address} that asks for ${host}`, () => {
    assert.equal(from(address, { host }), true);
  });
}

for (
  const [what, address, headers] of [
    ["another host", "10.0.0.7", { host: "localhost" }],
    ["an address that looks like one", "127.0.0.1.evil", { host: "localhost" }],
    ["a host of the pod", "::ffff:10.0.0.7", { host: "localhost" }],
    ["a socket that is gone", undefined, { host: "localhost" }],
    ["a name that somebody has resolve to loopback", "127.0.0.1", {
      host: "evil.test:8081",
    }],
    ["no host", "127.0.0.1", {}],
    ["a proxy", "127.0.0.1", { host: "localhost", via: "1.1 p" }],
    ["a proxy that says Forwarded", "::1", {
      host: "localhost",
      forwarded: "for=192.0.2.1",
    }],
    ["a proxy that says X-Forwarded-For", "::1", {
      "host": "localhost",
      "x-forwarded-for": "",
    }],
    ["a proxy that says X-Real-IP", "::1", {
      "host": "localhost",
      "x-real-ip": "192.0.2.1",
    }],
  ] as const
) {
  Deno.test(`isLoopbackCaller() does not believe ${what}`, () => {
    assert.equal(from(address, headers), false);
  });
}
