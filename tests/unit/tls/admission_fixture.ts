import { createHash } from "node:crypto";
import { MaterialStore } from "../../../src/material/store.ts";
import type { TlsMaterial } from "../../../src/material/tls_material.ts";
import {
  type Admission,
  AdmissionGuard,
  type Presented,
} from "../../../src/tls/admission.ts";
import type { Authority, CertificateOptions } from "../../support/pki.ts";
import { files, load, NOW, root, VALID } from "../material/material_fixture.ts";

/** The material of a sidecar that trusts `authorities`. */
export function trusting(
  ...authorities: readonly Authority[]
): Promise<TlsMaterial> {
  const bundle = authorities.map(({ certPem }) => certPem).join("");
  return load(files({ "/ca/ca.crt": bundle }));
}

/** What a handshake of a client with `leaf` says; verified by the runtime unless told otherwise. */
export class Client implements Presented {
  readonly authorized: boolean;
  readonly leaf: Uint8Array | undefined;
  readonly #intermediates: readonly Uint8Array[];
  /** How often the guard asked for the intermediates, that is, searched a path. */
  searches = 0;

  constructor(
    leaf: Uint8Array | undefined,
    intermediates: readonly Uint8Array[] = [],
    { authorized = true }: { authorized?: boolean } = {},
  ) {
    this.leaf = leaf;
    this.#intermediates = intermediates;
    this.authorized = authorized;
  }

  intermediates(): readonly Uint8Array[] {
    this.searches++;
    return this.#intermediates;
  }
}

/** A guard over a store of its own, with a clock that a test sets. */
export class Guarded {
  readonly store: MaterialStore;
  readonly guard: AdmissionGuard;
  now = NOW;

  private constructor(material: TlsMaterial) {
    this.store = new MaterialStore(material);
    this.guard = new AdmissionGuard(this.store, () => this.now);
  }

  static async create(
    ...authorities: readonly Authority[]
  ): Promise<Guarded> {
    return new Guarded(await trusting(...authorities));
  }

  async swap(...authorities: readonly Authority[]): Promise<void> {
    this.store.swap(await trusting(...authorities));
  }

  /** The verdict on a handshake that begins now. */
  judge(client: Presented): Admission {
    return this.guard.judge(client);
  }

  /** `admitted`, or the code of the refusal. */
  verdict(client: Presented): string {
    const verdict = this.judge(client);
    return verdict.admitted ? "admitted" : verdict.code;
  }
}

/** A client's certificate of the fixture's root. */
export function issue(options: CertificateOptions = {}): Uint8Array {
  return root.issue({ ...VALID, ...options }).der;
}

export function sha256(octets: Uint8Array): string {
  return createHash("sha256").update(octets).digest("hex");
}
