import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A small application that says what of a request came through to it. */
export interface DemoApplication {
  /** Where it listens: plain HTTP, an ephemeral port of 127.0.0.1. */
  readonly url: URL;
  /** How many requests have reached it. */
  readonly requests: number;
  /** Cuts whatever is open and returns once the port is free. */
  close(): Promise<void>;
}

/**
 * Starts an application that answers every request with its request line and
 * the `X-Client-*` and `X-Forwarded-*` fields it carried, one a line, as
 * text/plain.
 */
export async function startDemoApplication(): Promise<DemoApplication> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    const lines = [
      `${request.method} ${request.url} HTTP/${request.httpVersion}`,
    ];
    for (const [name, value] of fieldsOf(request.rawHeaders)) {
      if (/^x-(client|forwarded)-/i.test(name)) lines.push(`${name}: ${value}`);
    }
    const body = lines.join("\n") + "\n";
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
    response.end(body);
    request.resume();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  // listen() on a TCP port makes address() an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    get requests() {
      return requests;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function* fieldsOf(rawHeaders: string[]): Generator<[string, string]> {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    yield [rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""];
  }
}
