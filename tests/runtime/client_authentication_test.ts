import assert from "node:assert/strict";
import {
  connect,
  createServer,
  InjectedServer,
  receive,
  root,
  server,
} from "./injected_server.ts";

const RECONSIDER =
  "reconsider the injected node:tls server: the native listener may do mutual TLS now";

Deno.test("Deno.listenTls() admits a client without a certificate, whatever CAs it is given", async () => {
  const options = {
    hostname: "127.0.0.1",
    port: 0,
    cert: server.certPem,
    key: server.keyPem,
    caCerts: [root.certPem],
  };
  using listener = Deno.listenTls(options);
  const accepted = listener.accept().then(async (connection) => {
    await connection.write(new TextEncoder().encode("in"));
    connection.close();
  });
  const answer = await receive(connect(listener.addr.port, null), {
    length: 2,
  });
  assert.equal(String(answer), "in", RECONSIDER);
  await accepted;
});

Deno.test("Deno.serve() admits a client without a certificate, whatever CAs it is given", async () => {
  const options = {
    hostname: "127.0.0.1",
    port: 0,
    cert: server.certPem,
    key: server.keyPem,
    caCerts: [root.certPem],
    onListen: () => {},
  };
  const http = Deno.serve(options, () => new Response("in"));
  const socket = connect(http.addr.port, null);
  socket.write("GET / HTTP/1.0\r\n\r\n");
  const answer = await receive(socket, { length: 1000 });
  assert.match(String(answer), /^HTTP\/1.[01] 200/, RECONSIDER);
  await http.shutdown();
});

Deno.test("an injected tls.Server demands a client certificate, and takes a good one", async () => {
  using injected = new InjectedServer(createServer((socket) => {
    assert.ok(socket.authorized);
    socket.end("in");
  }));
  const why =
    "reconsider src/tls: rejectUnauthorized no longer keeps clients without a certificate out";
  assert.equal(
    String(await receive(connect(injected.port), { length: 2 })),
    "in",
  );
  assert.equal(
    String(await receive(connect(injected.port, null), { length: 2 })),
    "",
    why,
  );
});
