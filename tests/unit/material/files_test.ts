import assert from "node:assert/strict";
import { join } from "node:path";
import {
  disk,
  MAX_FILE_OCTETS,
  readFile,
  unreadableReason,
} from "../../../src/material/files.ts";

async function inDirectory(
  run: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function refuses(path: string, reason: string): Promise<void> {
  await assert.rejects(readFile(disk, path), {
    name: "SidecarError",
    code: "FILE_UNREADABLE",
    message: `Cannot read "${path}": ${reason}`,
  });
}

Deno.test("readFile() reads a file through the symbolic links of a Kubernetes volume", () =>
  inDirectory(async (directory) => {
    await Deno.mkdir(join(directory, "..2030"));
    await Deno.writeTextFile(join(directory, "..2030", "tls.crt"), "x");
    await Deno.symlink("..2030", join(directory, "..data"));
    await Deno.symlink("..data/tls.crt", join(directory, "tls.crt"));
    assert.deepEqual((await disk.list(directory)).sort(), [
      "..2030",
      "..data",
      "tls.crt",
    ]);
    assert.deepEqual(
      await readFile(disk, join(directory, "tls.crt")),
      Uint8Array.of(120),
    );
  }));

Deno.test("readFile() says what kind of obstacle it met", () =>
  inDirectory(async (directory) => {
    await refuses(join(directory, "absent"), "not found");
    await refuses(directory, "is a directory");
    await Deno.symlink("nowhere", join(directory, "dangling"));
    await refuses(join(directory, "dangling"), "not found");
    await Deno.writeTextFile(join(directory, "file"), "");
    await refuses(join(directory, "file", "below"), "is not a directory");
  }));

Deno.test("readFile() does not wait on what is no regular file", () =>
  inDirectory(async (directory) => {
    await refuses("/dev/zero", "expected a regular file");
    const fifo = join(directory, "fifo");
    const made = await new Deno.Command("mkfifo", { args: [fifo] }).output();
    assert.ok(made.success);
    await refuses(fifo, "expected a regular file");
  }));

Deno.test("readFile() reads up to 4 MiB and refuses one octet more", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "large");
    await Deno.writeFile(path, new Uint8Array(MAX_FILE_OCTETS));
    assert.equal((await readFile(disk, path)).length, 4_194_304);
    await Deno.writeFile(path, new Uint8Array(MAX_FILE_OCTETS + 1));
    await refuses(path, "expected at most 4194304 octets");
  }));

Deno.test("readFile() reads as much as it is told to, and refuses one octet more", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "large");
    await Deno.writeFile(path, new Uint8Array(MAX_FILE_OCTETS + 1));
    const octets = (maxOctets: number) => readFile(disk, path, { maxOctets });
    assert.equal((await octets(MAX_FILE_OCTETS + 1)).length, 4_194_305);
    await Deno.writeFile(path, new Uint8Array(11));
    await assert.rejects(octets(10), {
      message: `Cannot read "${path}": expected at most 10 octets`,
    });
  }));

Deno.test("readFile() refuses a file that grew too large after its size was taken", async () => {
  const fs = {
    ...disk,
    read: () => Promise.resolve(new Uint8Array(MAX_FILE_OCTETS + 1)),
  };
  await assert.rejects(readFile(fs, "/x"), { code: "FILE_UNREADABLE" });
});

Deno.test("unreadableReason() never repeats the system's own words", () => {
  assert.equal(
    unreadableReason(new Deno.errors.PermissionDenied("words")),
    "permission denied",
  );
  assert.equal(
    unreadableReason(new Deno.errors.NotCapable("words")),
    "expected to run with --allow-read for it",
  );
  assert.equal(
    unreadableReason(new Deno.errors.TimedOut("words")),
    "no answer within 10 s",
  );
  assert.equal(unreadableReason(new Error("words")), "input/output error");
  assert.equal(unreadableReason("words"), "input/output error");
});
