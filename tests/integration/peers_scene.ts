import { createHash } from "node:crypto";
import { FollowedScene } from "../support/followed_scene.ts";
import { fieldValues } from "../support/messages.ts";
import type { Issued } from "../support/pki.ts";
import { spkiOf } from "../support/pki_keys.ts";
import type { Receiver } from "../support/receiver.ts";
import type { Script } from "../support/application.ts";
import { root } from "../support/sidecar.ts";

export const RELOADED = "pinned peers reloaded";

/** The pin of a certificate's key. */
export function pinOf({ key }: Issued): string {
  const digest = createHash("sha256").update(spkiOf(key)).digest("base64");
  return `sha256:${digest}`;
}

/** What a peer's entry says, its pins given by certificates that have the keys. */
export interface PeerEntry {
  readonly id: string;
  readonly keys?: readonly Issued[];
  readonly spiffe?: string;
}

/** The text of a `PEERS_FILE`. */
export function peersFile(
  peers: readonly PeerEntry[],
  rest: { unpinned?: "refuse" | "accept"; bootstrapUntil?: string } = {},
): string {
  return JSON.stringify({
    peers: peers.map(({ id, keys, spiffe }) => ({
      id,
      ...(keys && { spki: keys.map(pinOf) }),
      ...(spiffe && { spiffe }),
    })),
    ...rest,
  });
}

/** A sidecar that follows pinned peers and tells the application their ids. */
export function peersScene(
  script: Script,
  text: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<FollowedScene> {
  return FollowedScene.set(script, {
    variable: "PEERS_FILE",
    text,
    settings: { IDENTITY_HEADERS: "x-client", ...settings },
  });
}

/** As which peer each request came to the application; empty where as none. */
export function peersOf({ requests }: Receiver): string[] {
  return requests.map(({ head }) => fieldValues(head, "x-client-id").join());
}

/** A client with this SPIFFE ID, and a key of its own unless given one. */
export function workload(spiffe: string, key?: Issued["key"]): Issued {
  return root.issue({ uris: [spiffe], ...(key && { key }) });
}
