import type {
  CertificateReport,
  RefusalReport,
  StatusReport,
  TrafficSample,
} from "../../../../src/monitor/status_report.ts";

/** When the reports of the tests are from. */
export const NOW = "2026-11-21T12:03:59.000Z";
const NOW_MS = Date.parse(NOW);

/** The time so many days before (negative) or after {@linkcode NOW}. */
export function days(count: number): string {
  return new Date(NOW_MS + count * 86_400_000).toISOString();
}

export function minutes(count: number): string {
  return days(count / 1_440);
}

const HEX = "3b1f0c92d4e85a6770b9c1de23f4a5968877665544332211ffeeddccbbaa0099";

export const serverCertificate: CertificateReport = {
  role: "server",
  name: "CN=payments.shop.svc,O=Example",
  issuer: "CN=Cluster Issuing CA 2,O=Example",
  names: ["payments.shop.svc", "payments.shop.svc.cluster.local"],
  fingerprint: HEX,
  notBefore: days(-26),
  notAfter: days(64),
};

const authorities: readonly CertificateReport[] = [
  {
    role: "ca",
    name: "CN=Workload Root CA,O=Example",
    fingerprint: HEX.replace("3b", "91"),
    notBefore: days(-1_500),
    notAfter: days(2_150),
  },
  {
    role: "ca",
    name: "CN=Partner Root R1,O=Partner Networks\\, Inc.,C=DE",
    fingerprint: HEX.replace("3b", "c4"),
    notBefore: days(-2_800),
    notAfter: days(850),
  },
  {
    role: "crl",
    name: "CN=Workload Root CA,O=Example",
    notBefore: days(-5),
    notAfter: days(2),
  },
];

/** Fifteen minutes of a quiet afternoon, the same in every run. */
function samples(): TrafficSample[] {
  return Array.from({ length: 60 }, (_, at) => {
    const wave = 1 + 0.35 * Math.sin(at / 7) + 0.12 * Math.sin(2.3 * at);
    const spike = at >= 37 && at <= 40;
    const requests = Math.round(2_700 * wave * (spike ? 1.3 : 1));
    return {
      at: minutes((at - 59) / 4),
      requests,
      clientErrors: Math.round(18 + 9 * Math.sin(1.9 * at)),
      serverErrors: spike ? 140 + 30 * (at - 37) : at % 17 === 5 ? 3 : 0,
      refused: at % 13 === 4 ? 2 : at === 51 || at === 52 ? 5 : 0,
      p50Ms: 3.1 + 0.5 * Math.sin(at / 5) + (spike ? 2 : 0),
      p99Ms: 17 + 4 * Math.sin(1.3 * at) + (spike ? 22 : 0),
    };
  });
}

export const refusals: readonly RefusalReport[] = [
  {
    at: minutes(-1.8),
    code: "ACCESS_NOT_ALLOWED",
    detail: "No rule lets the client in",
    advice:
      "Add spiffe://example.org/ns/reports/sa/export to ALLOW_SPIFFE_ID, or another name of it to the rules",
    address: "10.42.3.17",
    subject: "CN=report-export,OU=batch,O=Example",
    issuer: "CN=Workload Root CA,O=Example",
    spki: HEX.replace("3b", "7e"),
  },
  {
    at: minutes(-2.1),
    code: "LEAF_EXPIRED",
    detail: "The client's certificate ended 2026-11-20 23:59 UTC",
    advice: "Renew the client's certificate",
    address: "10.42.1.9",
    subject: "CN=legacy-billing,O=Example",
    issuer: "CN=Workload Root CA,O=Example",
    spki: HEX.replace("3b", "05"),
  },
  {
    at: minutes(-14),
    code: "PATH_NOT_FOUND",
    detail: "No path leads from the client's certificate to a trusted CA",
    advice:
      "Have the client send its intermediate certificates, or add its CA to the bundle",
    address: "10.42.7.201",
    subject: "CN=probe,O=Somebody Else",
    issuer: "CN=Somebody Else CA,O=Somebody Else",
    spki: HEX.replace("3b", "aa"),
  },
  {
    at: minutes(-71),
    code: "HANDSHAKE_FAILED",
    detail: "The client showed no certificate",
    advice: "Give the client a certificate of one of the CAs",
    address: "10.42.0.1",
  },
];

/** A sidecar at its daily work, with all parts in use. */
export const healthy: StatusReport = {
  version: "0.1.0",
  time: NOW,
  startedAt: days(-3.17),
  phase: "serving",
  ready: true,
  conditions: [
    { name: "serving", ok: true, detail: "accepts connections" },
    { name: "certificate", ok: true, detail: "valid now" },
    { name: "source", ok: true, detail: "files are followed" },
    { name: "application", ok: true, detail: "answered 200 in 4 ms" },
  ],
  certificates: [serverCertificate, ...authorities],
  trustGeneration: 4,
  source: { healthy: true },
  differs: null,
  workers: { wanted: 1, running: 1, silent: 0, replaced: 0 },
  access: {
    mode: "enforce",
    refuse: "403",
    unverified: "close",
    rules: [
      { by: "spiffe-id", rule: "spiffe://example.org/ns/shop/sa/*" },
      { by: "dns", rule: "*.checkout.example" },
      { by: "cn", rule: "operator" },
    ],
    peers: {
      unpinned: "accept",
      peers: [
        {
          id: "ledger",
          pins: 2,
          spiffe: "spiffe://example.org/ns/bank/sa/ledger",
        },
        { id: "fraud-check", pins: 1 },
      ],
    },
  },
  traffic: {
    stepSecs: 15,
    samples: samples(),
    inFlight: 14,
    p50Ms: 3.2,
    p99Ms: 24.6,
  },
  connections: {
    open: { "http/1.1": 96, h2: 31, tunnel: 5 },
    total: 18_204,
    handshaking: 2,
    resumed: 11_930,
  },
  reloads: [
    {
      at: minutes(-43),
      what: "TLS material",
      outcome: "ok",
      detail: "new server certificate, ends 2027-01-24",
    },
    {
      at: minutes(-44),
      what: "TLS material",
      outcome: "KEY_MISMATCH",
      detail: "Cannot use tls.crt: expected the certificate of tls.key",
    },
    {
      at: minutes(-1_460),
      what: "pinned peers",
      outcome: "ok",
      detail: "2 peers, 3 keys",
    },
  ],
  refusals,
};

/** The application is down, the disk is wrong, and the certificate is about to end. */
export const troubled: StatusReport = {
  ...healthy,
  ready: false,
  conditions: healthy.conditions.map((condition) =>
    condition.name === "application"
      ? {
        name: "application",
        ok: false,
        detail: "did not answer within 1 s",
      }
      : condition
  ),
  certificates: [
    { ...serverCertificate, notBefore: days(-89.7), notAfter: days(0.3) },
    { ...authorities[0]!, notAfter: days(12) },
    ...authorities.slice(1),
  ],
  differs: {
    since: minutes(-44),
    code: "KEY_MISMATCH",
    error: "Cannot use tls.crt: expected the certificate of tls.key",
  },
  access: { ...healthy.access, mode: "audit" },
};

/** A sidecar that has just started and has seen nothing. */
export const fresh: StatusReport = {
  ...healthy,
  startedAt: minutes(-0.1),
  access: { ...healthy.access, rules: [], peers: null },
  traffic: { stepSecs: 15, samples: [], inFlight: 0, p50Ms: null, p99Ms: null },
  connections: {
    open: { "http/1.1": 0, h2: 0, tunnel: 0 },
    total: 0,
    handshaking: 0,
    resumed: 0,
  },
  reloads: [],
  refusals: [],
};

/** A report as callers see it that may not know who was refused. */
export const discreet: StatusReport = {
  ...healthy,
  refusals: refusals.map(({ at, code, detail, advice }) => ({
    at,
    code,
    detail,
    advice,
  })),
};
