import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "../support/files.ts";
import { Program } from "../support/program.ts";
import { root, server } from "../support/sidecar.ts";

const hasMkfifo = await new Deno.Command("mkfifo", { args: ["--version"] })
  .output().then(({ success }) => success, () => false);

Deno.test({
  name:
    "a FIFO that comes and goes beside the certificates neither stops them from being followed nor the program from ending",
  ignore: !hasMkfifo,
  async fn() {
    await using files = await temporaryDirectory({
      "tls.crt": server.chainPem,
      "tls.key": server.keyPem,
      "ca.crt": root.certPem,
    });
    await using program = new Program({
      CERT_DIR: files.path,
      CA_DIR: files.path,
      RELOAD_POLL_SECS: "1",
    });
    await program.line("following the files");
    await program.line("serving");
    const polling = program.nextLine("following the files");
    await new Deno.Command("mkfifo", { args: [join(files.path, "fifo")] })
      .output();
    assert.equal((await polling)["mode"], "poll");
    const reloaded = program.line("material reloaded");
    const renewed = root.issue({ commonName: "renewed", key: server.key });
    await Deno.writeTextFile(join(files.path, "tls.crt"), renewed.chainPem);
    await reloaded;
    // The runtime's own watch waits for the FIFO still, whether it is there or not.
    await Deno.remove(join(files.path, "fifo"));
    for (const commonName of ["again", "and again"]) {
      const reloaded = program.nextLine("material reloaded");
      const renewed = root.issue({ commonName, key: server.key });
      await Deno.writeTextFile(join(files.path, "tls.crt"), renewed.chainPem);
      await reloaded;
    }
    program.kill("SIGTERM");
    assert.equal((await program.ended()).code, 0);
  },
});
