import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { Pool } from "undici";
import type { Script } from "../support/application.ts";
import { temporaryDirectory } from "../support/files.ts";
import { fieldValues, ok } from "../support/messages.ts";
import { Scene } from "../support/scene.ts";
import { client, root } from "../support/sidecar.ts";
import { eventually } from "../support/waiting.ts";

const IDENTITY = {
  ca: root.certPem,
  cert: client.chainPem,
  key: client.keyPem,
};

const hasCurl = await new Deno.Command("curl", {
  args: ["--version"],
  stdout: "null",
  stderr: "null",
}).output().then(({ success }) => success, () => false);

/** Answers with method, target and how many octets of content came. */
const describe: Script = async (connection) => {
  for (let head; (head = await connection.head()) !== undefined;) {
    const [method, target] = head.split(" ");
    if (fieldValues(head, "expect").length > 0) {
      await connection.write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    let octets = 0;
    if (fieldValues(head, "transfer-encoding")[0] === "chunked") {
      for (let size = -1; size !== 0; octets += size) {
        size = parseInt(await connection.until("\r\n") ?? "", 16);
        await connection.skip(size + 2);
      }
    } else {
      const length = Number(fieldValues(head, "content-length")[0] ?? 0);
      octets = await connection.skip(length);
    }
    const answer = `${method} ${target} ${octets}`;
    await connection.write(
      method === "HEAD" ? ok("abc").slice(0, -3) : ok(answer),
    );
  }
  connection.end();
};

Deno.test("undici is served, with many requests over few connections", async () => {
  await using scene = await Scene.set(describe);
  const pool = new Pool(`https://127.0.0.1:${scene.sidecar.port}`, {
    connect: { ...IDENTITY, servername: "localhost" },
    connections: 2,
    pipelining: 4,
  });
  try {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const { statusCode, body } = await pool.request({
          method: "PUT",
          path: `/${i}`,
          body: "x".repeat(1_000 * i),
        });
        return `${statusCode} ${await body.text()}`;
      }),
    );
    assert.deepEqual(
      answers,
      Array.from({ length: 20 }, (_, i) => `200 PUT /${i} ${1_000 * i}`),
    );
  } finally {
    await pool.destroy();
  }
  await scene.sidecar.idle();
});

Deno.test("node:https with a keep-alive agent is served, chunked content and HEAD too", async () => {
  await using scene = await Scene.set(describe);
  const agent = new https.Agent({
    ...IDENTITY,
    servername: "localhost",
    keepAlive: true,
    maxSockets: 1,
  });
  const ask = async (method: string, content?: Buffer) => {
    const request = https.request({
      agent,
      host: "127.0.0.1",
      port: scene.sidecar.port,
      path: "/a?b",
      method,
    });
    const responded = once(request, "response");
    if (content) request.write(content);
    request.end();
    const [response] = await responded as [IncomingMessage];
    let text = "";
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode, text };
  };
  try {
    assert.deepEqual(await ask("GET"), { status: 200, text: "GET /a?b 0" });
    assert.deepEqual(await ask("POST", Buffer.alloc(300_000)), {
      status: 200,
      text: "POST /a?b 300000",
    });
    assert.deepEqual(await ask("HEAD"), { status: 200, text: "" });
    assert.deepEqual(await ask("GET"), { status: 200, text: "GET /a?b 0" });
  } finally {
    agent.destroy();
  }
  await scene.sidecar.idle();
});

Deno.test({
  name: "curl is served, in each of its ways to send",
  ignore: !hasCurl,
  async fn(t) {
    await using files = await temporaryDirectory({
      "ca.crt": root.certPem,
      "client.crt": client.chainPem,
      "client.key": client.keyPem,
      body: "x".repeat(2_000_000),
    });
    await using scene = await Scene.set(describe);
    const WAYS: readonly (readonly [readonly string[], string | RegExp])[] = [
      [[], "GET /x 0"],
      [["--tls-max", "1.2"], "GET /x 0"],
      [["--head"], /^HTTP\/(1\.1|2) 200 .*\r\ncontent-length: 3\r\n/is],
      [["--data-binary", "@body"], "POST /x 2000000"],
      [
        ["--data-binary", "@body", "-H", "Expect: 100-continue"],
        "POST /x 2000000",
      ],
      [["--data-binary", "@body", "-H", "Expect:"], "POST /x 2000000"],
      [["-T", "body"], "PUT /x 2000000"],
      [["-X", "OPTIONS", "--request-target", "*"], "OPTIONS * 0"],
    ];
    const VERSIONS: Record<string, string> = {
      "--http1.1": "1.1",
      "--http2": "2",
    };
    const runs = Object.entries(VERSIONS).flatMap(([flag, protocol]) =>
      WAYS.map(([args, expected]) => ({
        args: [flag, ...args],
        expected,
        protocol,
      }))
    );
    runs.push({
      args: ["--http1.0"],
      expected: "GET /x 0",
      protocol: "1.0",
    }, {
      args: ["--http1.1", "-T", "body", "-H", "Transfer-Encoding: chunked"],
      expected: "PUT /x 2000000",
      protocol: "1.1",
    });
    for (const { args, expected, protocol } of runs) {
      await t.step(`curl ${args.join(" ")}`, async () => {
        const before = scene.sidecar.entries.length;
        const { stdout, stderr } = await new Deno.Command("curl", {
          args: [
            ...["--silent", "--show-error", "--max-time", "20"],
            ...["--cacert", "ca.crt", "--cert", "client.crt"],
            ...["--key", "client.key", ...args],
            `https://127.0.0.1:${scene.sidecar.port}/x`,
          ],
          cwd: files.path,
        }).output();
        const decoder = new TextDecoder();
        assert.equal(decoder.decode(stderr), "");
        if (typeof expected === "string") {
          assert.equal(decoder.decode(stdout), expected);
        } else assert.match(decoder.decode(stdout), expected);
        const { entries } = scene.sidecar;
        await eventually(() => entries.length > before, "the access log");
        assert.equal(entries.at(-1)?.["network.protocol.version"], protocol);
      });
    }
  },
});
