import {
  type ChannelOptions,
  Client,
  credentials,
  makeGenericClientConstructor,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceError,
  type StatusObject,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import type { Issued } from "./pki.ts";

const serialize = (text: string) => Buffer.from(text);
const deserialize = (octets: Uint8Array) => new TextDecoder().decode(octets);

function method(
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): MethodDefinition<string, string> {
  return {
    path: `/test.Texts/${name}`,
    requestStream,
    responseStream,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  };
}

/** A service of texts, which needs no compiler: one method of each kind. */
export const TEXTS = {
  unary: method("Unary", false, false),
  upload: method("Upload", true, false),
  download: method("Download", false, true),
  chat: method("Chat", true, true),
};

/** A server of gRPC that speaks HTTP/2 without TLS. */
export async function serveGrpc(
  implementation: UntypedServiceImplementation,
  port = 0,
): Promise<{ port: number; stop(): void }> {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  server.addService(TEXTS, implementation);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(
    `127.0.0.1:${port}`,
    ServerCredentials.createInsecure(),
    (error, bound) => error ? reject(error) : resolve(bound),
  );
  return { port: await promise, stop: () => server.forceShutdown() };
}

/** A client of it over mutual TLS. */
export function grpcClient(
  port: number,
  { identity, caCerts, options = {} }: {
    identity: Pick<Issued, "chainPem" | "keyPem">;
    caCerts: readonly string[];
    options?: ChannelOptions;
  },
): Client {
  const Texts = makeGenericClientConstructor(TEXTS, "Texts");
  return new Texts(
    `127.0.0.1:${port}`,
    credentials.createSsl(
      Buffer.from(caCerts.join("")),
      Buffer.from(identity.keyPem),
      Buffer.from(identity.chainPem),
    ),
    {
      "grpc.max_receive_message_length": -1,
      // An address is no server name to TLS (RFC 6066 §3).
      "grpc.ssl_target_name_override": "localhost",
      "grpc.default_authority": "localhost",
      ...options,
    },
  );
}

/** What came of a call. */
export interface CallResult {
  readonly texts: readonly string[];
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
  readonly trailers: Metadata;
}

/** Makes a call of any kind, sends all texts, and takes all that comes. */
export function call(
  client: Client,
  definition: MethodDefinition<string, string>,
  { texts = [""], metadata = {}, deadlineMs, cancelOn, half = true }: {
    texts?: readonly string[];
    metadata?: Readonly<Record<string, string>>;
    deadlineMs?: number;
    /** Cancels when a text comes that is this. */
    cancelOn?: string;
    /** Whether our side is ended. */
    half?: boolean;
  } = {},
): Promise<CallResult> {
  const sent = new Metadata();
  for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
  const { promise, resolve } = Promise.withResolvers<CallResult>();
  const stream = client.makeBidiStreamRequest<string, string>(
    definition.path,
    serialize,
    deserialize,
    sent,
    deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
  );
  const received: string[] = [];
  let initial = new Metadata();
  stream.on("metadata", (metadata: Metadata) => initial = metadata);
  stream.on("data", (text: string) => {
    received.push(text);
    if (text === cancelOn) stream.cancel();
  });
  // The status says the same.
  stream.on("error", (_error: ServiceError) => {});
  stream.on("status", ({ code, details, metadata }: StatusObject) =>
    resolve({
      texts: received,
      code,
      details,
      metadata: initial,
      trailers: metadata,
    }));
  for (const text of texts) stream.write(text);
  if (half) stream.end();
  return promise;
}
