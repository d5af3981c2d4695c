import assert from "node:assert/strict";
import { status, type StatusOptions } from "../../../src/commands/status.ts";
import { TestSidecar } from "../../support/sidecar.ts";
import { healthy, NOW, troubled } from "../monitor/page/reports.ts";
import { MonitorPort, nobody } from "./monitor_port.ts";

const HOME_AND_CLEAR = "\x1b[H\x1b[J";

/** Runs the command, and gives what it wrote and told. */
async function run(
  settings: Parameters<typeof status>[0],
  options: Partial<StatusOptions> = {},
): Promise<{ answered: boolean; written: string[]; told: string[] }> {
  const written: string[] = [];
  const told: string[] = [];
  const answered = await status(settings, {
    watch: false,
    json: false,
    colours: false,
    rows: () => undefined,
    signal: new AbortController().signal,
    write: (text) => Promise.resolve(void written.push(text)),
    tell: (problem) => told.push(problem),
    pause: () => Promise.reject(new Error("nothing to wait for")),
    ...options,
  });
  return { answered, written, told };
}

function reporting(report: unknown): MonitorPort {
  return new MonitorPort({ "/status.json": () => Response.json(report) });
}

/** Options of a watch that ends after so many reports. */
function watching(rounds: number): Partial<StatusOptions> {
  const controller = new AbortController();
  let left = rounds;
  return {
    watch: true,
    signal: controller.signal,
    pause: (ms) => {
      assert.equal(ms, 2_000);
      if (--left === 0) controller.abort();
      return Promise.resolve();
    },
  };
}

Deno.test("status() shows one report", async () => {
  await using port = reporting(healthy);
  const { answered, written, told } = await run(port.settings);
  assert.equal(answered, true);
  assert.equal(written.length, 1);
  assert.match(written[0] ?? "", /^payments\.shop\.svc .*\n✓ Ready {2}Serving/);
  assert.deepEqual(told, []);
});

Deno.test("status() gives the report as JSON in ASCII, whole", async () => {
  const report = { ...healthy, version: "0.1.0 ü\u202e" };
  await using port = reporting(report);
  const { written: [json = ""] } = await run(port.settings, { json: true });
  assert.deepEqual(JSON.parse(json), report);
  assert.match(json, /^[\n -~]+\n$/);
});

Deno.test("status() shows what a sidecar says of itself", async () => {
  await using sidecar = await TestSidecar.start({ monitor: true });
  const { answered, written } = await run({
    monitorHost: "0.0.0.0",
    monitorPort: sidecar.sidecar.monitor!.port,
    readinessTimeoutSecs: 1,
  });
  assert.equal(answered, true);
  assert.match(written[0] ?? "", /Ready/);
  assert.match(written[0] ?? "", /CA {5}Test Root/);
});

Deno.test("status() tells why there is no report", async () => {
  const { answered, written, told } = await run(nobody());
  assert.equal(answered, false);
  assert.deepEqual(written, []);
  assert.match(told[0] ?? "", /status\.json: nothing listens there$/);
});

Deno.test("status() tells of a port whose status is off", async () => {
  await using port = new MonitorPort({});
  const { told: [told] } = await run(port.settings);
  const { monitorPort } = port.settings;
  assert.equal(
    told,
    `Cannot read /status.json at port ${monitorPort}: expected status 200, found 404, as with STATUS_PAGE=false or another program`,
  );
});

Deno.test("status() shows nothing that no sidecar says", async () => {
  const { certificates: _, ...cut } = healthy;
  for (const report of [null, [], "status", 1, {}, cut]) {
    await using port = reporting(report);
    const { answered, written, told } = await run(port.settings);
    assert.equal(answered, false);
    assert.deepEqual(written, []);
    assert.match(told[0] ?? "", /expected the status of an mtls-sidecar$/);
  }
  await using port = new MonitorPort({
    "/status.json": () => new Response("{"),
  });
  assert.equal((await run(port.settings)).answered, false);
});

Deno.test("status --watch draws a terminal anew each time, as far as it goes", async () => {
  await using port = reporting(troubled);
  const { answered, written } = await run(port.settings, {
    ...watching(3),
    rows: () => 24,
  });
  assert.equal(answered, true);
  assert.equal(written.length, 3);
  for (const text of written) {
    assert.ok(text.startsWith(HOME_AND_CLEAR));
    const lines = text.split("\n").slice(0, -1);
    // The last row is left free, or the terminal would scroll.
    assert.equal(lines.length, 23);
    assert.match(lines.at(-1) ?? "", /^\(\d+ more lines; /);
  }
});

Deno.test("status --watch shows all of it where the terminal is tall, or there is none", async () => {
  await using port = reporting(healthy);
  for (const rows of [() => 200, () => undefined]) {
    const { written } = await run(port.settings, { ...watching(1), rows });
    assert.match(written[0] ?? "", /→ Give the client/);
    assert.equal(written[0]?.startsWith(HOME_AND_CLEAR), rows() !== undefined);
  }
});

Deno.test("status --watch --json gives one line each time", async () => {
  await using port = reporting(healthy);
  const { written } = await run(port.settings, { ...watching(2), json: true });
  assert.equal(written.length, 2);
  for (const line of written) {
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.equal(JSON.parse(line).time, NOW);
  }
});

Deno.test("status --watch outlives a sidecar that is away, and tells of it", async () => {
  let isThere = false;
  await using port = new MonitorPort({
    "/status.json": () => {
      isThere = !isThere;
      return isThere
        ? Response.json(healthy)
        : new Response("", { status: 503 });
    },
  });
  const onScreen = await run(port.settings, { ...watching(3), rows: () => 99 });
  assert.equal(onScreen.answered, true);
  assert.match(onScreen.written[1] ?? "", /expected status 200, found 503\n$/);
  assert.deepEqual(onScreen.told, []);
  const inPipe = await run(port.settings, watching(1));
  assert.equal(inPipe.answered, false);
  assert.equal(inPipe.told.length, 1);
});

Deno.test("status --watch says nothing of a question that was interrupted", async () => {
  await using port = reporting(healthy);
  const { answered, written, told } = await run(port.settings, {
    watch: true,
    signal: AbortSignal.abort(),
  });
  assert.deepEqual([answered, written, told], [true, [], []]);
});
