import assert from "node:assert/strict";
import type { LogFields } from "../../src/log.ts";
import { Application } from "../support/application.ts";
import { get, ok } from "../support/messages.ts";
import { type Authority, createAuthority } from "../support/pki.ts";
import { generateKey } from "../support/pki_keys.ts";
import type { RawClient } from "../support/raw_client.ts";
import {
  type LogEvent,
  root,
  server,
  TestSidecar,
} from "../support/sidecar.ts";
import { kubeletWrite } from "./reload_directories.ts";
import { bundle } from "./trust_scene.ts";

const REJECTED = "reload rejected, the old material stays";

/** One state of both volumes. The client is trusted in each. */
interface State {
  readonly certs: Readonly<Record<string, string>>;
  readonly ca: Readonly<Record<string, string>>;
}

const OTHERS = Array.from(
  { length: 3 },
  (_, index) => createAuthority({ commonName: `Other Root ${index}` }),
);
const KEYS = [generateKey(), generateKey()];

/** Another certificate of the sidecar each time, of one key and then of the other. */
function pair(number: number): State["certs"] {
  const issued = root.issue({
    commonName: `sidecar ${number}`,
    ips: ["127.0.0.1"],
    key: KEYS[number % KEYS.length]!,
  });
  return { "tls.crt": issued.chainPem, "tls.key": issued.keyPem };
}

/** The client's CA under its name and key, in a new certificate. */
function renewedRoot(): Authority {
  return createAuthority({ commonName: "Test Root", key: root.key });
}

/** Trust only grows: one time in five by a CA or by a new certificate of the client's. */
function* growing(): Generator<State> {
  const trusted = [root];
  for (let number = 0;; number++) {
    if (number % 10 === 3) trusted.push(renewedRoot());
    if (number % 10 === 8) {
      trusted.push(createAuthority({ commonName: `Added Root ${number}` }));
    }
    yield { certs: pair(number), ca: { "ca.crt": bundle(trusted) } };
  }
}

/** The client's CA has a new certificate in place of the old one each time, and other CAs come and go. */
function* renewing(): Generator<State> {
  for (let number = 0;; number++) {
    const trusted = [renewedRoot(), ...OTHERS.slice(0, number % 3)];
    yield { certs: pair(number), ca: { "ca.crt": bundle(trusted) } };
  }
}

/** Clients that ask without a pause until they are told to end. */
class Load {
  /** What went wrong on connections that are kept alive, and on fresh ones. */
  readonly failures = { keptAlive: [] as string[], fresh: [] as string[] };
  answered = 0;
  #ending = false;
  readonly #sidecar: TestSidecar;
  readonly #clients: Promise<void>[];

  constructor(sidecar: TestSidecar) {
    this.#sidecar = sidecar;
    this.#clients = [this.#keepAlive(), this.#keepAlive(), this.#freshly()];
  }

  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#clients);
  }

  async #keepAlive(): Promise<void> {
    using connection = await this.#sidecar.connect();
    try {
      while (!this.#ending) await this.#ask(connection);
    } catch (error) {
      this.failures.keptAlive.push(String(error));
    }
  }

  async #freshly(): Promise<void> {
    while (!this.#ending) {
      try {
        using connection = await this.#sidecar.connect();
        await this.#ask(connection);
      } catch (error) {
        this.failures.fresh.push(String(error));
      }
    }
  }

  async #ask(connection: RawClient): Promise<void> {
    await connection.send(get());
    const { head, content } = await connection.response();
    assert.equal(content, "in");
    assert.doesNotMatch(head, /^connection: close/im);
    this.answered++;
  }
}

/** Brings a sidecar under load from state to state, and gives what came of it. */
async function rotate(
  states: Generator<State>,
  times: number,
): Promise<{ load: Load; events: readonly LogEvent[] }> {
  await using stack = new AsyncDisposableStack();
  const directory = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  const turn = async (state: string, volumes: State) => {
    for (const [volume, files] of Object.entries(volumes)) {
      await kubeletWrite(`${directory}/${volume}`, { state, files });
    }
  };
  for (const volume of ["certs", "ca"]) {
    await Deno.mkdir(`${directory}/${volume}`);
  }
  await turn("first", {
    certs: { "tls.crt": server.chainPem, "tls.key": server.keyPem },
    ca: { "ca.crt": root.certPem },
  });
  const application = stack.use(await Application.answering(ok("in")));
  const sidecar = stack.use(
    await TestSidecar.start({
      upstream: application.url,
      directory,
      settings: { RELOAD_POLL_SECS: "3600", ACCESS_LOG: "off" },
    }),
  );
  await sidecar.event("following the files");
  const load = new Load(sidecar);
  try {
    for (let number = 0; number < times; number++) {
      const reloaded = sidecar.nextEvent("material reloaded");
      await turn(`${number}`, states.next().value);
      await reloaded;
    }
  } finally {
    await load.end();
  }
  return { load, events: sidecar.events };
}

/** The fields of all events with this message. */
function told(events: readonly LogEvent[], message: string): LogFields[] {
  return events.filter((event) => event.message === message)
    .map(({ fields }) => fields);
}

Deno.test("200 rotations of certificate, key and CA bundle under constant load fail no request, kept alive or fresh, while trust does not shrink", async () => {
  const { load, events } = await rotate(growing(), 200);
  assert.deepEqual(load.failures, { keptAlive: [], fresh: [] });
  assert.ok(load.answered > 2_000, `${load.answered} answers`);
  assert.deepEqual(told(events, "connection refused"), []);
  assert.deepEqual(told(events, "trust shrank"), []);
  assert.deepEqual(told(events, REJECTED), []);
  assert.ok(told(events, "material reloaded").length >= 200);
});

Deno.test("a CA that is renewed again and again, while others come and go, fails no request of its clients", async () => {
  const { load, events } = await rotate(renewing(), 30);
  assert.deepEqual(load.failures, { keptAlive: [], fresh: [] });
  const shrank = told(events, "trust shrank");
  assert.ok(shrank.length >= 30);
  assert.ok(shrank.every(({ retired }) => retired === 0));
});
