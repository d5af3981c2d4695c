import assert from "node:assert/strict";
import { temporaryDirectory } from "../support/files.ts";
import { Program } from "../support/program.ts";
import { programCommand } from "../support/program_command.ts";
import { root, server } from "../support/sidecar.ts";

/** A port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Runs a command to its end, with what it needs to find the monitor port. */
async function run(words: readonly string[], port: number) {
  const { path, args, env } = programCommand(words);
  const { code, stdout } = await new Deno.Command(path, {
    args,
    env: { ...env, MONITOR_PORT: String(port) },
    clearEnv: true,
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout) };
}

Deno.test("status and healthcheck ask the program at its monitor port, and say when it is gone", async () => {
  await using files = await temporaryDirectory({
    "tls.crt": server.chainPem,
    "tls.key": server.keyPem,
    "ca.crt": root.certPem,
  });
  const port = freePort();
  await using program = new Program({
    CERT_DIR: files.path,
    CA_DIR: files.path,
    MONITOR_HOST: "127.0.0.1",
    MONITOR_PORT: String(port),
    ENABLE_METRICS: "true",
  });
  await program.line("serving");
  assert.equal((await run(["healthcheck"], port)).code, 0);
  assert.equal((await run(["healthcheck", "--ready"], port)).code, 0);
  const status = await run(["status"], port);
  assert.equal(status.code, 0);
  assert.match(status.stdout, /CN=Test Root|Test Root/);
  const report = JSON.parse((await run(["status", "--json"], port)).stdout);
  assert.deepEqual([report.phase, report.ready], ["serving", true]);
  const metrics = await fetch(`http://127.0.0.1:${port}/metrics`);
  assert.match(await metrics.text(), /^mtls_sidecar_build_info\{/m);

  program.kill("SIGTERM");
  assert.equal((await program.ended()).code, 0);
  assert.equal((await run(["healthcheck"], port)).code, 1);
  assert.notEqual((await run(["status"], port)).code, 0);
});
