import assert from "node:assert/strict";
import { type Connect, dial } from "../../../src/upstream/dial.ts";
import { FakeTcp } from "../../support/fake_tcp.ts";

/** Connects where `accepts` says so, and notes what was tried. */
function connector(accepts: (hostname: string) => boolean) {
  const tried: string[] = [];
  const tcp = new FakeTcp();
  const connect: Connect = ({ hostname, port, signal }) => {
    tried.push(`${hostname} ${port} ${signal.aborted}`);
    return accepts(hostname)
      ? Promise.resolve(tcp)
      : Promise.reject(new Error(`refused by ${hostname}`));
  };
  return { tried, tcp, connect };
}

Deno.test("dial() connects to a host as it is named", async () => {
  const { tried, tcp, connect } = connector(() => true);
  const address = { hostname: "app.example", port: 8080 };
  assert.equal(await dial(address, connect), tcp);
  assert.deepEqual(tried, ["app.example 8080 false"]);
});

Deno.test("dial() tries both loopback addresses for localhost", async () => {
  const { tried, tcp, connect } = connector((hostname) => hostname === "::1");
  assert.equal(await dial({ hostname: "localhost", port: 1 }, connect), tcp);
  assert.deepEqual(tried, ["127.0.0.1 1 false", "::1 1 false"]);
});

Deno.test("dial() tries no second address where the first one answers", async () => {
  const { tried, connect } = connector(() => true);
  await dial({ hostname: "localhost", port: 1 }, connect);
  assert.equal(tried.length, 1);
});

Deno.test("dial() says why it could not connect, to the first address", async () => {
  const { connect } = connector(() => false);
  await assert.rejects(dial({ hostname: "localhost", port: 1 }, connect), {
    name: "SidecarError",
    code: "UPSTREAM_CONNECT_FAILED",
    message: "Cannot connect to the application at localhost port 1: " +
      "refused by 127.0.0.1",
  });
});

Deno.test("dial() connects over TCP unless told otherwise", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const dialled = await dial({
    hostname: "127.0.0.1",
    port: (listener.addr as Deno.NetAddr).port,
  });
  using accepted = await accepting;
  await dialled.write(new TextEncoder().encode("hi"));
  dialled.close();
  const buffer = new Uint8Array(8);
  assert.equal(await accepted.read(buffer), 2);
});
