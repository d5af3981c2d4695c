import type { Logger } from "./log.ts";
import { FileSource, type FileSourceOptions } from "./material/file_source.ts";
import {
  type Admit,
  type Differs,
  type Health,
  Store,
  type SwapListener,
} from "./material/store.ts";
import type { Journal } from "./observations/journal.ts";

/**
 * Tells the log, and the journal, of every load that a store rejects and of
 * every time that its files cannot be followed. `file` says which files, where
 * they are not those of the TLS material.
 */
export function tellOfStore<T>(
  store: Store<T>,
  { name, log, journal, file }: {
    /** What the store holds: `TLS material`. */
    name: string;
    log: Logger;
    journal: Journal;
    file?: string;
  },
): void {
  const fields = file === undefined ? {} : { file };
  store.onRejected(({ code, message }) => {
    journal.reloaded({ what: name, outcome: code, detail: message });
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
  /** Why what is in force is not the newest, and whether that can be had. */
  readonly store: {
    readonly differs: Differs | undefined;
    readonly health: Health;
  };
  /** Loads at once, and takes what is there as meant. */
  reload(): void;
  /** Resolves when nothing is left running. */
  stop(): Promise<void>;
}

export interface FollowFilesOptions<T> extends FileSourceOptions<T> {
  readonly log: Logger;
  readonly journal: Journal;
  readonly admit?: Admit<T>;
  /** Called with the first value, before anything else can happen. */
  onFirst(value: T): void;
  readonly onSwap: SwapListener<T>;
}

/**
 * Reads files to one value, and follows them from then on. What is rejected or fails
 * later is logged, and the value in force stays. Rejects with `SidecarError`
 * where they cannot be read at first.
 */
export async function followFiles<T>(
  { log, journal, admit, onFirst, onSwap, ...options }: FollowFilesOptions<T>,
): Promise<Followed & { readonly store: Store<T> }> {
  const source = new FileSource<T>(options);
  const store = new Store<T>({
    shrinks: options.shrinks,
    same: Object.is,
    ...(admit && { admit }),
  });
  const { name, paths } = options;
  tellOfStore(store, { name, log, journal, file: paths.join(", ") });
  store.onSwap(onSwap);
  const { material } = await store.start(source);
  onFirst(material);
  return { store, reload: () => source.reload(), stop: () => store.stop() };
}
