import assert from "node:assert/strict";
import type { SecureVersion } from "node:tls";
import { attempt } from "../support/attempt.ts";
import { type Cut, Cutter } from "../support/cutter.ts";
import { Scene } from "../support/scene.ts";
import { client } from "../support/sidecar.ts";
import {
  establishedTo,
  hasTcpTable,
  serverDescriptors,
} from "../support/tcp_table.ts";
import { eventually, soon } from "../support/waiting.ts";

const ANSWER = `HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n${
  "x".repeat(2000)
}`;

const CLIENTS = 300;
const AT_ONCE = 20;
/** A whole connection takes about as many octets, the answer included. */
const WHOLE = 6500;

/** Cuts spread over a whole connection, by a generator that always gives the same (MINSTD). */
function* cuts(): Generator<Cut> {
  for (let state = 20_26;;) {
    state = state * 48_271 % 0x7fff_ffff;
    yield { after: state % WHOLE, reset: state % 2 === 0 };
  }
}

for (const version of ["TLSv1.2", "TLSv1.3"] satisfies SecureVersion[]) {
  Deno.test(`${CLIENTS} ${version} clients that vanish anywhere leave nothing behind`, async () => {
    await using scene = await Scene.set(ANSWER);
    const { sidecar } = scene;
    await using cutter = await Cutter.start(sidecar.port, cuts());
    const { port } = cutter;
    let left = CLIENTS;
    let whole = 0;
    const come = async () => {
      while (left-- > 0) {
        const seen = await soon(
          attempt({ port, identity: client, version }),
          "a client to vanish",
        );
        if (seen.answer.endsWith("x")) whole++;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, come));
    assert.ok(whole > 0, "some got an answer, or these were no random points");

    await sidecar.idle();
    if (hasTcpTable) {
      await eventually(
        async () => await serverDescriptors(sidecar.port) === 0,
        "descriptors to be closed",
      );
      const { port } = scene.application;
      assert.ok(
        await establishedTo(port) <= AT_ONCE,
        "requests of clients that are gone are still under way",
      );
    }
    const faults = sidecar.events
      .filter(({ level }) => level === "warning" || level === "error")
      .map(({ message, fields }) => [message, fields]);
    assert.deepEqual(faults, []);

    const good = await attempt({ port: sidecar.port, identity: client });
    assert.match(good.answer, /^HTTP\/1\.1 200 OK\r\n/);
  });
}
