import assert from "node:assert/strict";
import { get } from "../support/messages.ts";
import type { Issued } from "../support/pki.ts";
import { type Received, Receiver } from "../support/receiver.ts";
import { Scene } from "../support/scene.ts";
import { client } from "../support/sidecar.ts";

export const ALL_FORMATS = "x-client,xfcc,rfc9440,traefik,nginx";

/** Every header that a format writes, and what tells where a request came from. */
export const NAMES: readonly string[] = [
  "X-Client-CN",
  "X-Client-Subject",
  "X-Client-Id",
  "X-Client-Spiffe-Id",
  "X-Client-Fingerprint",
  "X-Client-Not-After",
  "X-Forwarded-Client-Cert",
  "Client-Cert",
  "Client-Cert-Chain",
  "X-Forwarded-Tls-Client-Cert",
  "X-Forwarded-Tls-Client-Cert-Info",
  "X-SSL-Client-Verify",
  "X-SSL-Client-S-DN",
  "X-SSL-Client-I-DN",
  "X-SSL-Client-Serial",
  "X-SSL-Client-Fingerprint",
  "X-SSL-Client-Cert",
  "X-Forwarded-For",
  "X-Forwarded-Proto",
  "X-Forwarded-Host",
  "Forwarded",
];

/** Ways to write a name that some application reads as the same. */
export const SPELLINGS:
  readonly (readonly [string, (name: string) => string])[] = [
    ["plain", (name) => name],
    ["in lower case", (name) => name.toLowerCase()],
    ["in upper case", (name) => name.toUpperCase()],
    ["with underscores", (name) => name.replaceAll("-", "_")],
    ["with one underscore", (name) => name.replace("-", "_")],
    [
      "with an underscore at the end",
      (name) => name.replace(/-([^-]*)$/, "_$1"),
    ],
    ["with dots", (name) => name.replaceAll("-", ".")],
    ["with a dot", (name) => name.replace("-", ".")],
    ["with tildes", (name) => name.replaceAll("-", "~")],
    ["with all of them", (name) => {
      let at = 0;
      return name.replaceAll("-", () => "_-.~"[at++ % 4]!);
    }],
  ];

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
