/**
 * Reloads 1,000 times after 200 to warm up, and prints open files and heap
 * before and after. A process of its own, since tests that run beside it open
 * files too.
 */
import {
  CA,
  first,
  Followed,
  PAIR,
  second,
  writeFiles,
} from "./reload_directories.ts";

const { gc } = globalThis as { gc?: () => void };

async function figures(): Promise<{ openFiles: number; heapOctets: number }> {
  // The least of some looks: the files may just be read once more.
  let openFiles = Infinity;
  for (let look = 0; look < 20; look++) {
    const files = await Array.fromAsync(Deno.readDir("/proc/self/fd"));
    openFiles = Math.min(openFiles, files.length);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  gc?.();
  return {
    openFiles,
    heapOctets: Deno.memoryUsage().heapUsed,
  };
}

async function reload(followed: Followed, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const issued = time % 2 === 0 ? second : first;
    await followed.swappedBy(async () => {
      await followed.write({
        "certs/new.crt": issued.certPem,
        "certs/new.key": issued.keyPem,
      });
      for (const name of ["tls.crt", "tls.key"]) {
        const path = followed.path(`certs/${name}`);
        await Deno.rename(path.replace("tls.", "new."), path);
      }
      followed.source.reload();
    });
  }
}

await using followed = await Followed.start(
  (directory) => writeFiles(directory, { ...PAIR, ...CA }),
);
await reload(followed, 200);
const before = await figures();
await reload(followed, 1000);
const after = await figures();
const { sequence } = followed.store.current;
console.log(JSON.stringify({ before, after, sequence }));
