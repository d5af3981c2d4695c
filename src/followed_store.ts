import type { Logger } from "./log.ts";
import { type Agree, AgreedSource } from "./material/agreed_source.ts";
import { FileSource, type FileSourceOptions } from "./material/file_source.ts";
import {
  type Admit,
  type Current,
  type Differs,
  type Health,
  Store,
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

/**
 * How a value that follows files gets into force: where one process serves, by
 * the vote of `admit`; where workers do, when all of them have it.
 */
export interface InForce<T, R> {
  /** Asked before a value takes the place of another: see {@linkcode StoreOptions}. */
  readonly admit?: Admit<T>;
  /** Told of each value that was made, with what it can be made of again. */
  readonly onMade?: (value: T, recipe: R) => void;
  readonly agree?: Agree<T>;
  /**
   * Puts a value in force that took the place of another, and gives how many
   * connections end because of it; undefined where it took no trust away.
   */
  applied(current: Current<T>, previous: Current<T>): number | undefined;
}

/** The octets of files by their paths, and when they were judged, in milliseconds since the epoch. */
export interface FileRecipe {
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly now: number;
}

export interface FollowFilesOptions<T extends object>
  extends FileSourceOptions<T> {
  readonly log: Logger;
  readonly journal: Journal;
  readonly inForce: InForce<T, FileRecipe>;
  /** What there is to say of a value. */
  readonly tell: {
    /** For the log, of the first. */
    loaded(value: T): void;
    /** For the log, of each later one: with how many connections end, where it took trust away. */
    reloaded(value: T, retired: number | undefined): void;
    /** For the journal. */
    detail(value: T): string;
  };
}

/**
 * Reads files to one value, and follows them from then on. What is loaded is
 * logged; what is rejected or fails later is too, and the value in force stays.
 * Rejects with `SidecarError` where they cannot be read at first.
 */
export async function followFiles<T extends object>(
  { log, journal, inForce, tell, ...options }: FollowFilesOptions<T>,
): Promise<Followed & { readonly store: Store<T> }> {
  const { name, paths, parse } = options;
  const { admit, onMade, agree, applied } = inForce;
  const source = new FileSource<T>({
    ...options,
    parse(contents, now) {
      const value = parse(contents, now);
      onMade?.(value, { contents, now });
      return value;
    },
  });
  const store = new Store<T>({
    shrinks: options.shrinks,
    same: Object.is,
    ...(admit && { admit }),
  });
  tellOfStore(store, { name, log, journal, file: paths.join(", ") });
  store.onSwap((current, previous) => {
    // Before anything that could fail.
    const retired = applied(current, previous);
    const { material: value } = current;
    journal.reloaded({ what: name, outcome: "ok", detail: tell.detail(value) });
    tell.reloaded(value, retired);
  });
  const { material } = await store.start(
    agree ? new AgreedSource(source, agree) : source,
  );
  tell.loaded(material);
  return { store, reload: () => source.reload(), stop: () => store.stop() };
}
