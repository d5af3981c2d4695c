import assert from "node:assert/strict";
import { parseConfig } from "../../../src/config/config.ts";
import type { FileRecipe } from "../../../src/followed_store.ts";
import { peersOf } from "../../../src/followed_peers.ts";
import {
  buildMaterial,
  readMaterialFiles,
} from "../../../src/material/directory.ts";
import type { MaterialRecipe } from "../../../src/material/directory_source.ts";
import { referenceOf } from "../../../src/material/revocation.ts";
import { sameMaterial } from "../../../src/material/trust.ts";
import type { TlsMaterial } from "../../../src/material/tls_material.ts";
import type { Change } from "../../../src/workers/messages.ts";
import { RemadeStores } from "../../../src/workers/remade_stores.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import { createAuthority } from "../../support/pki.ts";
import { createCrl } from "../../support/pki_crl.ts";
import {
  files,
  HOUR,
  leaf,
  NOW,
  other,
  root,
  VALID,
} from "../material/material_fixture.ts";
import { memoryFiles } from "../material/memory_files.ts";

const SERIAL = Uint8Array.of(0x31);
const revoked = root.issue({ ...VALID, serial: SERIAL });
/** Good for longer than the certificate that it lets be served. */
const lasting = createAuthority({
  notBefore: NOW - HOUR,
  notAfter: NOW + 9 * HOUR,
});

/** What the files can be made of, read once. */
async function recipeOf(
  changes: Readonly<Record<string, string>> = {},
  options: Partial<MaterialRecipe["options"]> = {},
): Promise<MaterialRecipe> {
  const read = await readMaterialFiles({
    certDir: "/certs",
    caDir: "/ca",
    caFromCertDir: false,
    fs: memoryFiles(files(changes)),
  });
  return { files: read, options: { now: NOW, ...options } };
}

function storesOf(
  changes: readonly Change[],
  settings: Readonly<Record<string, string>> = {},
): RemadeStores {
  const lookup = (name: string) => settings[name];
  // As it comes to a worker.
  const sent = structuredClone(changes);
  return new RemadeStores(parseConfig({ args: [], lookup }), sent);
}

/** Of one file, judged at {@linkcode NOW}. */
function fileRecipe(path: string, text: string): FileRecipe {
  return {
    contents: new Map([[path, new TextEncoder().encode(text)]]),
    now: NOW,
  };
}

function assertSame(made: TlsMaterial, remade: TlsMaterial): void {
  assert.equal(remade.certificate.fingerprint, made.certificate.fingerprint);
  assert.equal(remade.certificateChainPem, made.certificateChainPem);
  assert.equal(remade.privateKeyPem, made.privateKeyPem);
  assert.equal(remade.anchorsPem, made.anchorsPem);
  assert.deepEqual(remade.digests, made.digests);
  assert.deepEqual(remade.files, made.files);
  assert.deepEqual(remade.warnings, made.warnings);
  assert.equal(remade.changesAt, made.changesAt);
  assert.ok(sameMaterial(made, remade) && sameMaterial(remade, made));
}

for (
  const [title, changes, options] of [
    ["a certificate and its CA", {}, {}],
    ["several CAs", { "/ca/ca.crt": root.certPem + other.certPem }, {}],
    ["a CRL", {
      "/ca/crl.pem": createCrl(root, {
        thisUpdate: NOW - HOUR,
        nextUpdate: NOW + HOUR / 2,
        entries: [{ serial: SERIAL }],
      }).pem,
    }, {}],
    ["a CRL that had expired then", {
      "/ca/crl.pem": createCrl(root, {
        thisUpdate: NOW - 2 * HOUR,
        nextUpdate: NOW - HOUR,
      }).pem,
    }, {}],
    ["a CRL whose expiry is to be a warning", {
      "/ca/crl.pem": createCrl(root, {
        thisUpdate: NOW - 2 * HOUR,
        nextUpdate: NOW - HOUR,
      }).pem,
    }, { crlExpired: "warn" }],
    ["a certificate in service that has expired", {
      "/ca/ca.crt": lasting.certPem,
    }, {
      now: NOW + 2 * HOUR,
      served: parseCertificate(leaf.der).fingerprint,
    }],
  ] as [string, Record<string, string>, Partial<MaterialRecipe["options"]>][]
) {
  Deno.test(`RemadeStores makes the same material of ${title}, by the recipe's clock`, async () => {
    const recipe = await recipeOf(changes, options);
    const made = buildMaterial(recipe.files, recipe.options);
    const { material } = storesOf([{ kind: "material", recipe }]);
    const remade = material.current.material;
    assertSame(made, remade);
    for (const der of [leaf.der, revoked.der]) {
      const reference = referenceOf(parseCertificate(der));
      for (const at of [NOW, NOW + HOUR]) {
        assert.equal(
          remade.revocation.statusOf(reference, at),
          made.revocation.statusOf(reference, at),
        );
      }
    }
  });
}

Deno.test("RemadeStores.make() changes nothing until it is swapped in", async () => {
  const recipe = await recipeOf();
  const stores = storesOf([{ kind: "material", recipe }]);
  const before = stores.material.current;
  const next = await recipeOf({ "/ca/ca.crt": other.certPem });
  const { candidate, swap } = stores.make(
    structuredClone({ kind: "material", recipe: next }),
  );
  assert.equal(stores.material.current, before);
  const told: unknown[] = [];
  const applied = (current: unknown, previous: unknown) => {
    told.push(current, previous);
    return 7;
  };
  const never = () => assert.fail("it is of another kind");
  const retired = swap({
    applied: {
      material: applied,
      peers: never,
      sealKeys: never,
      upstreamTls: never,
    },
    address: { transport: "tcp", hostname: "127.0.0.1", port: 0 },
    connections: { admitted: 0, handshaking: 0, tunnels: 0 },
    drain: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  });
  assert.equal(retired, 7);
  const { current } = stores.material;
  assert.deepEqual(told, [current, before]);
  assert.equal(current.material, candidate.material);
  assert.equal(current.generation, 2);
});

Deno.test("RemadeStores makes nothing of what cannot be used, and keeps what it has", async () => {
  const stores = storesOf([{ kind: "material", recipe: await recipeOf() }]);
  const before = stores.material.current;
  const broken = await recipeOf({ "/certs/tls.key": other.keyPem });
  assert.throws(() => stores.make({ kind: "material", recipe: broken }), {
    code: "KEY_MISMATCH",
  });
  assert.equal(stores.material.current, before);
});

Deno.test("RemadeStores makes the same peers and seal keys, and has none where there are none", async () => {
  const material: Change = { kind: "material", recipe: await recipeOf() };
  const peers = fileRecipe(
    "/peers",
    JSON.stringify({
      peers: [{ id: "billing", spiffe: "spiffe://acme.test/billing" }],
      bootstrapUntil: new Date(NOW + HOUR).toISOString(),
    }),
  );
  const keys = [1, 2].map((octet) =>
    `${new Uint8Array(32).fill(octet).toBase64()}\n`
  );
  const stores = storesOf([
    material,
    { kind: "peers", recipe: peers },
    { kind: "sealKeys", recipe: fileRecipe("/keys", keys.join("")) },
  ], { PEERS_FILE: "/peers", SEAL_KEY_FILE: "/keys" });
  const made = peersOf("/peers", peers);
  const remade = stores.peers!.current.material;
  assert.deepEqual(remade.describe(), made.describe());
  assert.equal(remade.changesAt, NOW + HOUR);
  assert.ok(!remade.isNarrowerThan(made) && !made.isNarrowerThan(remade));
  assert.equal(stores.sealKeys!.current.material.count, 2);

  const bare = storesOf([material]);
  assert.deepEqual(
    [bare.peers, bare.sealKeys, bare.upstreamTls],
    [undefined, undefined, undefined],
  );
});

Deno.test("RemadeStores makes the same credentials towards the application", async () => {
  const settings = {
    UPSTREAM_URL: "https://app.test",
    UPSTREAM_CA_FILE: "/app.ca",
    UPSTREAM_CERT_FILE: "/app.crt",
    UPSTREAM_KEY_FILE: "/app.key",
  };
  const octets = (text: string) => new TextEncoder().encode(text);
  const recipe: FileRecipe = {
    contents: new Map([
      ["/app.ca", octets(root.certPem)],
      ["/app.crt", octets(leaf.certPem)],
      ["/app.key", octets(leaf.keyPem)],
    ]),
    now: NOW,
  };
  const stores = storesOf([
    { kind: "material", recipe: await recipeOf() },
    { kind: "upstreamTls", recipe },
  ], settings);
  const { certificate, changesAt } = stores.upstreamTls!.current.material;
  const { fingerprint, notAfter } = parseCertificate(leaf.der);
  assert.equal(certificate?.fingerprint, fingerprint);
  assert.ok(changesAt > NOW && changesAt <= notAfter + 1000);
});
