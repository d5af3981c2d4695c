import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import {
  FileSource,
  type FileSourceOptions,
} from "../../../src/material/file_source.ts";
import type { SourceEvent } from "../../../src/material/source.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeWatch } from "./fake_watch.ts";
import { memoryFiles } from "./memory_files.ts";
import { settled } from "./scripted_source.ts";

export const NOW = 1_000_000;

/** The words of the files, and until when they are worth that. */
export interface Words {
  readonly words: readonly string[];
  readonly until: number;
}

/**
 * Words in angle brackets, all files after each other. A number among them is a
 * time at which it is forgotten. Trust shrinks when a word leaves.
 */
export const WORDS = {
  parse(contents: ReadonlyMap<string, Uint8Array>, now: number): Words {
    const text = [...contents.values()].map((octets) =>
      new TextDecoder().decode(octets)
    ).join(" ");
    if (!/^<.*>$/.test(text)) {
      throw new SidecarError("PEERS_INVALID", "Cannot parse: expected <>");
    }
    const words = text.replaceAll(/[<>]/g, "").split(" ")
      .filter((word) => !(Number(word) <= now));
    const until = Math.min(...words.map(Number).filter(Number.isFinite));
    return { words, until };
  },
  shrinks: (before: Words, after: Words) =>
    before.words.some((word) => !after.words.includes(word)),
  changesAt: ({ until }: Words) => until,
};

/** A file source over files in memory, with all that it tells. */
export class Bench implements AsyncDisposable {
  readonly clock = new FakeClock(NOW);
  readonly system: FakeWatch;
  readonly modes: string[] = [];
  readonly source: FileSource<Words>;
  readonly values: Words[] = [];
  /** How often the files were parsed. */
  parsed = 0;
  content: Record<string, string | Error> = { "/etc/words": "<a b>" };
  readonly #controller = new AbortController();
  readonly #ended: Promise<void>;
  #told: SourceEvent<Words>[] = [];

  constructor(
    { system = new FakeWatch("/etc"), content, ...options }:
      & Partial<FileSourceOptions<Words>>
      & { system?: FakeWatch; content?: Record<string, string | Error> } = {},
  ) {
    this.system = system;
    if (content) this.content = content;
    this.source = new FileSource({
      name: "words",
      paths: ["/etc/words"],
      pollMs: 30_000,
      clock: this.clock,
      watchSystem: system,
      fs: {
        list: () => Promise.reject(new Error("there is no need to list")),
        read: (path, maxOctets) =>
          memoryFiles(this.content).read(path, maxOctets),
      },
      onMode: (mode) => this.modes.push(mode),
      ...WORDS,
      parse: (contents, now) => {
        this.parsed++;
        return WORDS.parse(contents, now);
      },
      ...options,
    });
    this.#ended = this.#follow();
  }

  /** Writes files, removes those given as undefined, and waits until the quiet is over. */
  async write(changes: Record<string, string | undefined>): Promise<void> {
    for (const [path, text] of Object.entries(changes)) {
      if (text === undefined) delete this.content[path];
      else this.content[path] = text;
    }
    this.system.emit("/etc");
    await settled();
    await this.advance(150);
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }

  /** What was told since the last call: the words of a value, or the code of a rejection. */
  async told(): Promise<string[]> {
    await settled();
    return this.#told.splice(0).map((event) =>
      event.kind === "value"
        ? event.value.words.join(" ")
        : `${event.error.code}: ${event.error.message}`
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#ended;
    assert.deepEqual(this.system.open, []);
    assert.deepEqual(this.clock.pending, []);
  }

  async #follow(): Promise<void> {
    for await (const event of this.source.open(this.#controller.signal)) {
      this.#told.push(event);
      if (event.kind === "value") this.values.push(event.value);
    }
  }
}
