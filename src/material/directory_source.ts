import { dirname } from "node:path";
import { SidecarError } from "../errors.ts";
import {
  buildMaterial,
  type BuildOptions,
  type FilesRead,
  readMaterialFiles,
  type ReadOptions,
} from "./directory.ts";
import type { FollowMode } from "./directory_watches.ts";
import { FollowedFiles, type FollowedFilesOptions } from "./followed_files.ts";
import { vanishedFile } from "./selection.ts";
import type { Source, SourceEvent } from "./source.ts";
import type { TlsMaterial } from "./tls_material.ts";
import { sameMaterial, trustShrinks } from "./trust.ts";

/** What a {@linkcode DirectorySource} follows, and how. */
export interface DirectorySourceOptions
  extends ReadOptions, Pick<BuildOptions, "crlExpired">, FollowedFilesOptions {
  /** Told of all material that was made, with what the same can be made of again. */
  readonly onMade?: (material: TlsMaterial, recipe: MaterialRecipe) => void;
}

/** Of what `buildMaterial` makes the same material again, whenever it is asked. */
export interface MaterialRecipe {
  readonly files: FilesRead;
  readonly options: BuildOptions;
}

/**
 * TLS material from `CERT_DIR` and `CA_DIR`, followed as
 * {@linkcode FollowedFiles} says.
 *
 * A file in use that vanishes is a rejection (`FILE_VANISHED`) until `reload()`
 * is called: in the midst of a rotation the rest would pass for the whole, and
 * lock clients out or let revoked ones in. So would a file that is half
 * written: files by which trust shrinks or a CRL is lost count when they are
 * the same 150 ms later, unless `reload()` asked for them.
 */
export class DirectorySource implements Source<TlsMaterial> {
  readonly name = "directory";
  readonly #files: FollowedFiles<FilesRead, TlsMaterial>;

  constructor(options: DirectorySourceOptions) {
    const { certDir, caDir, crlFile, crlExpired, onMade } = options;
    this.#files = new FollowedFiles({
      directories: [certDir, caDir, ...(crlFile ? [dirname(crlFile)] : [])],
      read: (fs) => readMaterialFiles({ ...options, fs }),
      build(read, { now, last, asked }) {
        const vanished = last && !asked &&
          vanishedFile(last.files, read.selection);
        if (vanished) throw fileVanished(vanished);
        const judging = {
          now,
          ...(last && { served: last.certificate.fingerprint }),
          ...(crlExpired && { crlExpired }),
        };
        const material = buildMaterial(read, judging);
        onMade?.(material, { files: read, options: judging });
        return material;
      },
      loses: (last, value) =>
        trustShrinks(last, value) ||
        last.revocation.grewSince(value.revocation),
      same: sameMaterial,
    }, options);
  }

  /** Undefined until it is known. */
  get mode(): FollowMode | undefined {
    return this.#files.mode;
  }

  /** Loads at once, takes what is there as meant, and tells of it even if nothing changed. */
  reload(): void {
    this.#files.reload();
  }

  open(signal: AbortSignal): AsyncGenerator<SourceEvent<TlsMaterial>> {
    return this.#files.open(signal);
  }
}

function fileVanished(path: string): SidecarError {
  return new SidecarError(
    "FILE_VANISHED",
    `Cannot find "${path}": expected it as before; SIGHUP goes on without it`,
  );
}
