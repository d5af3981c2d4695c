import assert from "node:assert/strict";
import {
  flagOf,
  type Setting,
  SETTINGS,
} from "../../../src/config/settings.ts";

const settings = Object.values<Setting<unknown>>(SETTINGS);

Deno.test("SETTINGS has defaults that its own kinds accept", () => {
  for (const { variable, kind, default: text } of settings) {
    assert.ok("value" in kind.parse(text), variable);
  }
});

Deno.test("SETTINGS shows each default as it is written", () => {
  for (const { variable, kind, default: text } of settings) {
    const parsed = kind.parse(text);
    assert.ok("value" in parsed, variable);
    assert.equal(String(kind.format(parsed.value)), text);
  }
});

Deno.test("SETTINGS has variables in capitals, each once", () => {
  const variables = settings.map(({ variable }) => variable);
  assert.equal(new Set(variables).size, variables.length);
  for (const variable of variables) {
    assert.match(variable, /^[A-Z][A-Z0-9]*(_[A-Z]+)*$/);
  }
});

Deno.test("SETTINGS keeps a group together and a description to one clause", () => {
  const groups = settings.map(({ group }) => group);
  const runs = groups.filter((group, at) => group !== groups[at - 1]);
  assert.equal(new Set(runs).size, runs.length);
  for (const { description } of settings) {
    assert.match(description, /^[A-Z].*[^.]$/);
  }
});

Deno.test("flagOf() mirrors the variable", () => {
  assert.equal(flagOf(SETTINGS.upstream), "--upstream-url");
  assert.equal(flagOf(SETTINGS.via), "--via");
  assert.equal(flagOf(SETTINGS.caFromCertDir), "--ca-from-cert-dir");
});
