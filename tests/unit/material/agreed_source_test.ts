import assert from "node:assert/strict";
import { SidecarError } from "../../../src/errors.ts";
import {
  type Agree,
  AgreedSource,
} from "../../../src/material/agreed_source.ts";
import type { Source, SourceEvent } from "../../../src/material/source.ts";
import { ScriptedSource, settled } from "./scripted_source.ts";

const REFUSAL = new SidecarError("LOCKOUT", "Cannot take it");

function sourceOf(...events: SourceEvent<string>[]): Source<string> {
  return {
    name: "listed",
    async *open() {
      yield* events;
    },
  };
}

/** All that a source says when others agree by `agree`. */
async function saidBy(
  source: Source<string>,
  agree: Agree<string>,
): Promise<SourceEvent<string>[]> {
  const agreed = new AgreedSource(source, agree);
  assert.equal(agreed.name, source.name);
  return await Array.fromAsync(agreed.open(new AbortController().signal));
}

Deno.test("AgreedSource tells of a value when others have agreed, and not before", async () => {
  const scripted = new ScriptedSource<string>().value("a");
  const agreement = Promise.withResolvers<void>();
  const stop = new AbortController();
  const events = new AgreedSource(scripted, () => agreement.promise)
    .open(stop.signal);
  let told = false;
  const next = events.next().finally(() => told = true);
  await settled();
  assert.equal(told, false);
  agreement.resolve();
  assert.deepEqual((await next).value, {
    kind: "value",
    value: "a",
    asked: false,
  });
  stop.abort();
  assert.equal((await events.next()).done, true);
  assert.equal(scripted.running, 0);
});

Deno.test("AgreedSource says whether a value was asked for, and asks for the next when the one before is settled", async () => {
  const asked: [string, boolean][] = [];
  let deciding = 0;
  const events = await saidBy(
    sourceOf(
      { kind: "value", value: "a" },
      { kind: "value", value: "b", asked: true },
    ),
    async (value, context) => {
      assert.equal(++deciding, 1);
      asked.push([value, context.asked]);
      await settled();
      deciding--;
    },
  );
  assert.deepEqual(asked, [["a", false], ["b", true]]);
  assert.deepEqual(events, [
    { kind: "value", value: "a", asked: false },
    { kind: "value", value: "b", asked: true },
  ]);
});

Deno.test("AgreedSource tells of a rejection where others do not agree, and goes on", async () => {
  const events = await saidBy(
    sourceOf({ kind: "value", value: "a" }, { kind: "value", value: "b" }),
    (value) => value === "a" ? Promise.reject(REFUSAL) : Promise.resolve(),
  );
  assert.deepEqual(events, [
    { kind: "rejected", error: REFUSAL },
    { kind: "value", value: "b", asked: false },
  ]);
});

Deno.test("AgreedSource hands on a rejection without asking anyone", async () => {
  const rejected = { kind: "rejected", error: REFUSAL } as const;
  const events = await saidBy(
    sourceOf(rejected),
    () => assert.fail("it was asked"),
  );
  assert.deepEqual(events, [rejected]);
});

Deno.test("AgreedSource fails, so that the value is not taken, by an error that is none of ours", async () => {
  await assert.rejects(
    saidBy(
      sourceOf({ kind: "value", value: "a" }),
      () => Promise.reject(new TypeError("unexpected")),
    ),
    { message: "unexpected" },
  );
});
