import { SealKeys } from "../../../../src/identity/seal/seal_keys.ts";
import {
  type ConnectionSeal,
  type SealedRequest,
  Sealer,
  type SealerOptions,
} from "../../../../src/identity/seal/signer.ts";
import type { ReceivedRequest } from "../../../../src/identity/seal/verify.ts";

/** 2026-06-01T00:00:00Z, in milliseconds. */
export const START_MS = 1_780_272_000_000;

export const KEY = new Uint8Array(32).fill(0x42);
export const OTHER_KEY = new Uint8Array(32).fill(0x43);

export type Line = readonly [name: string, value: string];

export const IDENTITY: readonly Line[] = [
  ["X-Client-CN", "billing"],
  ["X-Client-Subject", "CN=billing,O=Acme"],
];

export const REQUEST: SealedRequest = {
  method: "GET",
  authority: "app.example",
  target: "/invoices?page=2",
};

export function keysOf(...keys: readonly Uint8Array[]): SealKeys {
  return SealKeys.parse(keys.map((key) => key.toHex()).join("\n"));
}

export function sealer(options: Partial<SealerOptions> = {}): Sealer {
  return new Sealer({
    keys: keysOf(KEY),
    id: "mtls-sidecar",
    worker: 0,
    now: () => START_MS,
    ...options,
  });
}

/** The header lines of a seal, as pairs. */
export function sealOf(seal: ConnectionSeal, request: SealedRequest): Line[] {
  const text = new TextDecoder().decode(seal.lines(request));
  return text.split("\r\n").slice(0, -1).map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
}

/** A sealed request, as an application would receive it. */
export function sealed(
  options: {
    readonly by?: Sealer;
    readonly identity?: readonly Line[];
    readonly request?: SealedRequest;
  } = {},
): ReceivedRequest & { readonly headers: readonly Line[] } {
  const { by = sealer(), identity = IDENTITY, request = REQUEST } = options;
  const { method, authority, target } = request;
  return {
    method,
    authority,
    target,
    headers: [...identity, ...sealOf(by.connection(identity), request)],
  };
}
