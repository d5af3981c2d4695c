import assert from "node:assert/strict";
import { Application } from "../support/application.ts";
import { get, ok } from "../support/messages.ts";
import { hasOpenssl, Openssl } from "../support/openssl.ts";
import { createAuthority, type Issued } from "../support/pki.ts";
import { Program } from "../support/program.ts";
import { RawClient } from "../support/raw_client.ts";
import { client, root, server } from "../support/sidecar.ts";
import { kubeletWrite } from "../integration/reload_directories.ts";

const RELOADED = "material reloaded";
const REJECTED = "reload rejected, the old material stays";

/** The CA of the certificate that takes the place of the first one. */
const next = createAuthority({ commonName: "Next Root" });
const renewed = next.issue({ commonName: "renewed", ips: ["127.0.0.1"] });
const other = createAuthority({ commonName: "Other Root" });

function volume(
  own: Issued,
  ...trusted: readonly Issued[]
): Record<string, string> {
  return {
    "tls.crt": own.chainPem,
    "tls.key": own.keyPem,
    "ca.crt": trusted.map(({ certPem }) => certPem).join(""),
  };
}

/** The program with a volume of certificates as kubelet makes it, and an application. */
class Rotating implements AsyncDisposable {
  readonly program: Program;
  readonly #directory: string;
  readonly #stack: AsyncDisposableStack;
  #state = 0;

  private constructor(
    stack: AsyncDisposableStack,
    { program, directory }: { program: Program; directory: string },
  ) {
    this.#stack = stack;
    this.program = program;
    this.#directory = directory;
  }

  static async start(
    settings: Readonly<Record<string, string>> = {},
  ): Promise<Rotating> {
    await using stack = new AsyncDisposableStack();
    const directory = await Deno.makeTempDir();
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    await kubeletWrite(directory, {
      state: "0",
      files: volume(server, root, other),
    });
    const application = stack.use(await Application.answering(ok("in")));
    const program = stack.use(
      new Program({
        CERT_DIR: directory,
        CA_DIR: directory,
        UPSTREAM_URL: application.url,
        RELOAD_POLL_SECS: "3600",
        ...settings,
      }),
    );
    await program.line("serving");
    await program.line("following the files");
    return new Rotating(stack.move(), { program, directory });
  }

  /** Turns to a new state of the volume, and resolves with the line that tells of it. */
  async turn(
    files: Readonly<Record<string, string>>,
    message = RELOADED,
  ): Promise<Readonly<Record<string, unknown>>> {
    const told = this.program.nextLine(message);
    await kubeletWrite(this.#directory, { state: `${++this.#state}`, files });
    return await told;
  }

  async port(): Promise<number> {
    return Number((await this.program.line("serving"))["port"]);
  }

  /** A client that has been served, and knows the sidecar by `authority`. */
  async served(authority: Issued, identity = client): Promise<RawClient> {
    const connected = await RawClient.connect({
      port: await this.port(),
      caCerts: [authority.certPem],
      identity,
    });
    this.#stack.use(connected);
    await connected.send(get());
    assert.equal((await connected.response()).content, "in");
    return connected;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

Deno.test("the program serves a rotated certificate, keeps its connections, and SIGTERM ends it with exit code 0", async () => {
  await using rotating = await Rotating.start();
  const { program } = rotating;
  using before = await rotating.served(root);
  const { trust_generation } = await rotating.turn(
    volume(renewed, root, other),
  );
  assert.equal(trust_generation, 1);
  using after = await rotating.served(next);
  await assert.rejects(() => rotating.served(root));
  await before.send(get());
  assert.equal((await before.response()).content, "in");
  before.close();
  after.close();
  program.kill("SIGTERM");
  assert.deepEqual(await program.ended(), { code: 0, stderr: "" });
  assert.equal(program.lines.at(-1)?.["message"], "stopped");
});

Deno.test({
  name: "openssl sees the rotated certificate",
  ignore: !hasOpenssl,
  async fn() {
    await using rotating = await Rotating.start();
    await using openssl = await Openssl.create(client);
    const target = {
      port: await rotating.port(),
      input: get("/", "Connection: close\r\n"),
    };
    assert.match((await openssl.run(target)).output, /subject=.*sidecar/);
    await rotating.turn(volume(renewed, root));
    const { output } = await openssl.run(target);
    assert.match(output, /subject=.*renewed/);
    assert.match(output, /HTTP\/1\.1 200 OK/);
  },
});

Deno.test("a client of a CA that leaves the volume is put out of the program", async () => {
  await using rotating = await Rotating.start();
  const identity = other.issue();
  using lost = await rotating.served(root, identity);
  using safe = await rotating.served(root);
  await rotating.turn(volume(server, root));
  assert.equal((await lost.rest()).text, "");
  await assert.rejects(() => rotating.served(root, identity));
  await safe.send(get());
  assert.equal((await safe.response()).content, "in");
});

Deno.test("SIGHUP loads at once, and takes what the lock-out guard refused", async () => {
  await using rotating = await Rotating.start({ REFUSE_LOCKOUT: "true" });
  const { program } = rotating;
  using lost = await rotating.served(root);
  const { code } = await rotating.turn(volume(server, other), REJECTED);
  assert.equal(code, "LOCKOUT");
  await lost.send(get());
  assert.equal((await lost.response()).content, "in");
  const reloaded = program.nextLine(RELOADED);
  program.kill("SIGHUP");
  await reloaded;
  assert.equal((await lost.rest()).text, "");
  using safe = await rotating.served(root, other.issue());
  safe.close();
  program.kill("SIGTERM");
  assert.deepEqual(await program.ended(), { code: 0, stderr: "" });
});

Deno.test("a broken volume leaves the program serving, and SIGHUP tells of it again", async () => {
  await using rotating = await Rotating.start();
  const { program } = rotating;
  const broken = { ...volume(renewed, root), "tls.key": server.keyPem };
  const rejected = await rotating.turn(broken, REJECTED);
  assert.equal(rejected["code"], "KEY_MISMATCH");
  assert.match(String(rejected["error"]), /tls\.crt/);
  const again = program.nextLine(REJECTED);
  program.kill("SIGHUP");
  assert.equal((await again)["since"], rejected["since"]);
  await rotating.served(root);
  await rotating.turn(volume(renewed, root));
  await rotating.served(next);
  const key = server.keyPem.split("\n")[1] ?? "";
  assert.ok(!JSON.stringify(program.lines).includes(key));
});
