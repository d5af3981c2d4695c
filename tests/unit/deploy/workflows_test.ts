import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import denoJson from "../../../deno.json" with { type: "json" };
import { EXECUTABLE } from "../../support/program_command.ts";
import { ROOT } from "../../support/manifests.ts";
import { faultsIn } from "../../support/schemas.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "runs-on": string;
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}

const NAMES = ["ci.yml", "release.yml"];
const texts = await Promise.all(
  NAMES.map((name) => Deno.readTextFile(join(ROOT, ".github/workflows", name))),
);
const text = texts.join("\n");
const workflows = texts.map((one) => parse(one));
const jobs: Job[] = workflows.flatMap((one) => Object.values<Job>(one.jobs));
const steps = jobs.flatMap((job) => job.steps);

Deno.test("the workflows pass actionlint, which finds what is wrong with another", async () => {
  for (const [index, one] of texts.entries()) {
    assert.deepEqual(await faultsIn("workflow", one), [], NAMES[index] ?? "");
    const spoilt = one.replace("steps:", "step:");
    assert.notDeepEqual(await faultsIn("workflow", spoilt), []);
  }
});

Deno.test("every action is pinned to a commit and says its version, one commit each", () => {
  const used = [...text.matchAll(/uses: (\S+)@(\S+)( # v\d+\.\d+\.\d+)?$/gm)];
  assert.equal(used.length, steps.filter(({ uses }) => uses).length);
  const pins = new Map<string, string>();
  for (const [line, action = "", commit = "", version] of used) {
    assert.match(commit, /^[0-9a-f]{40}$/, line);
    assert.ok(version !== undefined, line);
    assert.equal(pins.get(action) ?? commit, commit, action);
    pins.set(action, commit);
  }
});

Deno.test("no workflow may write by default, no job runs for ever, and none that may sign runs the source", () => {
  for (const { permissions } of workflows) {
    assert.deepEqual(permissions, { contents: "read" });
  }
  for (const job of jobs) {
    assert.ok(Number(job["timeout-minutes"]) > 0);
    if (job.permissions?.["id-token"] !== "write") continue;
    for (const { run = "" } of job.steps) {
      assert.doesNotMatch(run, /\bdeno (task|run)|\.ci\/run|\$DENO/);
    }
  }
});

Deno.test("no text of an event gets into a command", () => {
  for (const { run = "" } of steps) assert.doesNotMatch(run, /\$\{\{/);
});

Deno.test("where .ci/run runs, the guard finds the commit that it compares with", () => {
  const guarded = jobs.filter((job) =>
    job.steps.some(({ run }) => run === "bash .ci/run")
  );
  assert.equal(guarded.length, NAMES.length);
  for (const { steps: [checkout] } of guarded) {
    assert.equal(checkout?.with?.["fetch-depth"], 0);
  }
});

Deno.test("the workflows run tasks and files that there are, with the Deno of this test", async () => {
  const commands = steps.map(({ run = "" }) => run).join("\n");
  for (const [, task = ""] of commands.matchAll(/\$DENO task (\w+)/g)) {
    assert.ok(task in denoJson.tasks, task);
  }
  assert.ok(commands.includes("bash .ci/run"));
  assert.ok(commands.includes(`${EXECUTABLE}=`));
  await Deno.stat(join(ROOT, "tests/binary"));
  for (const { env } of workflows) {
    assert.equal(env.DENO, `npx --yes deno@${Deno.version.deno}`);
  }
  const ci = await Deno.readTextFile(join(ROOT, ".ci/run"));
  assert.ok(ci.includes(`deno@${Deno.version.deno} `));
  assert.ok(ci.includes("deno audit"));
});
