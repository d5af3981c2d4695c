import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";

/** Asserts that `read` throws `CERT_INVALID` for exactly that problem. */
export function assertMalformed(read: () => unknown, problem: string): void {
  assert.throws(read, (error) => {
    assert.ok(
      error instanceof SidecarError,
      `expected a SidecarError, not ${error}`,
    );
    assert.equal(error.code, "CERT_INVALID");
    assert.equal(error.message, `Cannot parse the certificate: ${problem}`);
    return true;
  });
}
