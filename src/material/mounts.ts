import { dirname, relative, resolve } from "node:path";

/** The directory into which kubelet writes one state of a volume, for example `..2024_05_31_12_00_00.123456789`. */
const VOLUME_STATE = /(^|\/)\.\.\d{4}(_\d\d){5}\.\d+(\/|$)/;

/**
 * Warns of mounts that never show a rotation: single files, and what a
 * Kubernetes `subPath` takes out of a volume. They stay bound to the inode that
 * was there when the container started.
 *
 * @param mountinfo The text of `/proc/self/mountinfo` (proc_pid_mountinfo(5)). Lines that don't parse are ignored.
 * @param directories The directories that are followed.
 */
export function frozenMountWarnings(
  mountinfo: string,
  directories: readonly string[],
): string[] {
  const followed = directories.map((directory) => resolve(directory));
  const warnings = new Set<string>();
  for (const line of mountinfo.split("\n")) {
    const [, , , rootField, mountPointField] = line.split(" ");
    if (rootField === undefined || mountPointField === undefined) continue;
    const mountPoint = unescaped(mountPointField);
    const isFrozen = followed.some((directory) =>
        contains(mountPoint, directory)
      )
      ? VOLUME_STATE.test(unescaped(rootField))
      : followed.includes(dirname(mountPoint));
    if (isFrozen) warnings.add(frozen(mountPoint));
  }
  return [...warnings];
}

/** Tells on which file system a path is, without following a link. */
export type DeviceOf = (path: string) => Promise<number>;

/**
 * The same, by another sign, for where mountinfo may not be read: a file that is
 * on another file system than its directory is mounted by itself. A `subPath`
 * that is a directory does not show in this way.
 */
export async function frozenFileWarnings(
  files: readonly string[],
  deviceOf: DeviceOf = async (path) => (await Deno.lstat(path)).dev,
): Promise<string[]> {
  const warnings: string[] = [];
  for (const file of files) {
    try {
      const [own, around] = await Promise.all([
        deviceOf(file),
        deviceOf(dirname(file)),
      ]);
      if (own !== around) warnings.push(frozen(file));
    } catch {
      // It has just been rotated away: that is no frozen mount.
    }
  }
  return warnings;
}

function frozen(path: string): string {
  return `"${path}" is a mount of its own, as a subPath makes it, and will not follow a rotation: mount the whole volume`;
}

/** Whether `path` is `directory` or beneath it. */
function contains(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== ".." && !way.startsWith("../");
}

/** Blanks, tabs, line feeds and backslashes stand as three octal digits. */
function unescaped(field: string): string {
  return field.replace(
    /\\([0-7]{3})/g,
    (_, digits: string) => String.fromCharCode(parseInt(digits, 8)),
  );
}
