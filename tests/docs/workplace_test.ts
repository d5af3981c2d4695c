import assert from "node:assert/strict";
import { Workplace } from "./workplace.ts";

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "Workplace tells how a block ended, and stops it at its first mistake",
  ignore,
  async fn() {
    await using workplace = await Workplace.create();
    assert.deepEqual(await workplace.run("echo one\nls certs ca\n"), {
      code: 0,
      output: "one\nca:\nca-bundle.pem\n\ncerts:\ntls.crt\ntls.key\n",
    });
    assert.deepEqual(await workplace.run("false\necho never\n"), {
      code: 1,
      output: "",
    });
    assert.equal((await workplace.run("false | true\n")).code, 1);
  },
});

Deno.test({
  name: "Workplace puts free ports in place of those that are documented",
  ignore,
  async fn() {
    await using workplace = await Workplace.create();
    const { output } = await workplace.run(
      "echo localhost:8443 $TLS_LISTEN_PORT 18443\n",
    );
    const [documented = "", free = "", other] = output.trim().split(" ");
    assert.equal(documented, `localhost:${free}`);
    assert.notEqual(free, "8443");
    assert.equal(other, "18443");
  },
});

Deno.test({
  name: "Workplace rejects a server that ends before it serves",
  ignore,
  async fn() {
    await using workplace = await Workplace.create();
    await assert.rejects(
      workplace.serve("mtls-sidecar --cert-dir nowhere\n"),
      /it ended with 1:\n.*Cannot list CERT_DIR "nowhere"/s,
    );
  },
});

Deno.test({
  name: "Workplace tells of a server that does not end well",
  ignore,
  async fn() {
    await using workplace = await Workplace.create();
    await workplace.serve(
      `trap 'exit 3' TERM\necho '"message":"serving"'\nwhile :; do sleep 0.05; done\n`,
    );
    const [complaint = "", ...others] = await workplace.end();
    assert.match(complaint, /^it ended with 3:/);
    assert.deepEqual(others, []);
  },
});
