import { Application, type Script } from "./application.ts";
import type { RawClient, RawClientOptions } from "./raw_client.ts";
import { TestSidecar } from "./sidecar.ts";

/** An application, a sidecar before it, and the clients that come to it. */
export class Scene implements AsyncDisposable {
  readonly application: Application;
  readonly sidecar: TestSidecar;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    application: Application,
    sidecar: TestSidecar,
    stack: AsyncDisposableStack,
  ) {
    this.application = application;
    this.sidecar = sidecar;
    this.#stack = stack;
  }

  /**
   * @param application Octets with which every request is answered, or a script.
   * @param settings By variable.
   */
  static async set(
    application: string | Script,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const app = stack.use(
      typeof application === "string"
        ? await Application.answering(application)
        : await Application.start(application),
    );
    const sidecar = stack.use(
      await TestSidecar.start({ upstream: app.url, settings }),
    );
    return new Scene(app, sidecar, stack.move());
  }

  /** A client, closed with the scene: before the sidecar, which would wait for it. */
  async connect(options: Partial<RawClientOptions> = {}): Promise<RawClient> {
    return this.#stack.use(await this.sidecar.connect(options));
  }

  /** A client that has sent `request`. */
  async request(request: string | Uint8Array): Promise<RawClient> {
    const client = await this.connect();
    await client.send(request);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
