import assert from "node:assert/strict";
import { SoakApplication } from "../soak/application.ts";
import { figuresOf } from "../soak/figures.ts";
import { vanishHttp1, vanishHttp2, type Vanishing } from "../soak/vanish.ts";
import { attempt } from "../support/attempt.ts";
import { temporaryDirectory } from "../support/files.ts";
import { Program } from "../support/program.ts";
import { client, root, server } from "../support/sidecar.ts";
import { hasTcpTable, serverDescriptors } from "../support/tcp_table.ts";
import { eventually, soon } from "../support/waiting.ts";

/**
 * Of each protocol; the heap has grown to its size after the warm-up.
 * `deno task soak:long` has 50,000.
 */
const TIMES = 2_000, WARM_UP = 2_000, AT_ONCE = 20;

async function times(
  count: number,
  vanish: Vanishing,
  port: number,
): Promise<void> {
  let left = count;
  const one = async () => {
    while (left-- > 0) await soon(vanish(port), "a client to vanish");
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

for (
  const [protocol, vanish] of [
    ["HTTP/1.1", vanishHttp1],
    ["HTTP/2", vanishHttp2],
  ] as const
) {
  Deno.test({
    name:
      `${TIMES} ${protocol} clients that vanish with requests in flight leave the program as it was`,
    ignore: !hasTcpTable,
    async fn() {
      await using files = await temporaryDirectory({
        "tls.crt": server.chainPem,
        "tls.key": server.keyPem,
        "ca.crt": root.certPem,
      });
      await using application = await SoakApplication.start();
      await using program = new Program({
        CERT_DIR: files.path,
        CA_DIR: files.path,
        UPSTREAM_URL: application.url,
        ACCESS_LOG: "off",
      });
      const port = Number((await program.line("serving"))["port"]);
      const settled = async () => {
        await eventually(
          async () => await serverDescriptors(port) === 0,
          "the clients' connections to end",
        );
        return await figuresOf(program.pid);
      };
      await times(WARM_UP, vanish, port);
      const before = await settled();
      await times(TIMES, vanish, port);
      const after = await settled();
      const grown = {
        openFiles: after.openFiles - before.openFiles,
        megabytes: Math.round((after.memory - before.memory) / 1e6),
      };
      // Connections to the application are kept alive; a leak would show as
      // one descriptor and some 50 kB for each that vanished.
      assert.ok(grown.openFiles < 100, JSON.stringify(grown));
      assert.ok(grown.megabytes < 70, JSON.stringify(grown));
      const good = await attempt({ port, identity: client });
      assert.match(good.answer, /^HTTP\/1\.1 200 OK\r\n/);
      program.kill("SIGTERM");
      const { code, stderr } = await program.ended();
      assert.deepEqual([code, stderr], [0, ""]);
    },
  });
}
