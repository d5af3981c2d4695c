import type { Dated, RefusedClient } from "../observations/journal.ts";
import {
  type Sample,
  SAMPLE_SECS,
  type Samples,
} from "../observations/samples.ts";
import { formatIpAddress } from "../identity/ip_address.ts";
import type { TlsMaterial } from "../material/tls_material.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { formatName, readName } from "../x509/name.ts";
import { readSingle, Tag } from "../x509/der.ts";
import { createHash } from "node:crypto";
import { rfc3339 } from "./readiness.ts";
import { adviceFor } from "./refusal_advice.ts";
import type {
  AccessReport,
  CertificateReport,
  Condition,
  RefusalReport,
  StatusReport,
  TrafficReport,
} from "./status_report.ts";
import { downSource, firstDiffering, type Watched } from "./watched.ts";

/** Texts from outside are cut to so many characters. */
const MAX_TEXT = 512;
/** More CAs and CRLs than this are not listed. */
const MAX_CERTIFICATES = 256;
/** Of one certificate. */
const MAX_NAMES = 32;

/** What stands in place of a name. */
const HIDDEN = "(shown to loopback callers)";

export interface ReportOptions {
  readonly samples: Samples;
  readonly conditions: readonly Condition[];
  /** Whether the caller may see whom rules and pins name, and who was refused. */
  readonly detailed: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** All that the status tells. */
export function statusReport(
  watched: Watched,
  { samples, conditions, detailed, now }: ReportOptions,
): StatusReport {
  const { observations, store, phase, version, access, handshaking, workers } =
    watched;
  const { connections, handshakes, journal } = observations;
  const down = downSource(watched);
  const differs = firstDiffering(watched);
  return {
    version,
    time: rfc3339(now),
    startedAt: rfc3339(observations.startedAt),
    phase,
    ready: conditions.every(({ ok }) => ok),
    conditions,
    certificates: store === undefined
      ? []
      : certificateReports(store.current.material, watched),
    trustGeneration: store?.current.generation ?? 0,
    source: down === undefined
      ? { healthy: true }
      : { healthy: false, ...problem(down) },
    differs: differs === undefined ? null : problem(differs),
    workers: {
      wanted: workers.wanted,
      running: workers.running,
      silent: workers.silent.length,
      replaced: observations.tally.get("workers_replaced", "ended"),
    },
    access: detailed ? access : withoutNames(access),
    traffic: trafficReport(watched, samples),
    connections: {
      open: { ...connections.open },
      total: Object.values(connections.total).reduce((sum, n) => sum + n, 0),
      handshaking,
      resumed: handshakes.resumed,
    },
    reloads: journal.reloads.map(({ at, what, outcome, detail }) => ({
      at: rfc3339(at),
      what,
      outcome,
      detail: bounded(detail),
    })),
    refusals: journal.refusals.map((refusal) =>
      refusalReport(refusal, detailed)
    ),
  };
}

function problem(
  { since, error }: { since: number; error: { code: string; message: string } },
) {
  const { code, message } = error;
  return { since: rfc3339(since), code, error: bounded(message) };
}

function trafficReport(
  { observations: { traffic } }: Watched,
  samples: Samples,
): TrafficReport {
  const ms = (q: number, of?: readonly Sample[]) => {
    const value = samples.quantile(q, of);
    return value === null ? null : Math.round(value * 1e6) / 1000;
  };
  return {
    stepSecs: SAMPLE_SECS,
    samples: samples.all().map((sample) => ({
      at: rfc3339(sample.at),
      requests: sample.requests,
      clientErrors: sample.clientErrors,
      serverErrors: sample.serverErrors,
      refused: sample.refused,
      p50Ms: ms(0.5, [sample]),
      p99Ms: ms(0.99, [sample]),
    })),
    inFlight: traffic.inFlight,
    p50Ms: ms(0.5),
    p99Ms: ms(0.99),
  };
}

function certificateReports(
  { certificate, anchors, revocation }: TlsMaterial,
  { upstreamCertificate }: Watched,
): CertificateReport[] {
  return [
    certificateReport(certificate, "server"),
    ...upstreamCertificate === undefined
      ? []
      : [certificateReport(upstreamCertificate, "upstream")],
    ...anchors.map((anchor) => certificateReport(anchor, "ca")),
    ...revocation.all().map((crl): CertificateReport => ({
      role: "crl",
      name: bounded(nameOf(crl.issuer)),
      fingerprint: crl.fingerprint,
      notBefore: rfc3339(crl.thisUpdate),
      notAfter: rfc3339(crl.nextUpdate),
    })),
  ].slice(0, MAX_CERTIFICATES);
}

function certificateReport(
  certificate: Certificate,
  role: "server" | "upstream" | "ca",
): CertificateReport {
  const { subject, issuer, extensions, fingerprint } = certificate;
  const names = (extensions.subjectAltName ?? []).slice(0, MAX_NAMES)
    .flatMap((name) =>
      "value" in name
        ? [bounded(name.value)]
        : "octets" in name
        ? [formatIpAddress(name.octets)]
        : []
    );
  return {
    role,
    name: bounded(formatName(subject)),
    issuer: bounded(formatName(issuer)),
    ...(names.length > 0 && { names }),
    fingerprint,
    notBefore: rfc3339(certificate.notBefore),
    notAfter: rfc3339(certificate.notAfter),
  };
}

/** Of a name's DER in hex, which was checked when its CRL was read. */
function nameOf(hex: string): string {
  return formatName(
    readName(readSingle(Uint8Array.fromHex(hex), Tag.SEQUENCE)),
  );
}

function refusalReport(
  { at, code, detail, address, leaf }: Dated<RefusedClient>,
  detailed: boolean,
): RefusalReport {
  return {
    at: rfc3339(at),
    code,
    detail: bounded(detail),
    advice: adviceFor(code),
    ...(detailed && { address, ...holderOf(leaf) }),
  };
}

/** Whose certificate it is, by what it says: it need not have been verified. */
function holderOf(
  leaf: Uint8Array | undefined,
): Pick<RefusalReport, "subject" | "issuer" | "spki"> {
  if (leaf === undefined) return {};
  try {
    const { subject, issuer, spki } = parseCertificate(leaf);
    return {
      subject: bounded(formatName(subject)),
      issuer: bounded(formatName(issuer)),
      spki: createHash("sha256").update(spki).digest("hex"),
    };
  } catch {
    // It was refused because it can't be read, as likely as not.
    return {};
  }
}

function bounded(text: string): string {
  const printable = text.replaceAll(
    /[^\x20-\x7e\u00a0-\ud7ff\ue000-\uffff]/g,
    "?",
  );
  return printable.length <= MAX_TEXT
    ? printable
    : `${printable.slice(0, MAX_TEXT - 1)}…`;
}

/** As it is told to callers who may not see of whom it speaks. */
function withoutNames({ rules, peers, ...access }: AccessReport): AccessReport {
  return {
    ...access,
    rules: rules.map(({ by }) => ({ by, rule: HIDDEN })),
    peers: peers && {
      ...peers,
      peers: peers.peers.map(({ pins }) => ({ id: HIDDEN, pins })),
    },
  };
}
