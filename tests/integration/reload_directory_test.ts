import assert from "node:assert/strict";
import { join } from "node:path";
import { disk } from "../../src/material/files.ts";
import type { Current } from "../../src/material/store.ts";
import { createAuthority } from "../support/pki.ts";
import { systemWatch } from "../../src/material/system_watch.ts";
import { eventually } from "../support/waiting.ts";
import {
  CA,
  first,
  Followed,
  kubeletWrite,
  NEXT_PAIR,
  other,
  PAIR,
  root,
  second,
  writeFiles,
} from "./reload_directories.ts";

function follow(files: Readonly<Record<string, string>> = { ...PAIR, ...CA }) {
  return Followed.start((directory) => writeFiles(directory, files));
}

function serves({ material }: Current, issued: { certPem: string }): boolean {
  return material.certificateChainPem === issued.certPem;
}

Deno.test("a reload follows files that are written in place, in under 500 ms", async () => {
  await using followed = await follow();
  let since = 0;
  const current = await followed.swappedBy(async () => {
    await followed.write(NEXT_PAIR);
    since = performance.now();
  });
  const milliseconds = performance.now() - since;
  assert.ok(serves(current, second));
  assert.equal(current.generation, 1);
  assert.ok(milliseconds < 500, `it took ${milliseconds} ms`);
});

Deno.test("a reload follows files that are renamed into their place", async () => {
  await using followed = await follow();
  const current = await followed.swappedBy(async () => {
    await followed.write({
      "certs/new.key": second.keyPem,
      "certs/new.crt": second.certPem,
    });
    await Deno.rename(
      followed.path("certs/new.key"),
      followed.path("certs/tls.key"),
    );
    await Deno.rename(
      followed.path("certs/new.crt"),
      followed.path("certs/tls.crt"),
    );
  });
  assert.ok(serves(current, second));
});

Deno.test("a reload follows an editor, which sets the old file aside and writes a new one", async () => {
  await using followed = await follow();
  const current = await followed.swappedBy(async () => {
    const path = followed.path("ca/ca.crt");
    await Deno.writeTextFile(followed.path("ca/4913"), "");
    await Deno.remove(followed.path("ca/4913"));
    await Deno.rename(path, `${path}~`);
    await Deno.writeTextFile(path, root.certPem + other.certPem);
    await Deno.remove(`${path}~`);
  });
  assert.equal(current.material.anchors.length, 2);
  assert.equal(current.generation, 1);
});

Deno.test("a reload follows kubelet's swap of ..data in both volumes, again and again", async () => {
  await using followed = await Followed.start(async (directory) => {
    await kubeletWrite(join(directory, "certs"), {
      state: "0",
      files: { "tls.crt": first.certPem, "tls.key": first.keyPem },
    });
    await kubeletWrite(join(directory, "ca"), {
      state: "0",
      files: { "ca.crt": root.certPem },
    });
  });
  for (const state of ["1", "2", "3"]) {
    const issued = state === "2" ? first : second;
    const own = await followed.swappedBy(() =>
      kubeletWrite(followed.path("certs"), {
        state,
        files: { "tls.crt": issued.certPem, "tls.key": issued.keyPem },
      })
    );
    assert.ok(serves(own, issued));
    const extra = state === "2" ? "" : other.certPem;
    const trust = await followed.swappedBy(() =>
      kubeletWrite(followed.path("ca"), {
        state,
        files: { "ca.crt": root.certPem + extra },
      })
    );
    assert.equal(trust.material.anchors.length, extra === "" ? 1 : 2);
  }
  assert.equal(followed.store.current.generation, 2);
  assert.deepEqual(followed.rejections, []);
});

Deno.test("a reload follows Vault's certificate, private_key and issuing_ca", async () => {
  await using followed = await follow({
    "certs/certificate": first.certPem,
    "certs/private_key": first.keyPem,
    "certs/issuing_ca": root.certPem,
  });
  const own = await followed.swappedBy(() =>
    followed.write({
      "certs/certificate": second.certPem,
      "certs/private_key": second.keyPem,
    })
  );
  assert.ok(serves(own, second));
  const trust = await followed.swappedBy(() =>
    followed.write({ "certs/issuing_ca": other.certPem })
  );
  assert.equal(trust.generation, 2);
});

Deno.test("a reload follows files that are deleted and written again, and serves the old ones in between", async () => {
  await using followed = await follow();
  const code = await followed.rejectedBy(() =>
    Deno.remove(followed.path("certs/tls.key"))
  );
  assert.equal(code, "KEY_NOT_FOUND");
  assert.ok(serves(followed.store.current, first));
  assert.equal(followed.store.differs?.error.code, "KEY_NOT_FOUND");
  const current = await followed.swappedBy(() => followed.write(NEXT_PAIR));
  assert.ok(serves(current, second));
  assert.equal(followed.store.differs, undefined);
});

for (
  const [order, files] of [
    ["the certificate before the key", ["certs/tls.crt", "certs/tls.key"]],
    ["the key before the certificate", ["certs/tls.key", "certs/tls.crt"]],
  ] as const
) {
  Deno.test(`a reload waits for the pair where ${order} is written`, async () => {
    await using followed = await follow();
    const [early, late] = files;
    const code = await followed.rejectedBy(() =>
      followed.write({ [early]: NEXT_PAIR[early] })
    );
    assert.equal(code, "KEY_MISMATCH");
    assert.ok(serves(followed.store.current, first));
    const current = await followed.swappedBy(() =>
      followed.write({ [late]: NEXT_PAIR[late] })
    );
    assert.ok(serves(current, second));
  });
}

Deno.test("a reload follows directories that are removed and made again at once, several times", async () => {
  await using followed = await follow();
  let bundle = "";
  for (const issued of [second, first, second]) {
    const current = await followed.swappedBy(async () => {
      await Deno.remove(followed.path("certs"), { recursive: true });
      await followed.write({
        "certs/tls.crt": issued.certPem,
        "certs/tls.key": issued.keyPem,
        // Where it was before: gone, it would have to be asked for.
        ...(bundle !== "" && { "certs/ca.crt": bundle }),
      });
    });
    assert.ok(serves(current, issued));
    bundle += createAuthority().certPem;
    const trust = await followed.swappedBy(() =>
      followed.write({ "certs/ca.crt": bundle })
    );
    assert.ok(serves(trust, issued));
  }
  assert.deepEqual(followed.modes, ["watch"]);
});

Deno.test("a reload follows a directory that takes the place of another by rename", async () => {
  await using followed = await follow();
  const current = await followed.swappedBy(async () => {
    await writeFiles(followed.path("next"), NEXT_PAIR);
    await Deno.rename(followed.path("certs"), followed.path("old"));
    await Deno.rename(followed.path("next/certs"), followed.path("certs"));
  });
  assert.ok(serves(current, second));
  const again = await followed.swappedBy(() => followed.write(PAIR));
  assert.ok(serves(again, first));
});

Deno.test("a reload polls while a directory is gone for long, and watches again when it is back", async () => {
  await using followed = await follow();
  const code = await followed.rejectedBy(() =>
    Deno.rename(followed.path("ca"), followed.path("gone"))
  );
  assert.equal(code, "FILE_VANISHED");
  const current = await followed.swappedBy(async () => {
    await modeOf(followed, "poll");
    await followed.write({ "ca/ca.crt": root.certPem + other.certPem });
  });
  assert.equal(current.material.anchors.length, 2);
  await modeOf(followed, "watch");
  assert.deepEqual(followed.modes, ["watch", "poll", "watch"]);
});

Deno.test("a reload keeps the CAs of CA_DIR while it is gone, though CERT_DIR has one", async () => {
  await using followed = await follow({
    ...PAIR,
    ...CA,
    "certs/ca.crt": other.certPem,
  });
  const code = await followed.rejectedBy(() =>
    Deno.remove(followed.path("ca"), { recursive: true })
  );
  assert.equal(code, "FILE_VANISHED");
  assert.equal(followed.store.current.material.anchors.length, 2);
  assert.equal(followed.store.current.generation, 1);
});

Deno.test("a reload follows a chmod that makes a file readable", async () => {
  // Tests may run as root, who may read anything.
  const readable: typeof disk = {
    ...disk,
    async read(path, maxOctets) {
      const { mode } = await Deno.stat(path);
      if (((mode ?? 0) & 0o400) === 0) throw new Deno.errors.PermissionDenied();
      return await disk.read(path, maxOctets);
    },
  };
  await using followed = await Followed.start(
    (directory) => writeFiles(directory, { ...PAIR, ...CA }),
    { fs: readable },
  );
  const path = followed.path("ca/ca.crt");
  const code = await followed.rejectedBy(async () => {
    await Deno.writeTextFile(path, root.certPem + other.certPem);
    await Deno.chmod(path, 0o000);
  });
  assert.equal(code, "FILE_UNREADABLE");
  const current = await followed.swappedBy(() => Deno.chmod(path, 0o644));
  assert.equal(current.material.anchors.length, 2);
});

Deno.test("a reload ignores an unrelated file and one that is written as it was", async () => {
  await using followed = await follow();
  const { sequence } = followed.store.current;
  await followed.write({ ...CA, "certs/README": "x", "ca/old": "y" });
  // By the time that a change after it was taken, it has been looked at.
  const current = await followed.swappedBy(() => followed.write(NEXT_PAIR));
  assert.equal(current.sequence, sequence + 1);
  assert.deepEqual(followed.rejections, []);
});

Deno.test("a reload goes on by polling where no watch can be had", async () => {
  await using followed = await Followed.start(
    (directory) => writeFiles(directory, { ...PAIR, ...CA }),
    {
      watchSystem: {
        ...systemWatch,
        watch() {
          throw new Error("No file descriptors available (os error 24)");
        },
      },
    },
  );
  assert.deepEqual(followed.modes, ["poll"]);
  const current = await followed.swappedBy(() => followed.write(NEXT_PAIR));
  assert.ok(serves(current, second));
  assert.deepEqual(followed.modes, ["poll"]);
});

Deno.test("1,000 reloads leave memory and open files where they were", async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--v8-flags=--expose-gc",
      "--allow-all",
      join(import.meta.dirname!, "reload_soak.ts"),
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const { before, after, sequence } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  assert.equal(sequence, 1202);
  assert.equal(after.openFiles, before.openFiles);
  const grown = after.heapOctets - before.heapOctets;
  assert.ok(grown < 1024 * 1024, `the heap grew by ${grown} octets`);
});

/** Resolves when the source is, or has come to be, in `mode`. */
async function modeOf(followed: Followed, mode: string): Promise<void> {
  await eventually(() => followed.source.mode === mode, `the mode ${mode}`);
}
