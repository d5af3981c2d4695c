import type { ClientIdentity } from "../client_identity.ts";

/** What the identity headers tell of: one admitted client. */
export interface HeaderFacts {
  readonly identity: ClientIdentity;
  /** DER of the client's certificate, the one that `identity` was read from. */
  readonly leaf: Uint8Array;
  /** DER of the verified path's intermediates, from the leaf up, leaf and root left out. */
  readonly chain: readonly Uint8Array[];
  /** The `id` of the pinned peer that the client is. */
  readonly peer?: string;
  /** The URI names of the sidecar's own certificate. */
  readonly by?: readonly string[];
}

/** A field name and its value, which is printable ASCII. */
export type HeaderLine = readonly [name: string, value: string];

/** What a format writes. */
export interface FormatOptions {
  /** Whether lines and keys that hold whole certificates are written. */
  readonly certificates: boolean;
}
