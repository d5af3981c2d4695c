import assert from "node:assert/strict";
import { leastRatios, type Ratios } from "../../../bench/micro/suspects.ts";

/** Measures what is written down, round by round, and writes down what was asked. */
function script(...rounds: Ratios[]) {
  const asked: string[][] = [];
  const options = {
    limit: 1.15,
    secondThoughts: 2,
    measure(names: readonly string[]): Promise<Ratios> {
      asked.push([...names]);
      return Promise.resolve(rounds[asked.length - 1] ?? {});
    },
  };
  return { asked, options };
}

Deno.test("leastRatios() measures again what seems slower, and that alone", async () => {
  const { asked, options } = script(
    { parse: 1.01, write: 1.4, seal: 1.15 },
    { write: 1.02 },
  );
  assert.deepEqual(
    await leastRatios(["parse", "write", "seal"], options),
    { parse: 1.01, write: 1.02, seal: 1.15 },
  );
  assert.deepEqual(asked, [["parse", "write", "seal"], ["write"]]);
});

Deno.test("leastRatios() gives what is slower each time, after two more measurements", async () => {
  const { asked, options } = script(
    { write: 1.27 },
    { write: 1.24 },
    { write: 1.3 },
  );
  assert.deepEqual(await leastRatios(["write"], options), { write: 1.24 });
  assert.equal(asked.length, 3);
});
