import { randomBytes } from "node:crypto";
import {
  type SealVerdict,
  SealVerifier,
  type SealVerifierOptions,
} from "../../src/identity/seal/verify.ts";
import { FollowedScene } from "../support/followed_scene.ts";
import { fieldValues } from "../support/messages.ts";
import { octetsOf } from "../support/octet_reader.ts";
import type { Received, Receiver } from "../support/receiver.ts";

export const KEY: Uint8Array = randomBytes(32);
export const NEXT_KEY: Uint8Array = randomBytes(32);

/** The text of a `SEAL_KEY_FILE`. */
export function keyFile(...keys: readonly Uint8Array[]): string {
  return keys.map((key) => `${key.toBase64()}\n`).join("");
}

/** A sidecar that seals what it forwards to `receiver`, with {@linkcode KEY} at first. */
export function sealScene(
  receiver: Pick<Receiver, "script">,
  settings: Readonly<Record<string, string>> = {},
): Promise<FollowedScene> {
  return FollowedScene.set(receiver.script, {
    variable: "SEAL_KEY_FILE",
    text: keyFile(KEY),
    settings: { INJECT_CLIENT_HEADERS: "true", ...settings },
  });
}

/** An application's verifier, with {@linkcode KEY} unless told otherwise. */
export function verifier(
  options: Partial<SealVerifierOptions> = {},
): SealVerifier {
  return new SealVerifier({
    keys: [KEY],
    required: ["x-client-cn"],
    ...options,
  });
}

/** What a verifier says of a request as it came. With `content`, of its content too. */
export function judge(
  by: SealVerifier,
  request: Received,
  { content = false }: { content?: boolean } = {},
): string {
  const verdict: SealVerdict = by.verify({
    method: request.method,
    authority: fieldValues(request.head, "host").join(),
    target: request.target,
    headers: request.headers,
    ...(content && { content: octetsOf(request.content) }),
  });
  return verdict.ok ? "ok" : verdict.reason;
}

/** The number of a sealed request. */
export function numberOf({ head }: Received): bigint {
  const [input = ""] = fieldValues(head, "signature-input");
  return BigInt(/nonce="(\d+)"/.exec(input)?.[1] ?? "-1");
}
