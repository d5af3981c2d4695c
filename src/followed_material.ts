import type { Config } from "./config/config.ts";
import type { Logger } from "./log.ts";
import { type Followed, tellOfStore } from "./followed_store.ts";
import { DirectorySource } from "./material/directory_source.ts";
import { frozenFileWarnings, frozenMountWarnings } from "./material/mounts.ts";
import { type Admit, MaterialStore } from "./material/store.ts";
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
  { log, journal, admit }: {
    log: Logger;
    journal: Journal;
    admit: Admit<TlsMaterial>;
  },
): Promise<FollowedMaterial> {
  const { certDir, caDir, caFromCertDir, crlFile, crlExpired } = config;
  const source = new DirectorySource({
    certDir,
    caDir,
    caFromCertDir,
    crlFile,
    crlExpired,
    pollMs: 1000 * config.reloadPollSecs,
    onMode: (mode, reason) =>
      log.info("following the files", { mode, ...(reason && { reason }) }),
  });
  const store = new MaterialStore(undefined, { admit });
  tellOfStore(store, { name: "TLS material", log, journal });
  const { material } = await store.start(source);
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
