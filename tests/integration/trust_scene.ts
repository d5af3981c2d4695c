import { join } from "node:path";
import { Application, type Script } from "../support/application.ts";
import { get } from "../support/messages.ts";
import {
  type Authority,
  createAuthority,
  type Issued,
} from "../support/pki.ts";
import type { RawClient } from "../support/raw_client.ts";
import { type LogEvent, server, TestSidecar } from "../support/sidecar.ts";
import type { Spawn } from "../../src/workers/worker_link.ts";
import { writeFiles } from "./reload_directories.ts";

/** The CA that goes. */
export const removed = createAuthority({ commonName: "Removed Root" });
/** The CA that stays. */
export const kept = createAuthority({ commonName: "Kept Root" });

export interface TrustSceneOptions {
  /** Whom the sidecar trusts at first; {@linkcode removed} and {@linkcode kept} unless told. */
  readonly trusting?: readonly Pick<Issued, "certPem">[];
  /** More files at first, text by path: `{ "ca/crl.pem": "…" }`. */
  readonly files?: Readonly<Record<string, string>>;
  /** By variable. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Variables that name a file, as a path in the directory: `{ PEERS_FILE: "peers" }`. */
  readonly paths?: Readonly<Record<string, string>>;
  /** `UPSTREAM_URL`, in place of the scene's own application. */
  readonly upstream?: string;
  readonly monitor?: boolean;
  /** Starts the workers, in place of threads of the program. */
  readonly spawn?: Spawn;
}

/** A sidecar that follows real directories, an application behind it, and clients of several CAs. */
export class TrustScene implements AsyncDisposable {
  readonly directory: string;
  readonly application: Application;
  readonly sidecar: TestSidecar;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    stack: AsyncDisposableStack,
    parts: {
      directory: string;
      application: Application;
      sidecar: TestSidecar;
    },
  ) {
    this.directory = parts.directory;
    this.application = parts.application;
    this.sidecar = parts.sidecar;
    this.#stack = stack;
  }

  /** @param script Octets with which every request is answered, or a script. */
  static async set(
    script: string | Script,
    options: TrustSceneOptions = {},
  ): Promise<TrustScene> {
    const { trusting = [removed, kept], files, settings, paths = {} } = options;
    await using stack = new AsyncDisposableStack();
    const directory = await Deno.makeTempDir();
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    await writeFiles(directory, {
      "certs/tls.crt": server.chainPem,
      "certs/tls.key": server.keyPem,
      "ca/ca.crt": bundle(trusting),
      ...files,
    });
    const application = stack.use(
      typeof script === "string"
        ? await Application.answering(script)
        : await Application.start(script),
    );
    const sidecar = stack.use(
      await TestSidecar.start({
        upstream: options.upstream ?? application.url,
        directory,
        ...(options.monitor && { monitor: true }),
        ...(options.spawn && { spawn: options.spawn }),
        // What a test sees is the doing of the watch, and of no time limit.
        settings: {
          RELOAD_POLL_SECS: "3600",
          TRUST_DRAIN_SECS: "600",
          ...settings,
          ...Object.fromEntries(
            Object.entries(paths).map(([variable, path]) => [
              variable,
              join(directory, path),
            ]),
          ),
        },
      }),
    );
    const parts = { directory, application, sidecar };
    return new TrustScene(stack.move(), parts);
  }

  /** The codes of all refusals at the door, in their order. */
  get refusals(): unknown[] {
    return this.sidecar.events
      .filter(({ message }) => message === "connection refused")
      .map(({ fields }) => fields["code"]);
  }

  /** Puts files in place whole, each by one rename. */
  async put(files: Readonly<Record<string, string>>): Promise<void> {
    const fresh = join(this.directory, "new");
    for (const [path, text] of Object.entries(files)) {
      await Deno.writeTextFile(fresh, text);
      await Deno.rename(fresh, join(this.directory, path));
    }
  }

  /** Puts files in place, and resolves when what is in them is in force, as `message` tells. */
  async reload(
    files: Readonly<Record<string, string>>,
    message = "material reloaded",
  ): Promise<LogEvent> {
    const reloaded = this.sidecar.nextEvent(message);
    await this.put(files);
    return await reloaded;
  }

  /** Puts files in place, and resolves when they were rejected. */
  async reject(files: Readonly<Record<string, string>>): Promise<LogEvent> {
    const rejected = this.sidecar.nextEvent(
      "reload rejected, the old material stays",
    );
    await this.put(files);
    return await rejected;
  }

  /** Makes `authorities` the whole bundle, and resolves when it is in force. */
  trust(
    ...authorities: readonly Pick<Issued, "certPem">[]
  ): Promise<LogEvent> {
    return this.reload({ "ca/ca.crt": bundle(authorities) });
  }

  /** A client with this certificate, closed with the scene. */
  async connect(identity: Issued): Promise<RawClient> {
    return this.#stack.use(await this.sidecar.connect({ identity }));
  }

  /** A client with an idle connection that was served once. */
  async served(identity: Issued): Promise<RawClient> {
    const client = await this.connect(identity);
    await client.send(get());
    await client.response();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** PEM of certificates, one after the other. */
export function bundle(
  authorities: readonly Pick<Authority, "certPem">[],
): string {
  return authorities.map(({ certPem }) => certPem).join("");
}

/** An application that notes each request line, and answers when it is told to. */
export function onCue(
  answer: string,
): { script: Script; lines: string[]; asked: Promise<void>; go(): void } {
  const asked = Promise.withResolvers<void>();
  const cue = Promise.withResolvers<void>();
  const lines: string[] = [];
  return {
    lines,
    asked: asked.promise,
    go: () => cue.resolve(),
    script: async (connection) => {
      for (let head; (head = await connection.head()) !== undefined;) {
        lines.push(head.slice(0, head.indexOf(" HTTP")));
        asked.resolve();
        await cue.promise;
        await connection.write(answer);
      }
      connection.end();
    },
  };
}
