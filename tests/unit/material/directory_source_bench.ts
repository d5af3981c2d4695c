import assert from "node:assert/strict";
import {
  DirectorySource,
  type DirectorySourceOptions,
} from "../../../src/material/directory_source.ts";
import type { FileSystem } from "../../../src/material/files.ts";
import type { SourceEvent } from "../../../src/material/source.ts";
import type { TlsMaterial } from "../../../src/material/tls_material.ts";
import { createAuthority } from "../../support/pki.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeWatch } from "./fake_watch.ts";
import {
  files,
  HOUR,
  names,
  NOW,
  other,
  root,
  VALID,
} from "./material_fixture.ts";
import { memoryFiles } from "./memory_files.ts";
import { settled } from "./scripted_source.ts";

/** A CA that outlives the others of the fixture. */
export const lasting = createAuthority({ ...VALID, notAfter: NOW + 9 * HOUR });
const known = { root, other, lasting };

/** A directory source over files in memory, with all that it tells. */
export class Bench implements AsyncDisposable {
  readonly clock = new FakeClock(NOW);
  readonly system: FakeWatch;
  readonly modes: string[] = [];
  readonly source: DirectorySource;
  content = files();
  reads = 0;
  /** Each reading waits for it. */
  gate: Promise<void> | undefined;
  readonly #controller = new AbortController();
  readonly #ended: Promise<void>;
  #told: SourceEvent<TlsMaterial>[] = [];

  constructor(
    { system = new FakeWatch("/certs", "/ca"), content = {}, ...options }:
      & Partial<DirectorySourceOptions>
      & {
        system?: FakeWatch;
        content?: Record<string, string | undefined>;
      } = {},
  ) {
    this.system = system;
    this.change(content);
    this.source = new DirectorySource({
      certDir: "/certs",
      caDir: "/ca",
      caFromCertDir: true,
      pollMs: 30_000,
      clock: this.clock,
      watchSystem: system,
      fs: this.#fs(),
      onMode: (mode, reason) =>
        this.modes.push(reason === undefined ? mode : `${mode}: ${reason}`),
      ...options,
    });
    this.#ended = this.#follow();
  }

  /** Files to write, and those to remove as undefined. Nothing tells of it. */
  change(changes: Record<string, string | undefined>): void {
    this.content = files({ ...this.content, ...changes });
  }

  async write(changes: Record<string, string | undefined>): Promise<void> {
    this.change(changes);
    this.system.emit("/certs");
    await settled();
    await this.advance(150);
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }

  /** What was told since the last call: the anchors of a value, or the code of a rejection. */
  async told(): Promise<string[]> {
    await settled();
    return this.#told.splice(0).map((event) =>
      event.kind === "value"
        ? names(event.value.anchors, known).join("+")
        : event.error.code
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
    }
  }

  #fs(): FileSystem {
    return {
      list: (path) => memoryFiles(this.content).list(path),
      read: async (path, maxOctets) => {
        this.reads++;
        const { content } = this;
        await this.gate;
        return memoryFiles(content).read(path, maxOctets);
      },
    };
  }
}
