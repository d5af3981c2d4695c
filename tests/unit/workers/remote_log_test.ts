import assert from "node:assert/strict";
import type { LogLevel } from "../../../src/log.ts";
import { LineWriter } from "../../../src/log/line_writer.ts";
import type { FromWorker } from "../../../src/workers/messages.ts";
import { RemoteLines, remoteLogger } from "../../../src/workers/remote_log.ts";

function logged(level: LogLevel): FromWorker[] {
  const sent: FromWorker[] = [];
  const log = remoteLogger((message) => sent.push(message), {
    level,
    worker: 4,
  });
  log.debug("a");
  log.info("b", { x: 1 });
  log.warning("c");
  log.error("d", { error: new TypeError("broken") });
  return sent;
}

Deno.test("remoteLogger() sends events of its level and above, each with its worker", () => {
  for (
    const [level, messages] of [
      ["debug", "abcd"],
      ["info", "bcd"],
      ["warning", "cd"],
      ["error", "d"],
    ] as const
  ) {
    const sent = logged(level).map((message) =>
      message.kind === "log" ? message.message : message.kind
    );
    assert.equal(sent.join(""), messages);
  }
  assert.deepEqual(logged("info")[0], {
    kind: "log",
    level: "info",
    message: "b",
    fields: '{"x":1,"worker":4}',
  });
});

Deno.test("remoteLogger() sends what can be cloned, with what an error says", () => {
  const last = structuredClone(logged("error")[0]!);
  assert.ok(last.kind === "log");
  const fields = JSON.parse(last.fields);
  assert.equal(fields.worker, 4);
  assert.match(JSON.stringify(fields.error), /broken/);
});

Deno.test("RemoteLines sends the next batch when the last was taken, and until then what is pending stays bounded", async () => {
  const sent: string[] = [];
  const lines = new RemoteLines((message) => {
    assert.ok(message.kind === "lines");
    sent.push(new TextDecoder().decode(message.octets));
  });
  const writer = new LineWriter(lines, { delayMs: 0, maxPending: 12 });
  writer.line("1");
  const flushed = writer.flush(60_000);
  await Promise.resolve();
  assert.deepEqual(sent, ["1\n"]);
  for (const line of ["2", "3", "too long for what is left"]) writer.line(line);
  assert.deepEqual(sent, ["1\n"]);
  lines.taken();
  // Each batch is sent after the one before it was taken.
  const taker = setInterval(() => lines.taken(), 1);
  const whole = await flushed;
  clearInterval(taker);
  assert.equal(sent.join(""), "1\n2\n3\n");
  assert.equal(whole, false, "one line was dropped");
});
