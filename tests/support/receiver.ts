import type { ApplicationConnection } from "./application.ts";
import { fieldValues, ok } from "./messages.ts";

/** A request as an application received it, one character an octet. */
export interface Received {
  readonly method: string;
  readonly target: string;
  /** As they came, names that came twice twice. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Request line and fields, each ended by CRLF. */
  readonly head: string;
  /** With the chunked coding undone. */
  readonly content: string;
  /** The trailer fields, each ended by CRLF. */
  readonly trailers: string;
}

/** An application that takes every request whole, keeps it, and answers. */
export class Receiver {
  readonly requests: Received[] = [];

  /** What runs for each connection: see `Scene.set`. */
  readonly script = async (
    connection: ApplicationConnection,
  ): Promise<void> => {
    for (let head; (head = await connection.head()) !== undefined;) {
      this.requests.push(await whole(connection, head.slice(0, -2)));
      await connection.write(ok("in"));
    }
    connection.end();
  };

  /** The one request there was. Throws where there were others. */
  get only(): Received {
    const [request] = this.requests;
    if (request === undefined || this.requests.length > 1) {
      throw new Error(`expected one request, found ${this.requests.length}`);
    }
    return request;
  }
}

async function whole(
  connection: ApplicationConnection,
  head: string,
): Promise<Received> {
  const [line = "", ...fields] = head.split("\r\n").slice(0, -1);
  const [method = "", target = ""] = line.split(" ");
  const headers = fields.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon), field.slice(colon + 1).trim()];
  });
  const request = { method, target, headers, head, content: "", trailers: "" };
  if (fieldValues(head, "transfer-encoding").length > 0) {
    return { ...request, ...await chunked(connection) };
  }
  const [length = "0"] = fieldValues(head, "content-length");
  return { ...request, content: await connection.octets(Number(length)) };
}

async function chunked(
  connection: ApplicationConnection,
): Promise<{ content: string; trailers: string }> {
  let content = "";
  for (;;) {
    const size = parseInt(await connection.until("\r\n") ?? "0", 16);
    if (size === 0) break;
    content += await connection.octets(size);
    await connection.until("\r\n");
  }
  let trailers = "";
  for (
    let line;
    (line = await connection.until("\r\n") ?? "\r\n") !== "\r\n";
  ) {
    trailers += line;
  }
  return { content, trailers };
}
