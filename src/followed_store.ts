import type { Logger } from "./log.ts";
import { FileSource, type FileSourceOptions } from "./material/file_source.ts";
import { type Admit, Store, type SwapListener } from "./material/store.ts";
import type { Tally } from "./tally.ts";

/**
 * Tells the log, and the counts, of every load that a store rejects and of
 * every time that its files cannot be followed. `file` says which files, where
 * they are not those of the TLS material.
 */
export function tellOfStore<T>(
  store: Store<T>,
  { log, tally, file }: { log: Logger; tally: Tally; file?: string },
): void {
  const fields = file === undefined ? {} : { file };
  store.onRejected(({ code, message }) => {
    tally.add("reloads", code);
    log.warning("reload rejected, the old material stays", {
      code,
      error: message,
      since: new Date(store.differs?.since ?? Date.now()).toISOString(),
      ...fields,
    });
  });
  store.onHealth((health) => {
    if (health.healthy) log.info("the files can be followed again", fields);
    else {
      const { code, message } = health.error;
      log.error("the files cannot be followed", {
        code,
        error: message,
        ...fields,
      });
    }
  });
}

/** A value that follows its files. */
export interface Followed {
  /** Loads at once, and takes what is there as meant. */
  reload(): void;
  /** Resolves when nothing is left running. */
  stop(): Promise<void>;
}

export interface FollowFileOptions<T>
  extends Omit<FileSourceOptions<T>, "paths"> {
  readonly path: string;
  readonly log: Logger;
  readonly tally: Tally;
  readonly admit?: Admit<T>;
  /** Called with the first value, before anything else can happen. */
  onFirst(value: T): void;
  readonly onSwap: SwapListener<T>;
}

/**
 * Reads a file to a value, and follows it from then on. What is rejected or fails
 * later is logged, and the value in force stays. Rejects with `SidecarError`
 * where it cannot be read at first.
 */
export async function followFile<T>(
  { path, log, tally, admit, onFirst, onSwap, ...options }: FollowFileOptions<
    T
  >,
): Promise<Followed> {
  const source = new FileSource<T>({ ...options, paths: [path] });
  const store = new Store<T>({
    shrinks: options.shrinks,
    same: Object.is,
    ...(admit && { admit }),
  });
  tellOfStore(store, { log, tally, file: path });
  store.onSwap(onSwap);
  const { material } = await store.start(source);
  onFirst(material);
  return { reload: () => source.reload(), stop: () => store.stop() };
}
