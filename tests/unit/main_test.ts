import assert from "node:assert/strict";
import denoJson from "../../deno.json" with { type: "json" };
import { helpText } from "../../src/config/help.ts";

const MAIN = new URL("../../main.ts", import.meta.url).href;
const PERMISSIONS = ["--allow-net", "--allow-read", "--allow-env"];

function program(args: readonly string[]): readonly string[] {
  return ["run", "--no-prompt", "--quiet", ...PERMISSIONS, MAIN, ...args];
}

/** Runs the program to its end, in an environment of these variables alone. */
async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const cache = Deno.env.get("DENO_DIR") ?? Deno.env.get("HOME") ?? "";
  const command = new Deno.Command(Deno.execPath(), {
    args: [...program(args)],
    env: {
      ...env,
      [Deno.env.has("DENO_DIR") ? "DENO_DIR" : "HOME"]: cache,
    },
    clearEnv: true,
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

Deno.test("--help prints the help text and succeeds", async () => {
  assert.deepEqual(await run(["--help"]), {
    code: 0,
    stdout: `${helpText()}\n`,
    stderr: "",
  });
});

Deno.test("--version prints the version of deno.json", async () => {
  assert.deepEqual(await run(["--version"]), {
    code: 0,
    stdout: `mtls-sidecar ${denoJson.version}\n`,
    stderr: "",
  });
});

Deno.test("an unknown flag is refused with the nearest known one", async () => {
  assert.deepEqual(await run(["--upstraem-url", "http://localhost:1"]), {
    code: 1,
    stdout: "",
    stderr:
      'mtls-sidecar: Cannot use unknown flag "--upstraem-url": did you mean --upstream-url\n',
  });
});

Deno.test("bad flags and variables are told at once, without a stack", async () => {
  const env = { MONITOR_PORT: "80a", VIA: "maybe", CERT_DIR: "" };
  assert.deepEqual(await run(["--log-level=loud"], env), {
    code: 1,
    stdout: "",
    stderr: [
      'Cannot parse VIA "maybe": expected true, false, 1 or 0',
      'Cannot parse MONITOR_PORT "80a": expected an integer from 0 to 65535',
      'Cannot parse --log-level "loud": expected one of debug, info, warning, error',
    ].map((line) => `mtls-sidecar: ${line}\n`).join(""),
  });
});

Deno.test("demo refuses the settings' flags before it starts anything", async () => {
  assert.deepEqual(await run(["demo", "--via"]), {
    code: 1,
    stdout: "",
    stderr: "mtls-sidecar: Cannot use --via with demo: expected --once alone\n",
  });
});

Deno.test("serve refuses the flags of check", async () => {
  assert.deepEqual(await run(["--json", "--client-cert", "client.pem"]), {
    code: 1,
    stdout: "",
    stderr: [
      "Cannot use --json without check or status: expected it after check or status",
      "Cannot use --client-cert without check: expected it after check",
    ].map((line) => `mtls-sidecar: ${line}\n`).join(""),
  });
});

Deno.test("check reports bad settings on standard output, and fails", async () => {
  const { code, stdout, stderr } = await run(["check"], { VIA: "maybe" });
  assert.deepEqual([code, stderr], [1, ""]);
  assert.match(stdout, /^Problems\n {2}Cannot parse VIA "maybe": expected /);
});

Deno.test("a reader of a report that goes away does no harm", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...program(["check", "--via=maybe"])],
    stdout: "piped",
    stderr: "piped",
  });
  await using child = command.spawn();
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  assert.equal((await child.status).code, 1);
  assert.equal(stderr, "");
});

Deno.test("a key in place of a path does not reach standard error", async () => {
  const key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n";
  const { code, stdout, stderr } = await run([], { CERT_DIR: key });
  assert.equal(code, 1);
  assert.doesNotMatch(stdout + stderr, /MIGH/);
});

Deno.test("a reader of --help that goes away does no harm", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...program(["--help"])],
    stdout: "piped",
    stderr: "piped",
  });
  await using child = command.spawn();
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  assert.equal((await child.status).code, 0);
  assert.equal(stderr, "");
});

Deno.test("healthcheck and status fail where nobody serves, each with one line", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  // A proxy variable would lead both elsewhere.
  const env = { MONITOR_PORT: `${port}`, HTTP_PROXY: "http://127.0.0.1:1" };
  const url = `http://127.0.0.1:${port}`;
  assert.deepEqual(await run(["healthcheck"], env), {
    code: 1,
    stdout: `Cannot ask ${url}/live: nothing listens there\n`,
    stderr: "",
  });
  assert.deepEqual(await run(["status", "--json"], env), {
    code: 1,
    stdout: "",
    stderr:
      `mtls-sidecar: Cannot ask ${url}/status.json: nothing listens there\n`,
  });
});

Deno.test("healthcheck --ready and status ask the port that the settings name", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => new Response(`${new URL(request.url).pathname} asked`),
  );
  const env = { MONITOR_PORT: `${server.addr.port}` };
  assert.deepEqual(await run(["healthcheck", "--ready"], env), {
    code: 0,
    stdout: "/ready asked\n",
    stderr: "",
  });
  const { code, stderr } = await run(["status"], env);
  assert.equal(code, 1);
  assert.match(stderr, /expected the status of an mtls-sidecar\n$/);
});
