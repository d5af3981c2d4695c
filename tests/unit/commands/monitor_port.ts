/** What a test's monitor port answers, by path; anything else is 404. */
export type Answers = Readonly<Record<string, () => Response>>;

/** A monitor port of a test's own, with what it was asked. */
export class MonitorPort implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(answers: Answers, hostname = "127.0.0.1") {
    this.#server = Deno.serve(
      { hostname, port: 0, onListen() {} },
      (request) => {
        const { pathname } = new URL(request.url);
        this.asked.push(pathname);
        return answers[pathname]?.() ?? new Response("none", { status: 404 });
      },
    );
  }

  /** The settings of a sidecar whose port it is. */
  get settings() {
    const { port } = this.#server.addr;
    return {
      monitorHost: "0.0.0.0",
      monitorPort: port,
      readinessTimeoutSecs: 1,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** Settings of a port where nobody listens. */
export function nobody() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return {
    monitorHost: "127.0.0.1",
    monitorPort: port,
    readinessTimeoutSecs: 1,
  };
}
