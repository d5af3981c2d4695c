import assert from "node:assert/strict";
import { forgedKeyPem } from "../runtime/forged_key.ts";
import { hasOpenssl, Openssl } from "../support/openssl.ts";
import { createAuthority, type Issued } from "../support/pki.ts";
import { root } from "../support/sidecar.ts";
import { REFUSED } from "./admission_refusals.ts";
import { TellingDoor } from "./unverified_scene.ts";

const other = createAuthority({ commonName: "Another Root" });
const middle = root.issueAuthority({ commonName: "Middle" });

/** Connects once with a session of its own, and once more with that session. */
async function resume(
  door: TellingDoor,
  { openssl, version, between }: {
    openssl: Openssl;
    version: string;
    between?: () => Promise<void>;
  },
): Promise<void> {
  const { port } = door;
  const input = "hello\n";
  const keep = [version, "-sess_out", "session"];
  const first = await openssl.run({ port, input }, ...keep);
  assert.ok(!first.resumed);
  await between?.();
  const use = [version, "-sess_in", "session"];
  const second = await openssl.run({ port, input }, ...use);
  assert.ok(second.resumed, "or nothing was tried");
  assert.deepEqual(door.handedOver.map(({ resumed }) => resumed), [
    false,
    true,
  ]);
}

for (const version of ["-tls1_2", "-tls1_3"]) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name} (${version})`, ignore: !hasOpenssl, fn });

  for (const [name, identity, code] of REFUSED) {
    test(`a client ${name} resumes, and is unverified again`, async () => {
      await using door = await TellingDoor.open();
      await using openssl = await Openssl.create(identity);
      await resume(door, { openssl, version });
      assert.deepEqual(door.outcomes, [code, code]);
      assert.deepEqual(door.refusals, []);
    });
  }

  test("an admitted client resumes, and is admitted again", async () => {
    await using door = await TellingDoor.open();
    await using openssl = await Openssl.create(middle.issue());
    await resume(door, { openssl, version });
    assert.deepEqual(door.outcomes, ["admitted", "admitted"]);
  });

  test("an admitted client whose CA was removed resumes, and is unverified", async () => {
    await using door = await TellingDoor.open({ trusting: [root, other] });
    await using openssl = await Openssl.create(middle.issue());
    await resume(door, { openssl, version, between: () => door.trust(other) });
    assert.deepEqual(door.outcomes, ["admitted", "PATH_NOT_FOUND"]);
  });

  test("an unverified client resumes after another CA was removed, and is unverified still", async () => {
    await using door = await TellingDoor.open({
      trusting: [root, createAuthority({ commonName: "Leaving" })],
    });
    await using openssl = await Openssl.create(other.issue());
    await resume(door, { openssl, version, between: () => door.trust(root) });
    assert.deepEqual(door.outcomes, ["PATH_NOT_FOUND", "PATH_NOT_FOUND"]);
  });

  test("a client unverified for want of its CA resumes once that is trusted, and is admitted by our own verification", async () => {
    await using door = await TellingDoor.open();
    await using openssl = await Openssl.create(other.issue());
    await resume(door, {
      openssl,
      version,
      between: () => door.trust(root, other),
    });
    assert.deepEqual(door.outcomes, ["PATH_NOT_FOUND", "admitted"]);
  });

  test("a client without a certificate resumes whatever is trusted meanwhile, and stays without one", async () => {
    await using door = await TellingDoor.open();
    await using openssl = await Openssl.create();
    await resume(door, {
      openssl,
      version,
      between: () => door.trust(root, other),
    });
    assert.deepEqual(door.outcomes, ["LEAF_MISSING", "LEAF_MISSING"]);
  });

  test("a version 1 certificate, for which no key need be shown, admits nobody by a session either", async () => {
    await using door = await TellingDoor.open();
    const old: Issued = root.issue({ version: 1 });
    const keyPem = forgedKeyPem(old.key);
    await using thief = await Openssl.create({ ...old, keyPem });
    await resume(door, { openssl: thief, version });
    assert.deepEqual(door.outcomes, ["LEAF_VERSION", "LEAF_VERSION"]);
  });

  test("a session got where the unverified are answered is of no use where they are closed", async () => {
    await using lenient = await TellingDoor.open();
    await using strict = await TellingDoor.open({ unverified: "close" });
    const input = "hello\n";
    for (const identity of [other.issue(), undefined]) {
      await using openssl = await Openssl.create(identity);
      const { port } = lenient;
      await openssl.run({ port, input }, version, "-sess_out", "session");
      const again = await openssl.run(
        { port: strict.port, input },
        ...[version, "-sess_in", "session"],
      );
      assert.ok(again.resumed, "or nothing was tried");
      await strict.idle();
    }
    assert.deepEqual(strict.refused, ["PATH_NOT_FOUND", "LEAF_MISSING"]);
    assert.deepEqual(strict.outcomes, []);
  });
}
