import { join } from "node:path";
import { Application, type Script } from "./application.ts";
import { temporaryDirectory } from "./files.ts";
import { get } from "./messages.ts";
import type { Issued } from "./pki.ts";
import type { RawClient } from "./raw_client.ts";
import { type LogEvent, TestSidecar } from "./sidecar.ts";

export interface FollowedSceneOptions {
  /** The variable that names the file: `PEERS_FILE`. */
  readonly variable: string;
  /** What is in the file at first. */
  readonly text: string;
  /** By variable. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A sidecar that follows one file beside its certificates, an application behind it, and clients. */
export class FollowedScene implements AsyncDisposable {
  readonly file: string;
  readonly application: Application;
  readonly sidecar: TestSidecar;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    stack: AsyncDisposableStack,
    parts: { file: string; application: Application; sidecar: TestSidecar },
  ) {
    this.file = parts.file;
    this.application = parts.application;
    this.sidecar = parts.sidecar;
    this.#stack = stack;
  }

  static async set(
    script: Script,
    { variable, text, settings }: FollowedSceneOptions,
  ): Promise<FollowedScene> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory({ followed: text }));
    const file = join(directory.path, "followed");
    const application = stack.use(await Application.start(script));
    const sidecar = stack.use(
      await TestSidecar.start({
        upstream: application.url,
        // What a test sees is the doing of the watch, and of no time limit.
        settings: {
          [variable]: file,
          RELOAD_POLL_SECS: "3600",
          TRUST_DRAIN_SECS: "600",
          ...settings,
        },
      }),
    );
    const parts = { file, application, sidecar };
    return new FollowedScene(stack.move(), parts);
  }

  /** The codes of all refusals at the door, in their order. */
  get refusals(): unknown[] {
    return this.sidecar.events
      .filter(({ message }) => message === "connection refused")
      .map(({ fields }) => fields["code"]);
  }

  /** Puts other text in the file's place, and resolves with the next event of that message. */
  async put(text: string, message: string): Promise<LogEvent> {
    const event = this.sidecar.nextEvent(message);
    await Deno.writeTextFile(`${this.file}.new`, text);
    await Deno.rename(`${this.file}.new`, this.file);
    return await event;
  }

  /** Puts other text in the file's place, and resolves when it was rejected. */
  reject(text: string): Promise<LogEvent> {
    return this.put(text, "reload rejected, the old material stays");
  }

  /** A client with this certificate, closed with the scene. */
  async connect(identity: Issued): Promise<RawClient> {
    return this.#stack.use(await this.sidecar.connect({ identity }));
  }

  /** A client with an idle connection that was served once. */
  async served(identity: Issued): Promise<RawClient> {
    const client = await this.connect(identity);
    const status = await statusOf(client);
    if (status !== 200) throw new Error(`expected 200, not ${status}`);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** The status that a client's next request is answered with; 0 where the connection ends instead. */
export async function statusOf(client: RawClient): Promise<number> {
  // It may learn that it was cut by this, or by what it reads.
  await client.send(get()).catch(() => {});
  const line = await client.until("\r\n");
  if (line === undefined) return 0;
  const fields = await client.until("\r\n\r\n") ?? "";
  await client.skip(Number(/content-length: (\d+)/i.exec(fields)?.[1] ?? 0));
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1]);
}
