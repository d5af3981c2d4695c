import assert from "node:assert/strict";
import { Deadlines } from "../../../src/deadlines.ts";
import { SAMPLE_SECS, Samples } from "../../../src/observations/samples.ts";
import { type Exchanged, Traffic } from "../../../src/observations/traffic.ts";
import { Tally } from "../../../src/tally.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const ENDED: Exchanged = {
  protocol: "http/1.1",
  status: 200,
  fault: undefined,
  durationMs: 2,
  upstreamMs: 1,
  received: 0,
  sent: 0,
};

function fixture() {
  const clock = new ManualClock();
  const traffic = new Traffic(new Tally());
  const counts = { refused: 0 };
  const samples = new Samples({
    traffic,
    refused: () => counts.refused,
    deadlines: new Deadlines(clock),
    now: () => clock.now(),
  });
  const answer = (status: number, durationMs = 2) => {
    traffic.begin();
    traffic.end({ ...ENDED, status, durationMs });
  };
  const step = () => clock.advance(1000 * SAMPLE_SECS + 500);
  return { clock, counts, samples, answer, step };
}

Deno.test("Samples tell what happened in each step, and nothing of the steps before it", () => {
  const { samples, counts, answer, step } = fixture();
  answer(200);
  answer(404);
  counts.refused = 2;
  step();
  answer(500);
  step();
  step();
  const told = samples.all().map((
    { requests, clientErrors, serverErrors, refused },
  ) => [requests, clientErrors, serverErrors, refused]);
  assert.deepEqual(told, [[2, 1, 0, 2], [1, 0, 1, 0], [0, 0, 0, 0]]);
});

Deno.test("Samples do not tell of a step that is not over", () => {
  const { samples, answer } = fixture();
  answer(200);
  assert.deepEqual(samples.all(), []);
  assert.equal(samples.quantile(0.5), null);
});

Deno.test("Samples give quantiles of one step, and of all", () => {
  const { samples, answer, step } = fixture();
  answer(200, 1);
  step();
  for (let i = 0; i < 9; i++) answer(200, 900);
  step();
  const [first, second] = samples.all();
  assert.ok(samples.quantile(0.5, [first!])! <= 0.001);
  assert.ok(samples.quantile(0.5, [second!])! > 0.5);
  assert.ok(samples.quantile(0.5)! > 0.5);
  assert.ok(samples.quantile(0.05)! <= 0.001);
});

Deno.test("Samples keep the last quarter of an hour", () => {
  const { samples, answer, step } = fixture();
  answer(200);
  for (let i = 0; i < 61; i++) step();
  assert.equal(samples.all().length, 60);
  // The one with the request was the first of all.
  assert.ok(samples.all().every(({ requests }) => requests === 0));
  const [oldest, next] = samples.all();
  assert.ok(oldest!.at < next!.at);
});

Deno.test("Samples.end() leaves no timer", () => {
  const { samples, clock } = fixture();
  assert.equal(clock.running, 1);
  samples.end();
  assert.equal(clock.running, 0);
});
