import assert from "node:assert/strict";
import type { SecureVersion } from "node:tls";
import { AdmissionGuard } from "../../src/tls/admission.ts";
import type { TlsDoorOptions } from "../../src/tls/door.ts";
import type {
  AdmittedConnection,
  SecureConnection,
} from "../../src/tls/secure_connection.ts";
import { forgedKeyPem } from "../runtime/forged_key.ts";
import { attempt } from "../support/attempt.ts";
import { hasOpenssl, Openssl } from "../support/openssl.ts";
import { createAuthority } from "../support/pki.ts";
import { RawClient } from "../support/raw_client.ts";
import { Relay } from "../support/relay.ts";
import { client, root } from "../support/sidecar.ts";
import { eventually, soon } from "../support/waiting.ts";
import { REFUSED, REFUSED_OF_OPENSSL } from "./admission_refusals.ts";
import { TellingDoor } from "./unverified_scene.ts";

const VERSIONS = ["TLSv1.2", "TLSv1.3"] satisfies SecureVersion[];
const POLICIES = ["close", "401"] as const;
const HELLO = "hello\n";

const other = createAuthority({ commonName: "Another Root" });

for (const version of VERSIONS) {
  for (const [name, identity, code] of REFUSED) {
    Deno.test(`with UNVERIFIED=401 a ${version} client ${name} is handed over as unverified`, async () => {
      await using door = await TellingDoor.open();
      const { port } = door;
      const { answer, protocol } = await soon(
        attempt({ port, identity, version }),
        "an answer",
      );
      assert.equal(protocol, version);
      assert.equal(answer, `taken as ${code}\n`);
      assert.deepEqual(door.outcomes, [code]);
      assert.deepEqual(door.refusals, []);
    });
  }

  Deno.test(`with UNVERIFIED=401 a ${version} client is admitted as ever`, async () => {
    await using door = await TellingDoor.open();
    const { port } = door;
    const { answer } = await soon(
      attempt({ port, identity: client, version }),
      "an answer",
    );
    assert.equal(answer, "taken as admitted\n");
    const [{ resumed, tlsVersion } = assert.fail()] = door.handedOver;
    assert.deepEqual({ resumed, tlsVersion }, {
      resumed: false,
      tlsVersion: version,
    });
  });
}

for (const version of ["-tls1_2", "-tls1_3"]) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name} (${version})`, ignore: !hasOpenssl, fn });

  for (const [name, identity, code] of REFUSED_OF_OPENSSL) {
    test(`with UNVERIFIED=401 an openssl s_client ${name} is not admitted`, async () => {
      await using door = await TellingDoor.open();
      await using openssl = await Openssl.create(identity);
      const { port } = door;
      const { output } = await openssl.run({ port, input: HELLO }, version);
      await door.idle();
      assert.deepEqual([...door.outcomes, ...door.refused], [code]);
      // What the runtime cannot read fails the handshake, and gets no answer.
      const answered = output.includes(`taken as ${code}`);
      assert.equal(answered, code !== "HANDSHAKE_FAILED");
    });
  }

  for (const unverified of POLICIES) {
    test(`with UNVERIFIED=${unverified} a client that presents another's certificate is refused, and gets no session`, async () => {
      await using door = await TellingDoor.open({ unverified });
      const keyPem = forgedKeyPem(client.key);
      await using thief = await Openssl.create({ ...client, keyPem });
      await using owner = await Openssl.create(client);
      const { port } = door;
      const input = HELLO;
      await thief.run({ port, input }, version, "-sess_out", "session");
      await door.idle();
      assert.deepEqual(door.outcomes, []);
      assert.deepEqual(door.refused, ["HANDSHAKE_FAILED"]);
      // Without a session to read, s_client does not even connect.
      const again = await thief.run(
        { port, input },
        ...[version, "-sess_in", "session"],
      );
      assert.ok(!again.resumed);
      assert.deepEqual(door.outcomes, []);
      // Nor is it by the key's encoding that it was refused.
      await owner.run({ port, input }, version);
      assert.deepEqual(door.outcomes, ["admitted"]);
    });
  }

  test("with UNVERIFIED=close a client without a certificate is told so by an alert", async () => {
    await using door = await TellingDoor.open({ unverified: "close" });
    await using openssl = await Openssl.create();
    const { port } = door;
    const { output } = await openssl.run({ port, input: HELLO }, version);
    // certificate_required (RFC 8446 §6).
    assert.match(output, /SSL alert number 116\n/);
    assert.deepEqual(door.refusals, [{
      code: "LEAF_MISSING",
      detail: "it presented no certificate",
      address: "127.0.0.1",
    }]);
  });

  for (const unverified of POLICIES) {
    test(`with UNVERIFIED=${unverified} the names of the CAs are sent`, async () => {
      await using door = await TellingDoor.open({ unverified });
      await using openssl = await Openssl.create();
      const { port } = door;
      const { output } = await openssl.run({ port, input: HELLO }, version);
      assert.match(output, /Acceptable client certificate CA names\nCN = Test/);
    });
  }
}

Deno.test("what a client is not tells nothing of its certificate", async () => {
  await using door = await TellingDoor.open();
  const { port } = door;
  const mallory = other.issue({ commonName: "mallory-the-secret" });
  const selfMade = createAuthority({ commonName: "mallory-the-secret" });
  for (const identity of [mallory, selfMade]) {
    await soon(attempt({ port, identity }), "an answer");
  }
  assert.equal(door.handedOver.length, 2);
  assert.doesNotMatch(JSON.stringify(door.handedOver), /mallory|Another|BEGIN/);
});

Deno.test("an unverified connection carries octets both ways, and ends in order", async () => {
  await using door = await TellingDoor.open();
  using raw = await RawClient.connect({
    port: door.port,
    caCerts: [root.certPem],
  });
  await raw.send("hello");
  assert.deepEqual(await soon(raw.rest(), "the end"), {
    text: "taken as LEAF_MISSING\n",
    end: "ended",
  });
});

for (const unverified of POLICIES) {
  Deno.test(`with UNVERIFIED=${unverified} a handshake of garbage is refused`, async () => {
    await using door = await TellingDoor.open({ unverified });
    using connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: door.port,
    });
    await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
    await soon(new Response(connection.readable).arrayBuffer(), "the end");
    assert.deepEqual(door.refused, ["HANDSHAKE_FAILED"]);
    assert.deepEqual(door.outcomes, []);
  });

  Deno.test(`with UNVERIFIED=${unverified} a handshake that takes too long is refused`, async () => {
    await using door = await TellingDoor.open({ unverified });
    using connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: door.port,
    });
    await eventually(() => door.door.handshaking === 1, "the handshake");
    door.clock.advance(TellingDoor.HANDSHAKE_TIMEOUT_MS + 500);
    await soon(new Response(connection.readable).arrayBuffer(), "the end");
    assert.deepEqual(door.refused, ["HANDSHAKE_TIMEOUT"]);
    assert.deepEqual(door.outcomes, []);
  });

  for (const version of VERSIONS) {
    Deno.test(`with UNVERIFIED=${unverified} a ${version} client is not admitted whose CA was added after the runtime had verified it`, async () => {
      await using door = await TellingDoor.open({ unverified });
      await using relay = new Relay(door.port);
      const attempted = attempt({
        port: relay.port,
        identity: other.issue(),
        version,
      });
      await soon(relay.holding, "the client to answer the server's hello");
      await door.trust(root, other);
      relay.release();
      await soon(attempted, "the end");
      await door.idle();
      assert.deepEqual(
        [door.outcomes, door.refused],
        unverified === "401" ? [["UNAUTHORIZED"], []] : [[], ["UNAUTHORIZED"]],
      );
    });
  }

  Deno.test(`with UNVERIFIED=${unverified} a fault within the guard closes the connection`, async () => {
    await using door = await TellingDoor.open({
      unverified,
      guardOf: (store) => new AdmissionGuard(store, faultyClock),
    });
    const { port } = door;
    const { answer } = await soon(
      attempt({ port, identity: client }),
      "the end",
    );
    assert.equal(answer, "");
    assert.deepEqual(door.refused, ["INTERNAL"]);
    assert.deepEqual(door.outcomes, []);
  });
}

function faultyClock(): number {
  throw new RangeError("a fault");
}

Deno.test("the compiler takes no unverified connection for an admitted one", () => {
  type Takes<To> = (connection: To) => void;
  const connections: SecureConnection extends AdmittedConnection ? true
    : false = false;
  const handlers: Takes<AdmittedConnection> extends
    TlsDoorOptions["onUnverified"] ? true : false = false;
  assert.deepEqual([connections, handlers], [false, false]);
});
