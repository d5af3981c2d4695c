import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import {
  type Crl,
  parseCrlContent,
  parseCrlEnvelope,
} from "../../../src/x509/crl.ts";

/** Reads a whole CRL, verified or not. */
export function parseCrl(der: Uint8Array): Crl {
  return parseCrlContent(parseCrlEnvelope(der));
}

/** Asserts that `der` is refused with `CRL_INVALID` for exactly that problem. */
export function assertCrlRefused(der: Uint8Array, problem: string): void {
  assert.throws(() => parseCrl(der), (error) => {
    assert.ok(error instanceof SidecarError, String(error));
    assert.equal(error.code, "CRL_INVALID");
    assert.equal(error.message, `Cannot parse the CRL: ${problem}`);
    return true;
  });
}
