import { dirname, resolve } from "node:path";
import { SidecarError } from "../errors.ts";
import { AnswerLimit } from "./answer_limit.ts";
import { type Clock, systemClock } from "./clock.ts";
import { Debounce } from "./debounce.ts";
import {
  buildMaterial,
  type BuildOptions,
  readMaterialFiles,
  type ReadOptions,
} from "./directory.ts";
import { changedFiles, type FileDigests } from "./file_digests.ts";
import { disk } from "./files.ts";
import { vanishedFile } from "./selection.ts";
import type { Source, SourceEvent } from "./source.ts";
import type { TlsMaterial } from "./tls_material.ts";
import { sameMaterial, trustShrinks } from "./trust.ts";
import { systemWatch } from "./system_watch.ts";
import { DirectoryWatch, type WatchSystem } from "./watch.ts";

/** Files that are rotated change one after the other, and seldom more slowly than this. */
const QUIET_MS = 150;
/** A directory in which something always happens must be loaded all the same. */
const MAX_QUIET_MS = 2_000;
/** How often the content is compared where there is no watch. */
const UNWATCHED_POLL_MS = 1_000;

/** How changes are noticed: by a watch with a slow poll beside it, or by a fast poll alone. */
export type FollowMode = "watch" | "poll";

/** What a {@linkcode DirectorySource} follows. */
export interface DirectorySourceOptions
  extends ReadOptions, Pick<BuildOptions, "crlExpired"> {
  /** How often the content is compared beside the watch, in milliseconds. */
  readonly pollMs: number;
  readonly clock?: Clock;
  readonly watchSystem?: WatchSystem;
  /** Called when the mode is known and whenever it changes, with the reason of `poll`. Must not throw. */
  onMode?(mode: FollowMode, reason?: string): void;
}

/**
 * TLS material from `CERT_DIR` and `CA_DIR`, loaded anew when their files
 * change. Their content decides: neither an unrelated file nor one that was
 * written again as it was makes an event. A rejection is told once, and not at
 * every look.
 *
 * A file in use that vanishes is a rejection (`FILE_VANISHED`) until `reload()`
 * is called: in the midst of a rotation the rest would pass for the whole, and
 * lock clients out or let revoked ones in. So would a file that is half
 * written: files by which trust shrinks or a CRL is lost count when they are
 * the same 150 ms later, unless `reload()` asked for them.
 *
 * A file system that does not answer for 10 s is a rejection too, and does not
 * hold up the end.
 */
export class DirectorySource implements Source<TlsMaterial> {
  readonly name = "directory";
  readonly #options: DirectorySourceOptions;
  readonly #clock: Clock;
  #mode: FollowMode | undefined;
  #last: TlsMaterial | undefined;
  /** What tells the last rejection from others, if it came after `#last`. */
  #rejection: string | undefined;
  /** What was read and must be read once more before it counts. */
  #unconfirmed: Unconfirmed | undefined;
  readonly #limit: AnswerLimit;
  #due: "look" | "reload" | undefined;
  #wake: (() => void) | undefined;

  constructor(options: DirectorySourceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#limit = new AnswerLimit(this.#clock);
  }

  /** Undefined until it is known. */
  get mode(): FollowMode | undefined {
    return this.#mode;
  }

  /** Loads at once, takes what is there as meant, and tells of it even if nothing changed. */
  reload(): void {
    this.#trigger("reload");
  }

  async *open(signal: AbortSignal): AsyncGenerator<SourceEvent<TlsMaterial>> {
    const own = new AbortController();
    const ending = AbortSignal.any([signal, own.signal]);
    const debounce = new Debounce(() => this.#trigger("look"), {
      clock: this.#clock,
      quietMs: QUIET_MS,
      maxMs: MAX_QUIET_MS,
    });
    const watches = this.#watches(ending, debounce);
    const running = watches.map((watch) => watch.run());
    const wake = () => this.#wake?.();
    ending.addEventListener("abort", wake);
    this.#due = undefined;
    try {
      let asked = false;
      for (let told = false; !signal.aborted;) {
        const event = await this.#look({ asked, tell: asked || !told, ending });
        if (signal.aborted) return;
        if (event !== undefined) {
          told = true;
          yield event;
        }
        asked = await this.#wait(ending, debounce);
        await Promise.all(watches.map((watch) => watch.check()));
      }
    } finally {
      own.abort();
      await Promise.all(running);
      debounce.cancel();
      this.#forgetUnconfirmed();
    }
  }

  #watches(signal: AbortSignal, debounce: Debounce): DirectoryWatch[] {
    const { certDir, caDir, crlFile, watchSystem } = this.#options;
    const paths = new Set([certDir, caDir].map((path) => resolve(path)));
    if (crlFile) paths.add(dirname(resolve(crlFile)));
    const system = watchSystem ?? systemWatch;
    const bounded: WatchSystem = {
      watch: (path) => system.watch(path),
      identity: (path) =>
        this.#limit.ask(
          `identify ${path}`,
          () => system.identity(path),
          signal,
        ),
    };
    const watches = [...paths].map((path) =>
      new DirectoryWatch(path, {
        clock: this.#clock,
        signal,
        system: bounded,
        onEvent: () => debounce.touch(),
        onState: () => this.#setMode(watches),
      })
    );
    return watches;
  }

  #setMode(watches: readonly DirectoryWatch[]): void {
    if (watches.some(({ state }) => state === undefined)) return;
    const down = watches.find(({ state }) => state === "down");
    const mode = down === undefined ? "watch" : "poll";
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#options.onMode?.(mode, down?.problem);
    // For the interval of the poll, which is another now.
    this.#wake?.();
  }

  #trigger(due: "look" | "reload"): void {
    if (this.#due !== "reload") this.#due = due;
    this.#wake?.();
  }

  /** Resolves when it is time to look, to whether that was asked for. */
  async #wait(signal: AbortSignal, debounce: Debounce): Promise<boolean> {
    while (this.#due === undefined && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const cancel = this.#clock.after(
        this.#pollMs(),
        () => {
          // In the midst of a change; the debounce looks in a while.
          if (!debounce.pending) this.#trigger("look");
        },
      );
      await promise;
      cancel();
    }
    const asked = this.#due === "reload";
    this.#due = undefined;
    return asked;
  }

  #pollMs(): number {
    const pollMs = this.#mode === "poll"
      ? UNWATCHED_POLL_MS
      : this.#options.pollMs;
    const changesInMs = (this.#last?.changesAt ?? 0) - this.#clock.now();
    // What is overdue was rejected, and would be again at once.
    return changesInMs > 0 ? Math.min(pollMs, changesInMs) : pollMs;
  }

  /**
   * Reads what is on disk, and judges it where it or what it is worth has
   * changed. `asked` takes vanished files as meant. Undefined where there is
   * nothing new to tell, unless `tell` is set, and where it must be read again.
   */
  async #look(
    { asked, tell, ending }: {
      asked: boolean;
      tell: boolean;
      ending: AbortSignal;
    },
  ): Promise<SourceEvent<TlsMaterial> | undefined> {
    const last = this.#last;
    const now = this.#clock.now();
    const quiet = !tell && this.#rejection === undefined;
    let digests: FileDigests | undefined;
    try {
      const { fs = disk, ...options } = this.#options;
      const read = await readMaterialFiles({
        ...options,
        fs: this.#limit.files(fs, ending),
      });
      digests = read.digests;
      if (
        quiet && last && now < last.changesAt &&
        changedFiles(last.digests, digests).length === 0
      ) {
        this.#forgetUnconfirmed();
        return undefined;
      }
      const vanished = last && !asked &&
        vanishedFile(last.files, read.selection);
      if (vanished) throw fileVanished(vanished);
      const { crlExpired } = this.#options;
      const value = buildMaterial(read, {
        now,
        ...(last && { served: last.certificate.fingerprint }),
        ...(crlExpired && { crlExpired }),
      });
      if (last && !asked && !this.#confirms(last, value)) return undefined;
      this.#forgetUnconfirmed();
      this.#last = value;
      this.#rejection = undefined;
      if (quiet && last && sameMaterial(last, value)) return undefined;
      return { kind: "value", value, asked };
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error;
      this.#forgetUnconfirmed();
      // Messages on validity tell the time, and are never twice the same.
      const rejection = JSON.stringify([error.code, digests ?? error.message]);
      if (!tell && rejection === this.#rejection) return undefined;
      this.#rejection = rejection;
      return { kind: "rejected", error };
    }
  }

  /** Whether `value` may count now. Where it may not, there is another look when it may. */
  #confirms(last: TlsMaterial, value: TlsMaterial): boolean {
    const changed = changedFiles(last.digests, value.digests).length > 0;
    const loses = trustShrinks(last, value) ||
      last.revocation.grewSince(value.revocation);
    if (!changed || !loses) return true;
    const earlier = this.#unconfirmed;
    if (earlier && changedFiles(earlier.digests, value.digests).length === 0) {
      return earlier.ripe;
    }
    this.#forgetUnconfirmed();
    const unconfirmed: Unconfirmed = {
      digests: value.digests,
      ripe: false,
      cancel: this.#clock.after(QUIET_MS, () => {
        unconfirmed.ripe = true;
        this.#trigger("look");
      }),
    };
    this.#unconfirmed = unconfirmed;
    return false;
  }

  #forgetUnconfirmed(): void {
    this.#unconfirmed?.cancel();
    this.#unconfirmed = undefined;
  }
}

interface Unconfirmed {
  readonly digests: FileDigests;
  /** Whether it was read long enough ago. */
  ripe: boolean;
  readonly cancel: () => void;
}

function fileVanished(path: string): SidecarError {
  return new SidecarError(
    "FILE_VANISHED",
    `Cannot find "${path}": expected it as before; SIGHUP goes on without it`,
  );
}
