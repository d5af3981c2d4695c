import assert from "node:assert/strict";
import { get } from "../support/messages.ts";
import type { Issued } from "../support/pki.ts";
import { type Received, Receiver } from "../support/receiver.ts";
import { Scene } from "../support/scene.ts";
import { client } from "../support/sidecar.ts";

export const ALL_FORMATS = "x-client,xfcc,rfc9440,traefik,nginx";

/** One request as the application receives it. */
export async function receivedBy(
  settings: Readonly<Record<string, string>>,
  { identity = client, request = get() }: {
    identity?: Issued;
    request?: string;
  } = {},
): Promise<Received> {
  const receiver = new Receiver();
  await using scene = await Scene.set(receiver.script, settings);
  const connection = await scene.connect({ identity });
  await connection.send(request);
  assert.equal((await connection.response()).status, 200);
  return receiver.only;
}

/** The headers that no client and no proxy has: those of the client's identity. */
export function identityOf({ headers }: Received): Record<string, string> {
  const ours = headers.filter(([name]) =>
    /^(x-client-|x-forwarded-(client|tls)|client-cert|x-ssl-)/i.test(name)
  );
  const record = Object.fromEntries(ours);
  assert.equal(Object.keys(record).length, ours.length, "a name comes twice");
  return record;
}
