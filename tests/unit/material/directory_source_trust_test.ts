import assert from "node:assert/strict";
import { crlOf } from "./crl_fixture.ts";
import { Bench, lasting } from "./directory_source_bench.ts";
import { FakeWatch } from "./fake_watch.ts";
import { HOUR, leaf, NOW, other, root, VALID } from "./material_fixture.ts";
import { settled } from "./scripted_source.ts";

Deno.test("DirectorySource does not let trust shrink to the CAs of CERT_DIR when CA_DIR vanishes, unless told to reload", async () => {
  await using bench = new Bench({
    content: { "/certs/ca.crt": other.certPem },
  });
  assert.deepEqual(await bench.told(), ["root+other"]);
  await bench.write({ "/ca/ca.crt": undefined });
  assert.deepEqual(await bench.told(), ["FILE_VANISHED"]);
  await bench.write({ "/ca/ca.crt": root.certPem });
  assert.deepEqual(await bench.told(), ["root+other"]);
  await bench.write({ "/ca/ca.crt": undefined });
  assert.deepEqual(await bench.told(), ["FILE_VANISHED"]);
  bench.source.reload();
  assert.deepEqual(await bench.told(), ["other"]);
});

Deno.test("DirectorySource does not do without a CA of CERT_DIR that vanishes, unless told to reload", async () => {
  for (const name of ["ca.crt", "issuing_ca"]) {
    await using bench = new Bench({
      content: { [`/certs/${name}`]: other.certPem },
    });
    assert.deepEqual(await bench.told(), ["root+other"]);
    await bench.write({ [`/certs/${name}`]: undefined });
    assert.deepEqual(await bench.told(), ["FILE_VANISHED"]);
    await bench.advance(30_000);
    assert.deepEqual(await bench.told(), []);
    bench.source.reload();
    assert.deepEqual(await bench.told(), ["root"]);
  }
});

Deno.test("DirectorySource does not fall back to another pair when its own vanishes, unless told to reload", async () => {
  await using bench = new Bench({
    content: {
      "/certs/certificate": leaf.certPem,
      "/certs/private_key": leaf.keyPem,
    },
  });
  assert.deepEqual(await bench.told(), ["root"]);
  const gone = { "/certs/tls.crt": undefined, "/certs/tls.key": undefined };
  await bench.write(gone);
  assert.deepEqual(await bench.told(), ["FILE_VANISHED"]);
  bench.source.reload();
  assert.deepEqual(await bench.told(), ["root"]);
  await bench.write({
    "/certs/tls.crt": leaf.certPem,
    "/certs/tls.key": leaf.keyPem,
  });
  assert.deepEqual(await bench.told(), ["root"], "a pair that comes beside");
});

Deno.test("DirectorySource lets trust shrink only when the files are the same 150 ms later", async () => {
  await using bench = new Bench({
    content: { "/ca/ca.crt": root.certPem + other.certPem },
  });
  assert.deepEqual(await bench.told(), ["root+other"]);
  await bench.write({ "/ca/ca.crt": root.certPem });
  await bench.advance(149);
  assert.deepEqual(await bench.told(), []);
  await bench.advance(1);
  assert.deepEqual(await bench.told(), ["root"]);
});

Deno.test("DirectorySource does not take a look that comes sooner for a confirmation", async () => {
  await using bench = new Bench({ pollMs: 100 });
  await bench.told();
  await bench.advance(150);
  bench.change({ "/ca/ca.crt": other.certPem });
  await bench.advance(100);
  await bench.advance(100);
  assert.deepEqual(await bench.told(), []);
  await bench.advance(50);
  assert.deepEqual(await bench.told(), ["other"]);
});

Deno.test("DirectorySource does not take half a bundle for the whole, by event nor by poll", async () => {
  await using bench = new Bench({
    content: { "/ca/ca.crt": root.certPem + other.certPem },
  });
  assert.deepEqual(await bench.told(), ["root+other"]);
  await bench.advance(150);
  bench.change({ "/ca/ca.crt": root.certPem });
  await bench.advance(30_000);
  await bench.advance(149);
  bench.change({ "/ca/ca.crt": other.certPem });
  await bench.advance(1);
  assert.deepEqual(await bench.told(), [], "not the same bytes");
  await bench.write({
    "/ca/ca.crt": root.certPem + other.certPem + lasting.certPem,
  });
  assert.deepEqual(await bench.told(), ["root+other+lasting"]);
  await bench.advance(150);
  assert.deepEqual(await bench.told(), []);
});

Deno.test("DirectorySource lets a CRL be lost only when the files are the same 150 ms later", async () => {
  const both = crlOf(root).pem + crlOf(other).pem;
  await using bench = new Bench({
    content: {
      "/ca/ca.crt": root.certPem + other.certPem,
      "/ca/crl.pem": both,
    },
  });
  assert.deepEqual(await bench.told(), ["root+other"]);
  await bench.write({ "/ca/crl.pem": crlOf(root).pem });
  assert.deepEqual(await bench.told(), []);
  await bench.advance(150);
  assert.deepEqual(await bench.told(), ["root+other"]);
});

Deno.test("DirectorySource.reload() lets trust shrink at once", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.write({ "/ca/ca.crt": other.certPem });
  assert.deepEqual(await bench.told(), []);
  bench.source.reload();
  assert.deepEqual(await bench.told(), ["other"]);
  await bench.advance(150);
  assert.deepEqual(await bench.told(), []);
});

Deno.test("DirectorySource does not let a revoked client in when the CRL vanishes", async () => {
  await using bench = new Bench({
    content: { "/ca/crl.pem": crlOf(root).pem },
  });
  assert.deepEqual(await bench.told(), ["root"]);
  await bench.write({ "/ca/crl.pem": undefined });
  assert.deepEqual(await bench.told(), ["FILE_VANISHED"]);
  bench.source.reload();
  assert.deepEqual(await bench.told(), ["root"]);
});

Deno.test("DirectorySource watches the directory of CRL_FILE too", async () => {
  const system = new FakeWatch("/certs", "/ca", "/crls");
  await using bench = new Bench({
    system,
    content: { "/crls/all.pem": crlOf(root).pem },
    crlFile: "/crls/all.pem",
  });
  assert.deepEqual(await bench.told(), ["root"]);
  await bench.advance(150);
  bench.change({ "/crls/all.pem": crlOf(root, { revoked: [leaf] }).pem });
  system.emit("/crls", { kind: "other" });
  await settled();
  await bench.advance(150);
  await bench.advance(150);
  assert.deepEqual(await bench.told(), ["root"]);
});

Deno.test("DirectorySource takes a bundle beside ca.crt, and not one in its place, unless told to reload", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.write({ "/ca/ca-bundle.pem": root.certPem + other.certPem });
  assert.deepEqual(await bench.told(), ["root+other"]);
  await bench.write({ "/ca/ca-bundle.pem": undefined });
  assert.deepEqual(await bench.told(), ["FILE_VANISHED"]);
  bench.source.reload();
  assert.deepEqual(await bench.told(), ["root"]);
  await bench.write({
    "/ca/ca.crt": undefined,
    "/ca/ca-bundle.pem": other.certPem,
  });
  assert.deepEqual(await bench.told(), ["FILE_VANISHED"]);
  bench.source.reload();
  assert.deepEqual(await bench.told(), ["other"]);
});

Deno.test("DirectorySource leaves a CA out when it expires, without any file changing", async () => {
  await using bench = new Bench({
    content: {
      "/ca/ca.crt": root.certPem + lasting.certPem,
      "/certs/tls.crt": lasting.issue({
        ...VALID,
        key: leaf.key,
        notAfter: NOW + 9 * HOUR,
      }).certPem,
    },
    pollMs: 2 * HOUR,
  });
  assert.deepEqual(await bench.told(), ["root+lasting"]);
  await bench.advance(150);
  await bench.advance(HOUR - 150);
  assert.deepEqual(await bench.told(), []);
  await bench.advance(1);
  assert.deepEqual(await bench.told(), ["lasting"]);
});

Deno.test("DirectorySource goes on with an own certificate that expires, and still lets a CA leave", async () => {
  await using bench = new Bench({
    content: { "/ca/ca.crt": lasting.certPem + other.certPem },
  });
  assert.deepEqual(await bench.told(), ["lasting+other"]);
  await bench.advance(HOUR + 1);
  assert.deepEqual(await bench.told(), ["lasting"]);
  await bench.write({ "/certs/tls.crt": `\n${root.issue(VALID).certPem}` });
  assert.deepEqual(await bench.told(), ["KEY_MISMATCH"]);
});

Deno.test("DirectorySource does not spin when its last CA has expired", async () => {
  await using bench = new Bench();
  await bench.told();
  await bench.advance(HOUR + 1);
  assert.deepEqual(await bench.told(), ["CA_EMPTY"]);
  // The checks of the two watches, and the poll.
  assert.deepEqual(bench.clock.pending, [1_000, 1_000, 30_000]);
});
