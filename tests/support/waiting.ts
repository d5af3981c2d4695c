/** So long may a machine that is busy with other tests take for anything, in milliseconds. */
const PATIENCE_MS = 20_000;

/** What `promise` gives. A test that waits for what never comes fails instead of hanging. */
export async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`waited too long for ${what}`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when `condition` holds, for what nothing tells of. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const since = performance.now();
  while (!await condition()) {
    if (performance.now() - since > PATIENCE_MS) {
      throw new Error(`waited too long for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Resolves to the count when it has not risen for 40 looks. */
export async function standstill(count: () => number): Promise<number> {
  let last = -1;
  for (let looks = 0; looks < 40; looks++) {
    if (count() !== last) [last, looks] = [count(), 0];
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return last;
}
