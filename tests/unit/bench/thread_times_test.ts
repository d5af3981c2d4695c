import assert from "node:assert/strict";
import { threadTimes, timesBetween } from "../../../bench/thread_times.ts";

Deno.test("threadTimes() has the times of this process's main thread", () => {
  const { name, ran, waited } = threadTimes(Deno.pid).get(Deno.pid)!;
  assert.notEqual(name, "");
  assert.ok(ran > 0 && waited >= 0, `${ran} s, ${waited} s`);
});

Deno.test("timesBetween() counts a thread that began in between from its start, and none that ended", () => {
  const before = new Map([
    [1, { name: "main", ran: 2, waited: 1 }],
    [2, { name: "ended", ran: 7, waited: 7 }],
  ]);
  const after = new Map([
    [1, { name: "main", ran: 5, waited: 3 }],
    [3, { name: "begun", ran: 4, waited: 0 }],
  ]);
  assert.deepEqual(
    timesBetween(before, after),
    new Map([
      [1, { name: "main", ran: 3, waited: 2 }],
      [3, { name: "begun", ran: 4, waited: 0 }],
    ]),
  );
});
