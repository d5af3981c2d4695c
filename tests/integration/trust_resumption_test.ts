import assert from "node:assert/strict";
import { get, ok } from "../support/messages.ts";
import { hasOpenssl, Openssl, type OpensslAnswer } from "../support/openssl.ts";
import type { Issued } from "../support/pki.ts";
import { createAuthority } from "../support/pki.ts";
import { createCrl } from "../support/pki_crl.ts";
import { bundle, kept, removed, TrustScene } from "./trust_scene.ts";

const INPUT = get("/", "Connection: close\r\n");

/** A client that keeps its session in a file, and comes with it again and again. */
class Resuming implements AsyncDisposable {
  readonly #openssl: Openssl;
  readonly #port: number;
  readonly #version: string;

  private constructor(
    openssl: Openssl,
    { port, version }: { port: number; version: string },
  ) {
    this.#openssl = openssl;
    this.#port = port;
    this.#version = version;
  }

  /** A client that has been served, and has a session. */
  static async served(
    scene: TrustScene,
    { identity, version }: { identity: Issued; version: string },
  ): Promise<Resuming> {
    const { port } = scene.sidecar;
    const openssl = await Openssl.create(identity);
    const resuming = new Resuming(openssl, { port, version });
    const first = await resuming.#run("-sess_out");
    assert.deepEqual([isIn(first), first.resumed], [true, false]);
    return resuming;
  }

  /** Whether it was let in with its session, which the TLS layer took. */
  async isLetIn(): Promise<boolean> {
    const answer = await this.#run("-sess_in");
    assert.ok(answer.resumed, "the session was not resumed: nothing was tried");
    return isIn(answer);
  }

  #run(option: "-sess_in" | "-sess_out"): Promise<OpensslAnswer> {
    const target = { port: this.#port, input: INPUT };
    return this.#openssl.run(target, this.#version, option, "session");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#openssl[Symbol.asyncDispose]();
  }
}

function isIn({ output }: OpensslAnswer): boolean {
  return output.includes("HTTP/1.1 200 OK\r\n");
}

for (const version of ["-tls1_2", "-tls1_3"]) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name} (${version})`, ignore: !hasOpenssl, fn });

  test("a client whose CA leaves the bundle on disk resumes its session and gets nothing, and one of another CA gets in", async () => {
    await using scene = await TrustScene.set(ok("in"));
    await using lost = await Resuming.served(scene, {
      identity: removed.issue(),
      version,
    });
    await using safe = await Resuming.served(scene, {
      identity: kept.issueAuthority().issue(),
      version,
    });
    assert.equal(await lost.isLetIn(), true);
    await scene.trust(kept);
    const asked = scene.sidecar.entries.length;
    assert.equal(await lost.isLetIn(), false);
    assert.deepEqual(scene.refusals, ["PATH_NOT_FOUND"]);
    assert.equal(scene.sidecar.entries.length, asked);
    assert.equal(await safe.isLetIn(), true);
  });

  test("a client resumes its session and gets in after its CA was renewed under its name and key", async () => {
    await using scene = await TrustScene.set(ok("in"));
    await using client = await Resuming.served(scene, {
      identity: removed.issue(),
      version,
    });
    const { key } = removed;
    await scene.trust(createAuthority({ commonName: "Removed Root", key }));
    assert.equal(await client.isLetIn(), true);
    assert.deepEqual(scene.refusals, []);
  });

  test("a client whose CA comes back resumes its session and gets in again", async () => {
    await using scene = await TrustScene.set(ok("in"));
    await using client = await Resuming.served(scene, {
      identity: removed.issue(),
      version,
    });
    await scene.trust(kept);
    assert.equal(await client.isLetIn(), false);
    await scene.trust(kept, removed);
    assert.equal(await client.isLetIn(), true);
  });

  test("a client that a CRL on disk names resumes its session and gets nothing, and one of the same CA gets in", async () => {
    await using scene = await TrustScene.set(ok("in"));
    const serial = Uint8Array.of(0x11, 0x22);
    await using lost = await Resuming.served(scene, {
      identity: kept.issue({ serial }),
      version,
    });
    await using safe = await Resuming.served(scene, {
      identity: kept.issue(),
      version,
    });
    await scene.reload({
      "ca/ca.crt": bundle([kept]),
      "ca/crl.pem": createCrl(kept, { entries: [{ serial }] }).pem,
    });
    assert.equal(await lost.isLetIn(), false);
    assert.deepEqual(scene.refusals, ["LEAF_REVOKED"]);
    assert.equal(await safe.isLetIn(), true);
  });
}
