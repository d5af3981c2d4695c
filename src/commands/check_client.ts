import type { ClientAccess } from "../client_access.ts";
import { clientHeaders } from "../client_headers.ts";
import type { Config } from "../config/config.ts";
import { SidecarError } from "../errors.ts";
import { type FileSystem, readFile } from "../material/files.ts";
import { parsePem } from "../material/pem.ts";
import { MaterialStore } from "../material/store.ts";
import type { TlsMaterial } from "../material/tls_material.ts";
import { AdmissionGuard } from "../tls/admission.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import {
  alternativeNames,
  describeCertificate,
  rfc3339,
} from "./check_certificate.ts";
import { remediesFor, spkiPin } from "./check_remedies.ts";
import type { ClientCertificateReport, ClientReport } from "./check_report.ts";

/** Where a client's certificates are, in PEM. */
export interface ClientFiles {
  /** The client's own first, what it presents with it after. */
  readonly certificate: string;
  /** More of the latter. */
  readonly chain?: string;
}

/** By what the client is judged. */
export interface ClientContext {
  readonly fs: FileSystem;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly config: Config;
  readonly material: TlsMaterial;
  readonly access: ClientAccess;
}

type Refusal = NonNullable<ClientReport["refusal"]>;

const REFUSED = {
  admitted: false,
  headers: [],
  headersTrimmed: false,
} as const;

/** What is said of the client when its remedies and certificate are not known yet. */
interface Verdict
  extends Omit<ClientReport, "file" | "refusal" | "certificate"> {
  readonly refusal?: Omit<Refusal, "remedies">;
}

/**
 * Says whether a client would get in, by the guard, the rules and the pins of
 * `serve` themselves, and what the application would be told of it. The runtime,
 * which verifies full handshakes as well, is not asked, and that the client has
 * its key is taken for granted.
 */
export async function checkClient(
  files: ClientFiles,
  context: ClientContext,
): Promise<ClientReport> {
  const file = files.certificate;
  let presented: readonly Uint8Array[];
  try {
    presented = await readPresented(files, context.fs);
  } catch (error) {
    if (!(error instanceof SidecarError)) throw error;
    const { code, message: detail } = error;
    return { file, ...REFUSED, refusal: { code, detail, remedies: [] } };
  }
  const leaf = readLeaf(presented);
  const { refusal, ...verdict } = judge(presented, context);
  return {
    file,
    ...verdict,
    ...(refusal && {
      refusal: { ...refusal, remedies: remediesFor(refusal.code, leaf) },
    }),
    ...(leaf && { certificate: describeLeaf(leaf, context.now) }),
  };
}

/** A key beside the certificates is passed over: files that hold both are common. */
async function readPresented(
  { certificate, chain }: ClientFiles,
  fs: FileSystem,
): Promise<readonly Uint8Array[]> {
  const presented: Uint8Array[] = [];
  for (const file of [certificate, ...(chain === undefined ? [] : [chain])]) {
    const ders = parsePem(await readFile(fs, file), file)
      .filter(({ label }) => label === "CERTIFICATE").map(({ der }) => der);
    if (ders.length === 0) {
      throw new SidecarError(
        "PEM_INVALID",
        `Cannot use "${file}": expected a block of CERTIFICATE, found none`,
      );
    }
    presented.push(...ders);
  }
  return presented;
}

function judge(
  [leaf, ...intermediates]: readonly Uint8Array[],
  { now, config, material, access }: ClientContext,
): Verdict {
  const guard = new AdmissionGuard(new MaterialStore(material), () => now);
  const admission = guard.judge({
    authorized: true,
    leaf,
    intermediates: () => intermediates,
  });
  if (!admission.admitted) {
    const { code, detail } = admission;
    return { ...REFUSED, refusal: { code, detail, meets: config.unverified } };
  }
  const { standing } = admission;
  const judged = access.judge(standing, now);
  if ("admitted" in judged) {
    const { code, detail, close } = judged;
    const meets = close ? "close" : config.accessRefuse;
    return { ...REFUSED, refusal: { code, detail, meets } };
  }
  const { by, rule, peer, until, wouldRefuse } = judged.verdict;
  try {
    const { certificate: own } = material;
    const headers = clientHeaders(config, { standing, own, peer });
    return {
      admitted: true,
      by,
      ...(rule !== undefined && { rule }),
      ...(peer !== undefined && { peer }),
      ...(until !== Infinity && { until: rfc3339(until) }),
      ...(wouldRefuse && { refusal: wouldRefuse }),
      headers: headers.lines.map(([name, value]) => ({ name, value })),
      headersTrimmed: headers.trimmed,
    };
  } catch (error) {
    if (!(error instanceof SidecarError)) throw error;
    const { code, message: detail } = error;
    return { ...REFUSED, refusal: { code, detail, meets: config.unverified } };
  }
}

function readLeaf([der]: readonly Uint8Array[]): Certificate | undefined {
  try {
    return der && parseCertificate(der);
  } catch (error) {
    if (error instanceof SidecarError) return undefined;
    throw error;
  }
}

function describeLeaf(leaf: Certificate, now: number): ClientCertificateReport {
  return {
    ...describeCertificate(leaf, now),
    names: alternativeNames(leaf),
    spki: spkiPin(leaf),
  };
}
