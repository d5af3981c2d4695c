import { join } from "node:path";
import type { Issued } from "../support/pki.ts";
import { client, root } from "./injected_server.ts";

/** Whether `openssl` is on this machine; canaries that need it are ignored without. */
export const hasOpenssl = await new Deno.Command("openssl", {
  args: ["version"],
  stdout: "null",
  stderr: "null",
}).output().then(({ success }) => success, () => false);

/** `openssl s_client`, for what the runtime's own client cannot do. */
export class OpensslClient implements AsyncDisposable {
  readonly #directory: string;
  readonly #identity: readonly string[];

  private constructor(directory: string, identity: readonly string[]) {
    this.#directory = directory;
    this.#identity = identity;
  }

  /** With null it presents no certificate. */
  static async create(
    identity: Pick<Issued, "chainPem" | "keyPem"> | null = client,
  ): Promise<OpensslClient> {
    const directory = await Deno.makeTempDir();
    await Deno.writeTextFile(join(directory, "root.crt"), root.certPem);
    if (identity === null) return new OpensslClient(directory, []);
    const [leaf = "", ...chain] = identity.chainPem
      .split(/(?<=-----END CERTIFICATE-----\n)/);
    const files = {
      "client.crt": leaf,
      "client.key": identity.keyPem,
      "chain.crt": chain.join(""),
    };
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeTextFile(join(directory, name), content);
    }
    return new OpensslClient(directory, [
      ...["-cert", "client.crt", "-key", "client.key"],
      // An empty file would keep openssl from starting.
      ...(chain.length > 0 ? ["-cert_chain", "chain.crt"] : []),
    ]);
  }

  /**
   * Handshakes, sends a line and reads until the server closes. Relative paths
   * in `args` are in a directory of this client's own.
   */
  async run(port: number, ...args: string[]): Promise<string> {
    const child = new Deno.Command("openssl", {
      args: [
        ...["s_client", "-connect", `127.0.0.1:${port}`, "-ign_eof"],
        ...["-CAfile", "root.crt"],
        ...this.#identity,
        ...args,
      ],
      cwd: this.#directory,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("line\n")).catch(() => {});
    await writer.close().catch(() => {});
    const { stdout } = await child.output();
    return new TextDecoder().decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true });
  }
}
