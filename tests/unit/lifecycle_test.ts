import assert from "node:assert/strict";
import { Lifecycle, type Phase } from "../../src/lifecycle.ts";

const PHASES: readonly Phase[] = ["starting", "serving", "draining", "stopped"];

/** The shortest legal way to each phase. */
const WAYS: Readonly<Record<Phase, readonly Phase[]>> = {
  starting: [],
  serving: ["serving"],
  draining: ["serving", "draining"],
  stopped: ["serving", "draining", "stopped"],
};

function lifecycleIn(phase: Phase): Lifecycle {
  const lifecycle = new Lifecycle();
  for (const step of WAYS[phase]) lifecycle.enter(step);
  return lifecycle;
}

Deno.test("Lifecycle begins with starting, not yet draining", () => {
  const lifecycle = new Lifecycle();
  assert.equal(lifecycle.phase, "starting");
  assert.equal(lifecycle.draining.aborted, false);
});

Deno.test("Lifecycle allows these transitions and no other", () => {
  const allowed = [
    "starting serving",
    "starting draining",
    "starting stopped",
    "serving draining",
    "draining stopped",
  ];
  for (const from of PHASES) {
    for (const to of PHASES) {
      const lifecycle = lifecycleIn(from);
      if (allowed.includes(`${from} ${to}`)) {
        lifecycle.enter(to);
        assert.equal(lifecycle.phase, to);
      } else {
        const message = `Cannot go from ${from} to ${to}`;
        assert.throws(() => lifecycle.enter(to), { message });
        assert.equal(lifecycle.phase, from);
      }
    }
  }
});

Deno.test("Lifecycle aborts its signal at draining, once", () => {
  const lifecycle = lifecycleIn("serving");
  let aborts = 0;
  lifecycle.draining.addEventListener("abort", () => aborts++);
  assert.equal(lifecycle.draining.aborted, false);
  lifecycle.enter("draining");
  assert.equal(lifecycle.draining.aborted, true);
  lifecycle.enter("stopped");
  assert.equal(aborts, 1);
});

Deno.test("Lifecycle aborts its signal where a start ends in stopped", () => {
  const lifecycle = new Lifecycle();
  lifecycle.enter("stopped");
  assert.equal(lifecycle.draining.aborted, true);
});

Deno.test("Lifecycle tells its listeners after phase and signal have changed", () => {
  const lifecycle = lifecycleIn("serving");
  const heard: unknown[] = [];
  lifecycle.subscribe((phase) =>
    heard.push([phase, lifecycle.phase, lifecycle.draining.aborted])
  );
  lifecycle.enter("draining");
  lifecycle.enter("stopped");
  assert.deepEqual(heard, [
    ["draining", "draining", true],
    ["stopped", "stopped", true],
  ]);
});

Deno.test("Lifecycle tells nobody of a refused transition", () => {
  const lifecycle = lifecycleIn("serving");
  lifecycle.subscribe(() => assert.fail("told"));
  assert.throws(() => lifecycle.enter("starting"));
});

Deno.test("Lifecycle tells no more of what is unsubscribed", () => {
  const lifecycle = new Lifecycle();
  const heard: string[] = [];
  const listener = (phase: Phase) => heard.push(phase);
  const unsubscribe = lifecycle.subscribe(listener);
  lifecycle.subscribe(listener);
  lifecycle.enter("serving");
  unsubscribe();
  unsubscribe();
  lifecycle.enter("draining");
  assert.deepEqual(heard, ["serving", "serving", "draining"]);
});

Deno.test("Lifecycle never tells of phases out of order", () => {
  const lifecycle = new Lifecycle();
  const heard: Phase[] = [];
  lifecycle.subscribe((phase) => {
    if (phase === "serving") lifecycle.enter("draining");
  });
  lifecycle.subscribe((phase) => heard.push(phase));
  lifecycle.enter("serving");
  assert.deepEqual(heard, ["draining"]);
});
