import { ClientAccess } from "../client_access.ts";
import { allowRules } from "../config/allow_rules.ts";
import { type Config, describeConfig, parseConfig } from "../config/config.ts";
import { MAX_KEY_FILE_OCTETS } from "../followed_seal.ts";
import { AccessRules } from "../identity/access_rules.ts";
import type { Peers } from "../identity/peers.ts";
import { MAX_PEERS_FILE_OCTETS, parsePeers } from "../identity/peers_file.ts";
import { SealKeys } from "../identity/seal/seal_keys.ts";
import { Sealer } from "../identity/seal/signer.ts";
import { type FileSystem, readFile } from "../material/files.ts";
import type { MaterialFiles } from "../material/tls_material.ts";
import type { Certificate } from "../x509/certificate.ts";
import { accessWarnings, expiryWarnings } from "./check_advice.ts";
import {
  alternativeNames,
  describeCertificate,
  describeCrl,
  rfc3339,
} from "./check_certificate.ts";
import { checkClient, type ClientFiles } from "./check_client.ts";
import { Findings } from "./check_findings.ts";
import { type ReadMaterial, readMaterial } from "./check_material.ts";
import type { CheckReport, SealReport } from "./check_report.ts";

/** What {@linkcode gather} looks at, and with what. */
export interface GatherOptions {
  /** As for `parseConfig`. */
  readonly args: readonly string[];
  readonly lookup: (name: string) => string | undefined;
  /** The certificates of the client to be judged, where one is. */
  readonly client?: ClientFiles;
  readonly fs: FileSystem;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Warns of files that will not follow a rotation. */
  mountWarnings(
    config: Config,
    files: MaterialFiles,
  ): Promise<readonly string[]>;
}

/** Reads settings and files as `serve` does, and says what it would make of them. */
export async function gather(options: GatherOptions): Promise<CheckReport> {
  const findings = new Findings();
  const config = await findings.attempt(() => parseConfig(options));
  const parts = config && await gatherParts(config, options, findings);
  return {
    version: 1,
    checkedAt: rfc3339(options.now),
    wouldStart: findings.problems.length === 0,
    settings: config ? changedSettings(config) : {},
    ...parts,
    notes: findings.notes,
    warnings: findings.warnings,
    problems: findings.problems,
  };
}

async function gatherParts(
  config: Config,
  options: GatherOptions,
  findings: Findings,
): Promise<Partial<CheckReport>> {
  const { fs, now } = options;
  const { certDir, caDir, caFromCertDir, crlFile, crlExpired } = config;
  const read = await readMaterial(
    { certDir, caDir, caFromCertDir, crlFile, crlExpired, fs, now },
    findings,
  );
  const { material } = read;
  if (material !== undefined) {
    const frozen = await options.mountWarnings(config, material.files);
    findings.warnings.push(...frozen);
  }
  const facts = describeMaterial(read, now);
  findings.warnings.push(...expiryWarnings(facts, now));
  const { peersFile, sealKeyFile } = config;
  const peers = peersFile === ""
    ? undefined
    : await findings.attempt(() => readPeers(peersFile, options));
  const seal = sealKeyFile === ""
    ? undefined
    : await findings.attempt(() => readSeal(config, options));
  const peersKnown = peersFile === "" || peers !== undefined;
  if (peersKnown) {
    const { notes, warnings } = accessWarnings(config, peers?.describe(), now);
    findings.notes.push(...notes);
    findings.warnings.push(...warnings);
  }
  const client = options.client && material && peersKnown
    ? await checkClient(options.client, {
      fs,
      now,
      config,
      material,
      access: accessOf(config, peers),
    })
    : undefined;
  return {
    ...facts,
    access: {
      mode: config.accessMode,
      refuse: config.accessRefuse,
      unverified: config.unverified,
      rules: allowRules(config).map(({ form, text }) => ({ form, text })),
    },
    ...(peers && { peers: { file: peersFile, ...peers.describe() } }),
    identityHeaders: {
      basic: config.injectClientHeaders,
      formats: config.identityHeaders,
    },
    ...(seal && { seal }),
    ...(client && { client }),
  };
}

function describeMaterial(
  { own, anchors, revocation }: ReadMaterial,
  now: number,
) {
  const describe = (certificate: Certificate) =>
    describeCertificate(certificate, now);
  return {
    ...(own && {
      certificate: {
        ...describe(own.certificate),
        file: own.file,
        names: alternativeNames(own.certificate),
        ...(own.keyType !== undefined && { keyType: own.keyType }),
        chain: own.chain.map(describe),
      },
    }),
    ...(anchors && { authorities: anchors.map(describe) }),
    ...(revocation && {
      // At the end of time every CRL has expired: that is all there are.
      revocationLists: revocation.expired(Infinity).map((crl) =>
        describeCrl(crl, now)
      ),
    }),
  };
}

/** The settings whose values are not those of an empty environment. */
function changedSettings(config: Config): CheckReport["settings"] {
  const byDefault = describeConfig(
    parseConfig({ args: [], lookup: () => undefined }),
  );
  return Object.fromEntries(
    Object.entries(describeConfig(config)).filter(([variable, value]) =>
      value !== byDefault[variable]
    ),
  );
}

async function readPeers(
  file: string,
  { fs, now }: GatherOptions,
): Promise<Peers> {
  const octets = await readFile(fs, file, { maxOctets: MAX_PEERS_FILE_OCTETS });
  return parsePeers(octets, { file, now });
}

async function readSeal(
  { sealKeyFile: file, sealId: id, sealBody: body }: Config,
  { fs, now }: GatherOptions,
): Promise<SealReport> {
  const octets = await readFile(fs, file, { maxOctets: MAX_KEY_FILE_OCTETS });
  const keys = SealKeys.parse(new TextDecoder().decode(octets));
  // It is the sealer that judges the id.
  new Sealer({ keys, id, worker: 0, now: () => now });
  return { file, keys: keys.count, id, body };
}

function accessOf(config: Config, peers: Peers | undefined): ClientAccess {
  const access = new ClientAccess({
    rules: new AccessRules(allowRules(config)),
    audit: config.accessMode === "audit",
  });
  if (peers !== undefined) access.pin(peers);
  return access;
}
