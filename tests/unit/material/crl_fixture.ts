import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import {
  type CertificateRevocationLists,
  type CrlContext,
  readCertificateRevocationLists,
} from "../../../src/material/certificate_revocation_lists.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import type { Authority, Issued } from "../../support/pki.ts";
import {
  createCrl,
  type CrlOptions,
  type IssuedCrl,
} from "../../support/pki_crl.ts";
import { HOUR, NOW, root } from "./material_fixture.ts";

export const FILE = "/ca/crl.pem";

/** A CRL around {@linkcode NOW} that lists the certificates given. */
export function crlOf(
  authority: Authority,
  { revoked = [], ...options }: CrlOptions & {
    revoked?: readonly Issued[];
  } = {},
): IssuedCrl {
  return createCrl(authority, {
    thisUpdate: NOW - HOUR,
    nextUpdate: NOW + HOUR,
    entries: revoked.map(({ der }) => ({
      serial: Uint8Array.fromHex(parseCertificate(der).serialNumber),
      date: Uint8Array.fromHex("170d3239303130313030303030305a"),
    })),
    ...options,
  });
}

type Changes = Partial<Omit<CrlContext, "anchors">> & {
  anchors?: readonly Issued[];
};

/** Reads a CRL file of octets or text, by the fixture's root unless told otherwise. */
export function read(
  content: Uint8Array | string,
  { anchors = [root], ...changes }: Changes = {},
): CertificateRevocationLists {
  const octets = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  return readCertificateRevocationLists({ path: FILE, octets }, {
    anchors: anchors.map(({ der }) => parseCertificate(der)),
    now: NOW,
    onExpired: "refuse",
    ...changes,
  });
}

/** Asserts that the file is refused with that code and message. */
export function refuses(
  content: Uint8Array | string,
  expected: { code: string; message: string; anchors?: readonly Issued[] },
): void {
  const { code, message, ...changes } = expected;
  assert.throws(() => read(content, changes), (error) => {
    assert.ok(error instanceof SidecarError, String(error));
    assert.deepEqual({ code: error.code, message: error.message }, {
      code,
      message,
    });
    return true;
  });
}
