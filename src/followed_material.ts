import type { Config } from "./config/config.ts";
import type { Logger } from "./log.ts";
import { type Followed, type InForce, tellOfStore } from "./followed_store.ts";
import { AgreedSource } from "./material/agreed_source.ts";
import {
  DirectorySource,
  type MaterialRecipe,
} from "./material/directory_source.ts";
import { changedFiles } from "./material/file_digests.ts";
import { frozenFileWarnings, frozenMountWarnings } from "./material/mounts.ts";
import { type Current, MaterialStore } from "./material/store.ts";
import type { MaterialFiles, TlsMaterial } from "./material/tls_material.ts";
import type { Journal } from "./observations/journal.ts";

/** Material that follows the disk. */
export interface FollowedMaterial extends Followed {
  readonly store: MaterialStore;
}

/**
 * Loads the material and follows its files from then on. What is rejected or
 * fails later is logged, and the material in force stays.
 *
 * Throws `SidecarError` where it cannot be loaded.
 */
export async function followMaterial(
  config: Config,
  { pollMs, log, journal, inForce }: {
    /** How often the content is compared beside the watch, in milliseconds. */
    pollMs: number;
    log: Logger;
    journal: Journal;
    inForce: InForce<TlsMaterial, MaterialRecipe>;
  },
): Promise<FollowedMaterial> {
  const { certDir, caDir, caFromCertDir, crlFile, crlExpired } = config;
  const { admit, onMade, agree, applied } = inForce;
  const source = new DirectorySource({
    certDir,
    caDir,
    caFromCertDir,
    crlFile,
    crlExpired,
    pollMs,
    onMode: (mode, reason) =>
      log.info("following the files", { mode, ...(reason && { reason }) }),
    ...(onMade && { onMade }),
  });
  const store = new MaterialStore(undefined, { ...(admit && { admit }) });
  tellOfStore(store, { name: "TLS material", log, journal });
  applySwaps(store, { applied, log, journal });
  const { material } = await store.start(
    agree ? new AgreedSource(source, agree) : source,
  );
  for (const warning of await mountWarnings(config, material.files)) {
    log.warning(warning);
  }
  return {
    store,
    reload: () => source.reload(),
    stop: () => store.stop(),
  };
}

/** Warns of what will not follow a rotation: see `frozenMountWarnings`. */
export async function mountWarnings(
  { certDir, caDir }: Config,
  { certificate, privateKey, certificateAuthorities }: MaterialFiles,
): Promise<string[]> {
  let mountinfo: string;
  try {
    mountinfo = await Deno.readTextFile("/proc/self/mountinfo");
  } catch {
    // Not Linux, or not allowed: Deno's --allow-read does not reach /proc.
    return await frozenFileWarnings([
      certificate,
      privateKey,
      ...certificateAuthorities,
    ]);
  }
  return frozenMountWarnings(mountinfo, [certDir, caDir]);
}

/** Puts in force, from now on, what a store has in the place of something else, and tells of it. */
export function applySwaps(
  store: MaterialStore,
  { applied, log, journal }: {
    applied: InForce<TlsMaterial, MaterialRecipe>["applied"];
    log: Logger;
    journal: Journal;
  },
): void {
  store.onSwap((current, previous) => {
    // Before anything that could fail.
    const retired = applied(current, previous);
    tellOfSwap(current, { previous, retired, log, journal });
  });
}

function tellOfSwap(
  { material, generation }: Current,
  { previous, retired, log, journal }: {
    previous: Current;
    retired: number | undefined;
    log: Logger;
    journal: Journal;
  },
): void {
  const changed = changedFiles(previous.material.digests, material.digests);
  journal.reloaded({
    what: "TLS material",
    outcome: "ok",
    detail: changed.length === 0 ? "at its time" : changed.join(", "),
  });
  log.info("material reloaded", {
    changed,
    trust_generation: generation,
    not_after: new Date(material.certificate.notAfter).toISOString(),
    anchors: material.anchors.length,
  });
  for (const warning of material.warnings) log.warning(warning);
  if (retired === undefined) return;
  log.info("trust shrank", { trust_generation: generation, retired });
}

/** Which files were chosen: the first thing to look at when a client is refused. */
export function describeMaterial(material: TlsMaterial, log: Logger): void {
  const { files, keyFormat, keyType, anchors, certificate } = material;
  for (const warning of material.warnings) log.warning(warning);
  for (const note of material.notes) log.info(note);
  log.info("material loaded", {
    certificate: files.certificate,
    private_key: files.privateKey,
    certificate_authorities: files.certificateAuthorities,
    ...(files.crlFile && { crl: files.crlFile }),
    key: `${keyType}, ${keyFormat}`,
    anchors: anchors.length,
    not_after: new Date(certificate.notAfter).toISOString(),
  });
}
