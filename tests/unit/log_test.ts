import assert from "node:assert/strict";
import { createLogger, type Logger, type LogLevel } from "../../src/log.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const LEVELS: readonly LogLevel[] = ["debug", "info", "warning", "error"];

/** The lines that `use` makes a logger of `level` write. */
function linesOf(level: LogLevel, use: (log: Logger) => void): string[] {
  const lines: string[] = [];
  const sink = { line: (text: string) => void lines.push(text) };
  use(createLogger({ level, sink, now: () => NOW }));
  return lines;
}

Deno.test("createLogger() writes time, level, message, then the fields, flat", () => {
  const lines = linesOf(
    "info",
    (log) => log.info("listening", { port: 8443, code: undefined, tls: null }),
  );
  assert.deepEqual(lines, [
    '{"time":"2026-01-02T03:04:05.006Z","level":"info","message":"listening","port":8443,"tls":null}',
  ]);
});

Deno.test("createLogger() writes its level and what is graver", () => {
  for (const [at, level] of LEVELS.entries()) {
    const lines = linesOf(level, (log) => {
      for (const each of LEVELS) log[each](`a ${each}`);
    });
    const written = lines.map((line) => JSON.parse(line));
    assert.deepEqual(written.map((line) => line.level), LEVELS.slice(at));
    assert.deepEqual(
      written.map((line) => line.message),
      LEVELS.slice(at).map((each) => `a ${each}`),
    );
  }
});

Deno.test("createLogger() takes the clock's time where none is injected", () => {
  const lines: string[] = [];
  const sink = { line: (text: string) => void lines.push(text) };
  const before = Date.now();
  const log = createLogger({ level: "info", sink });
  log.info("now");
  const { time } = JSON.parse(lines[0] ?? "");
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(Date.parse(time) >= before && Date.parse(time) <= Date.now());
});

Deno.test("createLogger() takes braces in a message for what they are", () => {
  const message = "Cannot read {path}: {{ } {*}";
  const [line] = linesOf("info", (log) => log.info(message, { path: "/x" }));
  assert.equal(JSON.parse(line ?? "").message, message);
});

Deno.test("createLogger() lets no field pass itself off as the head", () => {
  const [line] = linesOf(
    "info",
    (log) => log.info("real", { message: "forged", time: "never", level: 1 }),
  );
  assert.equal(
    line,
    '{"time":"2026-01-02T03:04:05.006Z","level":"info","message":"real"}',
  );
});

Deno.test("createLogger() keeps a client's text in its field and its line", () => {
  const path = '/a"}\n{"level":"error","message":"forged"}\u009b2J';
  const [line] = linesOf("info", (log) => log.info("request", { path }));
  assert.doesNotMatch(line ?? "", /\p{Cc}/u);
  assert.equal(JSON.parse(line ?? "").path, path);
});

Deno.test("createLogger() makes loggers that never throw", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const lines = linesOf("info", (log) => log.error("kept", { circle }));
  assert.equal(JSON.parse(lines[0] ?? "").message, "kept");

  const sink = {
    line: () => {
      throw new Error("broken sink");
    },
  };
  const log = createLogger({ level: "info", sink });
  log.error("lost");
});

Deno.test("createLogger() makes loggers that know nothing of each other", () => {
  const inner: string[] = [];
  const outer = linesOf("error", (log) => {
    inner.push(...linesOf("debug", (other) => other.debug("inner")));
    log.info("too little");
    log.error("outer");
  });
  assert.deepEqual([inner.length, outer.length], [1, 1]);
});
