import assert from "node:assert/strict";
import {
  frozenFileWarnings,
  frozenMountWarnings,
} from "../../../src/material/mounts.ts";

const STATE = "..2024_05_31_12_00_00.123456789";

function mount(root: string, mountPoint: string): string {
  return `651 640 0:57 ${root} ${mountPoint} ro,relatime master:3 - tmpfs tmpfs rw\n`;
}

function frozen(text: string): string[] {
  return frozenMountWarnings(text, ["/etc/certs", "/etc/ca/"]).map((warning) =>
    warning.slice(1, warning.indexOf('"', 1))
  );
}

Deno.test("frozenMountWarnings() has nothing to say of whole volumes and of mounts elsewhere", () => {
  const text = mount("/", "/") + mount("/", "/etc/certs") +
    mount("/pods/7/volumes/kubernetes.io~configmap/ca", "/etc/ca") +
    mount(`/${STATE}/hosts`, "/etc/hosts") + mount("/x", "/etc/certs2/x");
  assert.deepEqual(frozen(text), []);
});

Deno.test("frozenMountWarnings() names a file that is mounted by itself", () => {
  const text = mount(`/${STATE}/tls.crt`, "/etc/certs/tls.crt") +
    mount("/home/me/ca.crt", "/etc/ca/ca.crt");
  assert.deepEqual(frozen(text), ["/etc/certs/tls.crt", "/etc/ca/ca.crt"]);
  assert.equal(
    frozenMountWarnings(text, ["/etc/certs"])[0],
    '"/etc/certs/tls.crt" is a mount of its own, as a subPath makes it, and will not follow a rotation: mount the whole volume',
  );
});

Deno.test("frozenMountWarnings() names a directory out of one state of a volume, at or above the one that is followed", () => {
  assert.deepEqual(frozen(mount(`/${STATE}/tls`, "/etc/certs")), [
    "/etc/certs",
  ]);
  assert.deepEqual(frozen(mount(`/v/${STATE}`, "/etc")), ["/etc"]);
  assert.deepEqual(frozen(mount("/..2024_05", "/etc/certs")), []);
});

Deno.test("frozenMountWarnings() does not take one followed directory in the other for a file", () => {
  const text = mount("/", "/etc/certs/ca");
  assert.deepEqual(
    frozenMountWarnings(text, ["/etc/certs", "/etc/certs/ca"]),
    [],
  );
});

Deno.test("frozenMountWarnings() reads escaped blanks, tells of each mount once, and passes over what is no mount", () => {
  const line = mount("/x", "/etc/my\\040certs/tls.crt");
  const warnings = frozenMountWarnings(
    `\nnonsense\n1 2 3 4\n${line}${line}`,
    ["/etc/my certs"],
  );
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^"\/etc\/my certs\/tls\.crt" /);
});

Deno.test("frozenFileWarnings() warns of a file on another file system than its directory", async () => {
  const devices: Record<string, number> = {
    "/certs": 1,
    "/certs/tls.crt": 2,
    "/certs/tls.key": 1,
  };
  const deviceOf = (path: string) => {
    const device = devices[path];
    return device === undefined
      ? Promise.reject(new Deno.errors.NotFound(path))
      : Promise.resolve(device);
  };
  const warnings = await frozenFileWarnings(
    ["/certs/tls.crt", "/certs/tls.key", "/certs/gone"],
    deviceOf,
  );
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^"\/certs\/tls\.crt" is a mount of its own/);
});

Deno.test("frozenFileWarnings() finds nothing wrong with files of one directory", async () => {
  const file = import.meta.filename!;
  assert.deepEqual(await frozenFileWarnings([file]), []);
});
