import assert from "node:assert/strict";
import { type ByteSink, LineWriter } from "../../../src/log/line_writer.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 6);

/** How a sink answers one write: with how much it took, or an error. */
type Answer = (bytes: Uint8Array) => number | Promise<number>;

const takeAll: Answer = (bytes) => bytes.length;
const fail: Answer = () => {
  throw new Deno.errors.BrokenPipe("gone");
};

/** Keeps what it took. Its answers are used up in order, then it takes all. */
class FakeSink implements ByteSink {
  text = "";
  writes = 0;
  readonly #answers: Answer[];

  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.writes++;
    const taken = await (this.#answers.shift() ?? takeAll)(bytes);
    this.text += new TextDecoder().decode(bytes.subarray(0, taken));
    return taken;
  }
}

function report(lines: number): string {
  return `{"time":"2026-01-02T03:04:05.006Z","level":"warning",` +
    `"message":"log lines were dropped","lines":${lines}}\n`;
}

Deno.test("LineWriter writes the lines of one turn at once, in order", async () => {
  const sink = new FakeSink();
  const writer = new LineWriter(sink);
  writer.line("one");
  writer.line("two");
  assert.equal(sink.writes, 0);
  assert.equal(await writer.flush(1000), true);
  assert.equal(sink.text, "one\ntwo\n");
  assert.equal(sink.writes, 1);
});

Deno.test("LineWriter writes by itself after its delay", async () => {
  const written = Promise.withResolvers<Uint8Array>();
  const sink = new FakeSink((bytes) => {
    written.resolve(bytes);
    return bytes.length;
  });
  const writer = new LineWriter(sink, { delayMs: 1 });
  writer.line("one");
  assert.equal(new TextDecoder().decode(await written.promise), "one\n");
  await writer.flush(1000);
});

Deno.test("LineWriter writes a big batch without waiting", async () => {
  const sink = new FakeSink();
  const writer = new LineWriter(sink, { delayMs: 3_600_000 });
  writer.line("a".repeat(64 * 1024 - 1));
  assert.equal(sink.writes, 1);
  await writer.flush(1000);
});

Deno.test("LineWriter goes on by itself with what came during a write", async () => {
  const first = Promise.withResolvers<number>();
  const second = Promise.withResolvers<void>();
  const sink = new FakeSink(() => first.promise, (bytes) => {
    second.resolve();
    return bytes.length;
  });
  const writer = new LineWriter(sink, { delayMs: 1 });
  writer.line("a".repeat(64 * 1024 - 1));
  writer.line("later");
  assert.equal(sink.writes, 1);
  first.resolve(64 * 1024);
  await second.promise;
  assert.equal(await writer.flush(1000), true);
  assert.equal(sink.text.slice(-7), "\nlater\n");
});

Deno.test("LineWriter goes on where the sink took a part", async () => {
  const sink = new FakeSink(() => 2, () => 1);
  const writer = new LineWriter(sink);
  writer.line("hällo");
  assert.equal(await writer.flush(1000), true);
  assert.equal(sink.writes, 3);
  assert.equal(sink.text.length, "h\u00e4llo\n".length + 1);
});

Deno.test("LineWriter.flush() has nothing to do without lines", async () => {
  const sink = new FakeSink();
  assert.equal(await new LineWriter(sink).flush(1000), true);
  assert.equal(sink.writes, 0);
});

Deno.test("LineWriter.flush() gives up on a sink that stands still", async () => {
  const stuck = Promise.withResolvers<number>();
  const writer = new LineWriter(new FakeSink(() => stuck.promise));
  writer.line("one");
  assert.equal(await writer.flush(1), false);
  stuck.resolve(4);
  assert.equal(await writer.flush(1000), true);
});

Deno.test("LineWriter drops and counts what is over its bound", async () => {
  const stuck = Promise.withResolvers<number>();
  const sink = new FakeSink(() => stuck.promise);
  const writer = new LineWriter(sink, { maxPending: 12, now: () => NOW });
  writer.line("12345");
  const flushed = writer.flush(1000);
  // The write under way counts: the memory is still held.
  writer.line("12345");
  writer.line("dropped");
  writer.line("");
  stuck.resolve(6);
  assert.equal(await flushed, false);
  writer.line("again");
  await writer.flush(1000);
  assert.equal(sink.text, `12345\n12345\n${report(2)}again\n`);
});

Deno.test("LineWriter holds no more than its bound, whatever it is given", async () => {
  const stuck = Promise.withResolvers<number>();
  const sink = new FakeSink(() => stuck.promise);
  const writer = new LineWriter(sink, { maxPending: 1000, now: () => NOW });
  for (let at = 0; at < 100_000; at++) writer.line("123456789");
  const flushed = writer.flush(1000);
  stuck.resolve(1000);
  await flushed;
  assert.equal(sink.text.length, 1000 + report(99_900).length);
  assert.ok(sink.text.endsWith(report(99_900)));
});

Deno.test("LineWriter outlives a closed standard output", async () => {
  const sink = new FakeSink(fail, fail);
  const writer = new LineWriter(sink, { now: () => NOW });
  writer.line("one");
  assert.equal(await writer.flush(1000), false);
  writer.line("two");
  writer.line("three");
  // The report of the first loss is lost as well, but not its count.
  assert.equal(await writer.flush(1000), false);
  writer.line("four");
  assert.equal(await writer.flush(1000), true);
  assert.equal(sink.text, `${report(3)}four\n`);
});

Deno.test("LineWriter takes a write of nothing for a failure", async () => {
  const sink = new FakeSink(() => 0);
  const writer = new LineWriter(sink);
  writer.line("one");
  assert.equal(await writer.flush(1000), false);
  assert.equal(sink.writes, 1);
});

Deno.test("LineWriter ends a torn line before the next", async () => {
  const sink = new FakeSink(() => 2, fail);
  const writer = new LineWriter(sink, { now: () => NOW });
  writer.line("torn");
  await writer.flush(1000);
  writer.line("whole");
  await writer.flush(1000);
  assert.equal(sink.text, `to\n${report(1)}whole\n`);
});

Deno.test("LineWriter puts no empty line after a failure between lines", async () => {
  const sink = new FakeSink(() => 4, fail);
  const writer = new LineWriter(sink, { now: () => NOW });
  writer.line("one");
  writer.line("two");
  await writer.flush(1000);
  writer.line("three");
  await writer.flush(1000);
  assert.equal(sink.text, `one\n${report(2)}three\n`);
});
