import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "../support/files.ts";
import { createAuthority } from "../support/pki.ts";
import { createCrl } from "../support/pki_crl.ts";
import { programCommand } from "../support/program_command.ts";
import { client, root, server } from "../support/sidecar.ts";

const FILES = {
  "tls.crt": server.chainPem,
  "tls.key": server.keyPem,
  "ca.crt": root.certPem,
  "client.pem": client.chainPem,
};

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly args?: readonly string[];
  /** By variable, beside `CERT_DIR` and `CA_DIR`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `check` to its end on these files, as a process of its own. */
async function check(
  files: Readonly<Record<string, string>>,
  { args = [], env = {} }: RunOptions = {},
): Promise<Outcome> {
  await using directory = await temporaryDirectory(files);
  const command = programCommand(["check", ...args]);
  const { code, stdout, stderr } = await new Deno.Command(command.path, {
    args: command.args,
    env: {
      ...command.env,
      CERT_DIR: directory.path,
      CA_DIR: directory.path,
      ...env,
    },
    cwd: directory.path,
    clearEnv: true,
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

const AS_CLIENT = ["--client-cert", "client.pem"];

Deno.test("check says what would be served, in plain text, with exit code 0", async () => {
  const { code, stdout, stderr } = await check(FILES);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^ {2}Subject +CN=sidecar$/m);
  assert.match(stdout, /^Trusted CAs \(1\)\n.* CN=Test Root$/m);
  assert.match(stdout, /\nVerdict\n {2}serve would start\n$/);
  assert.match(stdout, /^[\n -~]*$/, "colours in a pipe");
});

Deno.test("check tells each kind of problem with exit code 1, and all that there are at once", async (t) => {
  const { "tls.key": _, ...withoutKey } = FILES;
  const { "ca.crt": __, ...withoutAuthority } = FILES;
  const HOUR = 3_600_000;
  const expired = root.issue({
    key: server.key,
    notBefore: Date.now() - 2 * HOUR,
    notAfter: Date.now() - HOUR,
  });
  const damagedCrl = createCrl(root).pem.replace(/\n.{8}/, "\nAAAAAAAA");
  const cases: readonly (readonly [
    title: string,
    files: Record<string, string>,
    env: Record<string, string>,
    messages: readonly RegExp[],
  ])[] = [
    ["no files", {}, {}, [/Cannot find a certificate/, /CA certificate/]],
    ["no key", withoutKey, {}, [/tls\.key/]],
    ["no CA", withoutAuthority, {}, [/Cannot verify clients/]],
    ["another key", { ...FILES, "tls.key": client.keyPem }, {}, [
      /that of another/,
    ]],
    ["expired", { ...FILES, "tls.crt": expired.certPem }, {}, [
      /was valid until/,
    ]],
    ["no CA's CA", { ...FILES, "ca.crt": client.certPem }, {}, [
      /Cannot trust/,
    ]],
    ["bad CRL", { ...FILES, "crl.pem": damagedCrl }, {}, [/crl\.pem/]],
    ["bad settings", FILES, { VIA: "x", MONITOR_PORT: "y" }, [
      /VIA/,
      /MONITOR/,
    ]],
    [
      "bad peers",
      { ...FILES, "peers.json": "{" },
      { PEERS_FILE: "peers.json" },
      [
        /peers\.json/,
      ],
    ],
    ["bad seal", { ...FILES, seal: "x" }, { SEAL_KEY_FILE: "seal" }, [
      /SEAL_KEY/,
    ]],
    [
      "everything",
      { ...FILES, "ca.crt": "", "tls.key": "", seal: "x" },
      { PEERS_FILE: "nope", SEAL_KEY_FILE: "seal" },
      [/ca\.crt/, /tls\.key/, /nope/, /SEAL_KEY/],
    ],
  ];
  for (const [title, files, env, messages] of cases) {
    await t.step(title, async () => {
      const { code, stdout, stderr } = await check(files, { env });
      assert.deepEqual([code, stderr], [1, ""]);
      const problems = stdout.slice(
        stdout.indexOf("Problems\n"),
        stdout.indexOf("\nVerdict\n"),
      );
      for (const message of messages) assert.match(problems, message);
      assert.match(stdout, /\n {2}serve would not start, \d problems?/);
    });
  }
});

Deno.test("check --json prints one JSON object, whatever the outcome", async () => {
  const good = await check(FILES, { args: ["--json"] });
  const report = JSON.parse(good.stdout);
  assert.deepEqual([good.code, good.stderr], [0, ""]);
  assert.deepEqual([report.version, report.wouldStart], [1, true]);
  assert.equal(report.certificate.subject, "CN=sidecar");
  const bad = await check({}, { args: ["--json", "--nope"] });
  const { wouldStart, problems } = JSON.parse(bad.stdout);
  assert.deepEqual([bad.code, wouldStart], [1, false]);
  assert.equal(problems[0].code, "CONFIG_INVALID");
});

Deno.test("check --client-cert says by what a client gets in, and what the application sees", async () => {
  const { code, stdout } = await check(FILES, {
    args: [...AS_CLIENT, "--allow-cn", "test-client"],
    env: { INJECT_CLIENT_HEADERS: "true" },
  });
  assert.equal(code, 0);
  assert.match(stdout, /Admitted +by ALLOW_CN: test-client\n/);
  assert.match(stdout, /\n {2}X-Client-CN: test-client\n/);
});

Deno.test("check --client-cert refuses by the rules with exit code 1, and the pin it gives lets the client in", async () => {
  const refused = await check(FILES, {
    args: AS_CLIENT,
    env: { ALLOW_CN: "other" },
  });
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /Refused +ACCESS_NOT_ALLOWED/);
  const [pin = ""] = /sha256:[A-Za-z0-9+/]{43}=/.exec(refused.stdout) ?? [];
  const byRule = await check(FILES, {
    args: AS_CLIENT,
    env: { ALLOW_CN: "other", ALLOW_SPKI: pin },
  });
  assert.equal(byRule.code, 0);
  const peers = JSON.stringify({ peers: [{ id: "tester", spki: [pin] }] });
  const byPin = await check({ ...FILES, "peers.json": peers }, {
    args: AS_CLIENT,
    env: { PEERS_FILE: "peers.json" },
  });
  assert.equal(byPin.code, 0);
  assert.match(byPin.stdout, /as pinned peer tester\n/);
});

Deno.test("check --client-cert lets a client in with a warning in audit mode", async () => {
  const { code, stdout } = await check(FILES, {
    args: AS_CLIENT,
    env: { ALLOW_CN: "other", ACCESS_MODE: "audit" },
  });
  assert.equal(code, 0);
  assert.match(stdout, /Otherwise refused +ACCESS_NOT_ALLOWED/);
  assert.match(stdout, /\nWarnings\n {2}ACCESS_MODE=audit/);
});

Deno.test("check --client-cert refuses a client of another CA, and one that cannot be read", async () => {
  const stranger = createAuthority({ commonName: "Elsewhere" }).issue();
  const foreign = await check({ ...FILES, "client.pem": stranger.certPem }, {
    args: AS_CLIENT,
  });
  assert.equal(foreign.code, 1);
  assert.match(foreign.stdout, /PATH_NOT_FOUND/);
  assert.match(foreign.stdout, /trust its issuer: CN=Elsewhere\n/);
  const missing = await check(FILES, {
    args: ["--client-cert", join("nowhere", "client.pem")],
  });
  assert.equal(missing.code, 1);
  assert.match(missing.stdout, /serve would start\n/);
});

Deno.test("check shows no private key, even where a file of the wrong kind has one", async () => {
  const { stdout, stderr } = await check({
    ...FILES,
    "ca.crt": server.keyPem,
    "client.pem": client.keyPem,
    "seal": server.keyPem,
  }, { args: AS_CLIENT, env: { SEAL_KEY_FILE: "seal" } });
  for (const { keyPem } of [server, client]) {
    const body = keyPem.split("\n")[1] ?? "";
    assert.ok(!(stdout + stderr).includes(body));
  }
});

Deno.test("check writes the whole of a large report", async () => {
  const peers = Array.from({ length: 10_000 }, (_, index) => ({
    id: `${"x".repeat(120)}${index}`,
    spiffe: `spiffe://acme/${index}`,
  }));
  const { code, stdout } = await check({
    ...FILES,
    "peers.json": JSON.stringify({ peers }),
  }, { args: ["--json"], env: { PEERS_FILE: "peers.json" } });
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).peers.peers.length, 10_000);
});

const hasScript = await new Deno.Command("script", { args: ["--version"] })
  .output().then(({ success }) => success, () => false);

Deno.test({
  name: "check has colours on a terminal, unless NO_COLOR is set",
  ignore: !hasScript,
  async fn() {
    await using directory = await temporaryDirectory(FILES);
    const { path, args, env } = programCommand(["check"]);
    const command = [path, ...args].map((word) => `'${word}'`).join(" ");
    for (const [value, colours] of [["", true], ["1", false]] as const) {
      const { stdout } = await new Deno.Command("script", {
        args: ["--quiet", "--return", "--command", command, "/dev/null"],
        env: {
          ...env,
          CERT_DIR: directory.path,
          CA_DIR: directory.path,
          NO_COLOR: value,
        },
        stdin: "null",
      }).output();
      const text = new TextDecoder().decode(stdout);
      assert.ok(text.includes("serve would start"), text);
      assert.equal(text.includes("\x1b[32m"), colours);
    }
  },
});
