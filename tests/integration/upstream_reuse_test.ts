import assert from "node:assert/strict";
import type { ApplicationConnection, Script } from "../support/application.ts";
import { get, ok, post, postChunked } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";

/** Runs a script of its own for each connection, in the order of their coming. */
function inTurn(...scripts: readonly Script[]): Script {
  const left = [...scripts];
  return (connection) => {
    const script = left.shift();
    assert.ok(script !== undefined, "a connection too many");
    return script(connection);
  };
}

async function answerOnce(
  connection: ApplicationConnection,
  content: string,
): Promise<void> {
  assert.notEqual(await connection.head(), undefined);
  await connection.write(ok(content));
}

/** Serves once, then closes without a word when the next request has come. */
const serveThenHangUp: Script = async (connection) => {
  await answerOnce(connection, "first");
  await connection.until("\r\n");
  connection.reset();
};

/** Serves one request, whatever its body. */
const serve: Script = (connection) => answerOnce(connection, "second");

for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]) {
  Deno.test(`${method} is sent again, once, when a kept connection was closed under it`, async () => {
    await using scene = await Scene.set(inTurn(serveThenHangUp, serve));
    using client = await scene.request(get("/1"));
    assert.equal((await client.response()).content, "first");
    await client.send(get("/2").replace("GET", method));
    assert.equal((await client.response(method)).status, 200);
    assert.equal(scene.application.connections.length, 2);
    assert.equal(scene.sidecar.entries.length, 2);
  });
}

for (const method of ["POST", "PATCH", "FANCY"]) {
  Deno.test(`${method} is not sent again when a kept connection was closed under it`, async () => {
    await using scene = await Scene.set(inTurn(serveThenHangUp));
    using client = await scene.request(get("/1"));
    await client.response();
    await client.send(get("/2").replace("GET", method));
    const { status, content } = await client.response();
    assert.deepEqual([status, content], [502, "UPSTREAM_CLOSED\n"]);
  });
}

Deno.test("a request is sent again only once", async () => {
  await using scene = await Scene.set(
    inTurn(serveThenHangUp, async (connection) => {
      await connection.head();
      connection.reset();
    }),
  );
  using client = await scene.request(get("/1"));
  await client.response();
  await client.send(get("/2"));
  assert.equal((await client.response()).status, 502);
  assert.equal(scene.application.connections.length, 2);
});

Deno.test("a request that is answered in part is not sent again", async () => {
  await using scene = await Scene.set(inTurn(async (connection) => {
    await answerOnce(connection, "first");
    await connection.head();
    await connection.write("HTTP/1.1 2");
    connection.end();
  }));
  using client = await scene.request(get("/1"));
  await client.response();
  await client.send(get("/2"));
  assert.equal((await client.response()).status, 502);
});

Deno.test("a POST whose kept connection was closed before it came goes to a fresh one", async () => {
  const closed = Promise.withResolvers<void>();
  await using scene = await Scene.set(inTurn(
    async (connection) => {
      await answerOnce(connection, "first");
      connection.end();
      await connection.rest();
      closed.resolve();
    },
    async (connection) => {
      await connection.until("body");
      await connection.write(ok("second"));
    },
  ));
  using client = await scene.request(get());
  await client.response();
  // The sidecar has seen the end, and has ended its own side.
  await closed.promise;
  await client.send(post("body"));
  assert.equal((await client.response()).content, "second");
});

Deno.test("a request whose client has gone is given up towards the application", async (t) => {
  for (
    const [title, request] of [
      ["before the response", get()],
      ["within its own body", postChunked("1\r\na\r\n")],
    ] as const
  ) {
    await t.step(title, async () => {
      const arrived = Promise.withResolvers<void>();
      const given = Promise.withResolvers<void>();
      await using scene = await Scene.set(async (connection) => {
        await connection.head();
        arrived.resolve();
        await connection.rest();
        given.resolve();
      });
      using client = await scene.request(request);
      await arrived.promise;
      client.close();
      await given.promise;
      await scene.sidecar.idle();
      const {
        "http.response.status_code": status,
        "error.type": code,
      } = await scene.sidecar.entry();
      assert.equal(status, 0);
      assert.ok(
        code === "CLIENT_GONE" || code === "BODY_INCOMPLETE",
        `${code}`,
      );
    });
  }
});

Deno.test("a client that leaves within a response ends it at the application", async () => {
  const given = Promise.withResolvers<void>();
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write("HTTP/1.1 200 OK\r\n\r\nbegun");
    while (await connection.write("x".repeat(64 * 1024)));
    given.resolve();
  });
  using client = await scene.request(get());
  await client.until("begun");
  client.close();
  await given.promise;
  await scene.sidecar.idle();
});

Deno.test("an answer before the body was read reaches the client, and no other request meets the rest of that body", async () => {
  await using scene = await Scene.set(inTurn(
    async (connection) => {
      await connection.head();
      await connection.write(ok("early"));
      await connection.rest();
    },
    serve,
  ));
  const [head = "", content = ""] = post("x".repeat(4 * 1024 * 1024))
    .split(/(?<=\r\n\r\n)/);
  using client = await scene.request(head);
  assert.equal((await client.response()).content, "early");
  await client.send(content);
  assert.deepEqual(await client.rest(), { text: "", end: "ended" });
  using next = await scene.request(get());
  assert.equal((await next.response()).content, "second");
});

Deno.test("an answer from an application that closes without reading the body reaches the client", async () => {
  await using scene = await Scene.set(async (connection) => {
    await connection.head();
    await connection.write(
      "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n" +
        "Connection: close\r\n\r\nbig",
    );
    connection.end();
    await connection.rest();
  });
  using client = await scene.connect();
  const sending = client.send(post("x".repeat(4 * 1024 * 1024)));
  const { status, content } = await client.response();
  assert.deepEqual([status, content], [413, "big"]);
  await sending;
});

Deno.test("octets after a response are nobody's answer: the connection is not used again", async (t) => {
  for (
    const [title, response] of [
      ["a second response at once", ok("mine") + ok("stray")],
      ["more octets than the length", `${ok("mine")}!`],
      [
        "octets after the last chunk",
        [
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
          "4\r\nmine\r\n0\r\n\r\nstray",
        ].join(""),
      ],
      ["content of a 204", "HTTP/1.1 204 No Content\r\n\r\nstray"],
      ["content of a 304", "HTTP/1.1 304 Not Modified\r\n\r\nstray"],
    ] as const
  ) {
    await t.step(title, async () => {
      await using scene = await Scene.set(
        inTurn(
          async (connection) => {
            await connection.head();
            await connection.write(response);
            await connection.rest();
          },
          serve,
        ),
      );
      using client = await scene.request(get());
      assert.match((await client.response()).content, /^(mine)?$/);
      await client.send(get());
      assert.equal((await client.response()).content, "second");
    });
  }
});

Deno.test("octets that come while a connection is idle close it", async () => {
  const closed = Promise.withResolvers<void>();
  const stray = Promise.withResolvers<void>();
  await using scene = await Scene.set(inTurn(async (connection) => {
    await answerOnce(connection, "first");
    await stray.promise;
    await connection.write(ok("stray"));
    await connection.rest();
    closed.resolve();
  }, serve));
  using client = await scene.request(get());
  assert.equal((await client.response()).content, "first");
  stray.resolve();
  await closed.promise;
  await client.send(get());
  assert.equal((await client.response()).content, "second");
});

Deno.test("content of a response to HEAD is not taken for the next response", async () => {
  await using scene = await Scene.set(inTurn(
    async (connection) => {
      await connection.head();
      await connection.write(ok("mistaken"));
      await connection.rest();
    },
    serve,
  ));
  using client = await scene.request(get().replace("GET", "HEAD"));
  assert.equal((await client.response("HEAD")).status, 200);
  await client.send(get());
  assert.equal((await client.response()).content, "second");
});
