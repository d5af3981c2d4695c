import assert from "node:assert/strict";
import { kubeletWrite } from "../integration/reload_directories.ts";
import { answerId, idFrom, workerOf } from "../integration/workers_scene.ts";
import { Application } from "../support/application.ts";
import { createAuthority, type Issued } from "../support/pki.ts";
import { Program } from "../support/program.ts";
import { RawClient } from "../support/raw_client.ts";
import { client, root, server } from "../support/sidecar.ts";

const RELOADED = "material reloaded";

const next = createAuthority({ commonName: "Next Root" });
const renewed = next.issue({ commonName: "renewed", ips: ["127.0.0.1"] });
const other = createAuthority({ commonName: "Other Root" });

function volume(own: Issued, ...trusted: readonly Issued[]) {
  return {
    "tls.crt": own.chainPem,
    "tls.key": own.keyPem,
    "ca.crt": trusted.map(({ certPem }) => certPem).join(""),
  };
}

/** The program with a volume of certificates, before an application that answers with ids. */
async function running(
  env: Readonly<Record<string, string>>,
  options: { processors?: string } = {},
) {
  await using stack = new AsyncDisposableStack();
  const directory = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  await kubeletWrite(directory, {
    state: "0",
    files: volume(server, root, other),
  });
  const application = stack.use(await Application.start(answerId));
  const program = stack.use(
    new Program({
      CERT_DIR: directory,
      CA_DIR: directory,
      UPSTREAM_URL: application.url,
      RELOAD_POLL_SECS: "3600",
      ...env,
    }, options),
  );
  const serving = await program.line("serving");
  await program.line("following the files");
  const moved = stack.move();
  return {
    program,
    serving,
    /** Turns to a new state of the volume, and resolves when `message` tells of it. */
    async turn(
      state: string,
      { files, message = RELOADED }: {
        files: Readonly<Record<string, string>>;
        message?: string;
      },
    ) {
      const told = program.nextLine(message);
      await kubeletWrite(directory, { state, files });
      return await told;
    },
    connect: (authority: Issued, identity = client) =>
      RawClient.connect({
        port: Number(serving["port"]),
        caCerts: [authority.certPem],
        identity,
      }),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

/** Which workers answer so many new connections. */
async function workersOf(
  connect: () => Promise<RawClient>,
  count: number,
): Promise<Set<string>> {
  const workers = new Set<string>();
  for (let i = 0; i < count; i++) {
    using client = await connect();
    workers.add(workerOf(await idFrom(client)));
  }
  return workers;
}

Deno.test("the program with two workers serves by both, shows a rotated certificate in both, and SIGTERM ends it with exit code 0", async () => {
  await using rotating = await running({ WORKERS: "2" });
  const { program, connect } = rotating;
  assert.equal(rotating.serving["workers"], 2);
  const workers = await workersOf(() => connect(root), 20);
  assert.equal(workers.size, 2);
  await rotating.turn("1", { files: volume(renewed, root, other) });
  assert.deepEqual(await workersOf(() => connect(next), 20), workers);
  program.kill("SIGTERM");
  assert.deepEqual(await program.ended(), { code: 0, stderr: "" });
  const last = program.lines.at(-1);
  assert.deepEqual([last?.["message"], last?.["finished"]], ["stopped", true]);
  const requests = program.lines.filter(({ message }) => message === "request");
  assert.equal(requests.length, 40);
});

Deno.test("SIGHUP takes in both workers what the lock-out guard refused", async () => {
  await using rotating = await running({
    WORKERS: "2",
    REFUSE_LOCKOUT: "true",
  });
  const { program, connect } = rotating;
  using lost = await connect(root);
  await idFrom(lost);
  const { code } = await rotating.turn("1", {
    files: volume(server, other),
    message: "reload rejected, the old material stays",
  });
  assert.equal(code, "LOCKOUT");
  await idFrom(lost);
  const reloaded = program.nextLine(RELOADED);
  program.kill("SIGHUP");
  await reloaded;
  assert.equal((await lost.rest()).text, "");
  const safe = other.issue();
  assert.equal((await workersOf(() => connect(root, safe), 20)).size, 2);
  program.kill("SIGTERM");
  assert.deepEqual(await program.ended(), { code: 0, stderr: "" });
});

const hasTaskset = await new Deno.Command("taskset", { args: ["-V"] })
  .output().then(({ success }) => success, () => false);

for (
  const [processors, workers] of [["0", undefined], ["0,1", 2]] as const
) {
  Deno.test({
    name: `WORKERS=auto serves by ${
      workers ?? "no"
    } workers where the process may use processors ${processors}`,
    ignore: !hasTaskset || navigator.hardwareConcurrency < (workers ?? 1),
    async fn() {
      await using automatic = await running({ WORKERS: "auto" }, {
        processors,
      });
      assert.equal(automatic.serving["workers"], workers);
      const served = await workersOf(() => automatic.connect(root), 20);
      assert.equal(served.size, workers ?? 1);
    },
  });
}
