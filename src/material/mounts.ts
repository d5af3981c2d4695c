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
    if (!isFrozen) continue;
    warnings.add(
      `"${mountPoint}" is a mount of its own, as a subPath makes it, and will not follow a rotation: mount the whole volume`,
    );
  }
  return [...warnings];
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
