import { temporaryDirectory } from "./files.ts";
import type { Issued } from "./pki.ts";

/** Whether `openssl` is on this machine; tests that need it are ignored without. */
export const hasOpenssl = await new Deno.Command("openssl", {
  args: ["version"],
  stdout: "null",
  stderr: "null",
}).output().then(({ success }) => success, () => false);

/** What a run of `openssl s_client` saw. */
export interface OpensslAnswer {
  /** The session was resumed and not made anew. */
  readonly resumed: boolean;
  /** Everything it printed, what the server sent among it. */
  readonly output: string;
}

/**
 * `openssl s_client`, and a directory to keep sessions in: it resumes, which the
 * runtime's own client never does.
 */
export class Openssl implements AsyncDisposable {
  readonly #directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  readonly #identity: readonly string[];

  private constructor(
    directory: Awaited<ReturnType<typeof temporaryDirectory>>,
    identity: readonly string[],
  ) {
    this.#directory = directory;
    this.#identity = identity;
  }

  /** Without an identity it presents no certificate. */
  static async create(
    identity?: Pick<Issued, "certPem" | "chainPem" | "keyPem">,
  ): Promise<Openssl> {
    if (identity === undefined) {
      return new Openssl(await temporaryDirectory({}), []);
    }
    const { certPem, chainPem, keyPem } = identity;
    const chain = chainPem.slice(certPem.length);
    const directory = await temporaryDirectory({
      "client.crt": certPem,
      "client.key": keyPem,
      "chain.crt": chain,
    });
    return new Openssl(directory, [
      ...["-cert", "client.crt", "-key", "client.key"],
      // An empty file would keep it from starting.
      ...(chain === "" ? [] : ["-cert_chain", "chain.crt"]),
    ]);
  }

  /**
   * Handshakes, sends `input` and reads until the server closes. Relative paths
   * in `args` are in a directory of this client's own.
   */
  async run(
    { port, input }: { port: number; input: string },
    ...args: string[]
  ): Promise<OpensslAnswer> {
    await using child = new Deno.Command("openssl", {
      args: [
        ...["s_client", "-connect", `127.0.0.1:${port}`, "-ign_eof"],
        ...this.#identity,
        ...args,
      ],
      cwd: this.#directory.path,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    // It may have been cut, and have left, before it read this.
    await writer.write(new TextEncoder().encode(input)).catch(() => {});
    await writer.close().catch(() => {});
    const { stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    const output = decoder.decode(stdout) + decoder.decode(stderr);
    return { resumed: /^Reused, TLSv1/m.test(output), output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory[Symbol.asyncDispose]();
  }
}
