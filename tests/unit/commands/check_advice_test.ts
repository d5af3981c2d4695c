import assert from "node:assert/strict";
import { checked } from "./check_fixture.ts";

function peers(more: Record<string, unknown>, empty = false) {
  return {
    files: {
      "/peers.json": JSON.stringify({
        peers: empty ? [] : [{ id: "a", spiffe: "spiffe://acme/a" }],
        ...more,
      }),
    },
    env: { PEERS_FILE: "/peers.json" },
  };
}

Deno.test("that every verified client may enter is noted", async () => {
  const { notes, warnings } = await checked();
  assert.equal(notes.length, 1);
  assert.match(notes[0] ?? "", /^No ALLOW rule and no PEERS_FILE is set/);
  assert.deepEqual(warnings, []);
  const ruled = await checked({ env: { ALLOW_CN: "a" } });
  assert.deepEqual([ruled.notes, ruled.warnings], [[], []]);
});

Deno.test("audit mode is warned of", async () => {
  const { warnings } = await checked({
    env: { ALLOW_CN: "a", ACCESS_MODE: "audit" },
  });
  assert.match(warnings.join(), /^ACCESS_MODE=audit refuses nobody/);
});

Deno.test("pinned peers that refuse all others are nothing to warn of", async () => {
  const { notes, warnings } = await checked(peers({}));
  assert.deepEqual([notes, warnings], [[], []]);
});

Deno.test("rules that are never asked are warned of", async () => {
  const { files, env } = peers({ bootstrapUntil: "2029-01-01T00:00:00Z" });
  const report = await checked({ files, env: { ...env, ALLOW_CN: "a" } });
  assert.match(report.warnings.join(), /^The ALLOW rules let nobody in/);
});

Deno.test("a bootstrap that is on is warned of", async () => {
  const { files, env } = peers({ bootstrapUntil: "2030-01-02T00:00:00Z" });
  const without = await checked({ files, env });
  assert.deepEqual(without.warnings, [
    "Clients that are no pinned peers may enter until 2030-01-02T00:00:00.000Z",
  ]);
  const ruled = await checked({ files, env: { ...env, ALLOW_CN: "a" } });
  assert.match(ruled.warnings.join(), /where a rule allows them$/);
});

Deno.test("pins that keep nobody out, and pins that keep everybody out, are warned of", async () => {
  const open = await checked(peers({ unpinned: "accept" }));
  assert.match(open.warnings.join(), /every client .* may enter$/);
  const shut = await checked(peers({}, true));
  assert.deepEqual(shut.warnings, [
    "PEERS_FILE pins no peer and refuses all others",
  ]);
});
