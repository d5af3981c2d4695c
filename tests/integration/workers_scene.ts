import type { Question, ToWorker } from "../../src/workers/messages.ts";
import { type Spawn, spawnThread } from "../../src/workers/worker_link.ts";
import type { ApplicationConnection } from "../support/application.ts";
import { http2Client, to } from "../support/http2_sidecar.ts";
import { fieldValues, get, ok } from "../support/messages.ts";
import type { Issued } from "../support/pki.ts";
import { RawClient } from "../support/raw_client.ts";
import type { TestSidecar } from "../support/sidecar.ts";
import { soon } from "../support/waiting.ts";
import { kept } from "./trust_scene.ts";

/** So many connections go to one worker of two alone once in 2^39 times. */
const MOST_CONNECTIONS = 40;

/** Answers each request with the id that it came with. */
export async function answerId(
  connection: ApplicationConnection,
): Promise<void> {
  for (let head; (head = await connection.head()) !== undefined;) {
    await connection.write(ok(fieldValues(head, "x-request-id").join()));
  }
  connection.end();
}

/** Which worker gave a request its id: each has a prefix of its own. */
export function workerOf(requestId: string): string {
  return requestId.slice(0, requestId.indexOf("-"));
}

/** The id of a client's next request, before an application that answers with it. */
export async function idFrom(client: RawClient): Promise<string> {
  await client.send(get());
  const { status, content } = await soon(client.response(), "an answer");
  if (status !== 200) throw new Error(`expected 200, not ${status}`);
  return content;
}

/** Connections that reach so many workers, each with the id of the one request that it has made. */
export class Spread implements Disposable {
  readonly ids: string[] = [];
  /** One client of each worker, by {@linkcode workerOf}. */
  readonly byWorker = new Map<string, RawClient>();
  readonly clients: RawClient[] = [];

  /** Connects until all of the `count` workers have answered. */
  static async over(
    sidecar: TestSidecar,
    { count = 2, identity = kept.issue() }: {
      count?: number;
      identity?: Issued;
    } = {},
  ): Promise<Spread> {
    const spread = new Spread();
    while (spread.byWorker.size < count) {
      if (spread.clients.length === MOST_CONNECTIONS) {
        throw new Error(`only ${spread.byWorker.size} workers have answered`);
      }
      const client = await sidecar.connect({ identity });
      spread.clients.push(client);
      const id = await idFrom(client);
      spread.ids.push(id);
      spread.byWorker.set(workerOf(id), client);
    }
    return spread;
  }

  [Symbol.dispose](): void {
    for (const client of this.clients) client.close();
  }
}

/** The ids of requests over HTTP/2, one a connection, until so many workers have answered. */
export async function http2Ids(
  sidecar: TestSidecar,
  { count = 2, identity = kept.issue() } = {},
): Promise<string[]> {
  const ids: string[] = [];
  while (new Set(ids.map(workerOf)).size < count) {
    if (ids.length === MOST_CONNECTIONS) throw new Error("one worker has all");
    using client = await http2Client(sidecar, identity);
    const { status, text } = await client.response(client.request(to("/")));
    if (status !== 200) throw new Error(`expected 200, not ${status}`);
    ids.push(text);
  }
  return ids;
}

export interface PostOptions {
  /** Told of each question before a worker is; it comes to the worker when this has resolved. */
  readonly onAsked?: (
    worker: number,
    question: ToWorker["question"],
  ) => Promise<void> | void;
  /** Told of each answer before the thread that asked is. */
  readonly onAnswered?: (worker: number, question: Question) => void;
}

/** Threads of the program, and somebody who sees what is said between them and can keep it back. */
export function postedThreads(
  { onAsked = () => {}, onAnswered = () => {} }: PostOptions,
): Spawn {
  return (index) => {
    const thread = spawnThread(index);
    const { port1, port2 } = new MessageChannel();
    const questions = new Map<number, Question>();
    let order = Promise.resolve();
    port2.onmessage = ({ data }: MessageEvent<ToWorker>) => {
      if (data.question !== "lines taken") {
        questions.set(data.id, data.question);
      }
      order = order.then(async () => {
        await onAsked(index, data.question);
        thread.port.postMessage(data);
      });
    };
    thread.port.onmessage = ({ data }) => {
      const question = questions.get(data.id);
      if (question !== undefined) onAnswered(index, question);
      port2.postMessage(data);
    };
    return {
      port: port1,
      onEnded: (listener) => thread.onEnded(listener),
      terminate() {
        thread.terminate();
        for (const port of [port1, port2]) port.close();
      },
    };
  };
}
