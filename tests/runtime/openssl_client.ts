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
  readonly #chain: readonly string[];

  private constructor(directory: string, chain: readonly string[]) {
    this.#directory = directory;
    this.#chain = chain;
  }

  static async create(
    identity: Pick<Issued, "chainPem" | "keyPem"> = client,
  ): Promise<OpensslClient> {
    const directory = await Deno.makeTempDir();
    const [leaf = "", ...chain] = identity.chainPem
      .split(/(?<=-----END CERTIFICATE-----\n)/);
    const files = {
      "client.crt": leaf,
      "client.key": identity.keyPem,
      "chain.crt": chain.join(""),
      "root.crt": root.certPem,
    };
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeTextFile(join(directory, name), content);
    }
    // An empty file would keep openssl from starting.
    return new OpensslClient(
      directory,
      chain.length > 0 ? ["-cert_chain", "chain.crt"] : [],
    );
  }

  /**
   * Handshakes, sends a line and reads until the server closes. Relative paths
   * in `args` are in a directory of this client's own.
   */
  async run(port: number, ...args: string[]): Promise<string> {
    const child = new Deno.Command("openssl", {
      args: [
        ...["s_client", "-connect", `127.0.0.1:${port}`, "-ign_eof"],
        ...["-CAfile", "root.crt", "-cert", "client.crt", "-key", "client.key"],
        ...this.#chain,
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
