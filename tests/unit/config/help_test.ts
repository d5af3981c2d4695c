import assert from "node:assert/strict";
import { helpText, settingsTable } from "../../../src/config/help.ts";
import {
  flagOf,
  type Setting,
  SETTINGS,
} from "../../../src/config/settings.ts";

const settings = Object.values<Setting<unknown>>(SETTINGS);

Deno.test("helpText() names each flag beside its variable, with its default", () => {
  const help = helpText();
  for (const setting of settings) {
    const { kind, variable, description } = setting;
    const start = help.indexOf(`  ${flagOf(setting)} ${kind.placeholder} `);
    assert.ok(start > 0, variable);
    const entry = help.slice(start).split("\n").slice(0, 3).join("\n");
    assert.match(entry.split("\n")[0] ?? "", new RegExp(` ${variable}$`));
    assert.ok(entry.includes(description), variable);
    const byDefault = setting.default === ""
      ? "(no default)"
      : `(default ${setting.default})`;
    assert.ok(entry.includes(byDefault), variable);
  }
});

Deno.test("helpText() fits in 80 columns, with nothing at the ends of lines", () => {
  for (const line of helpText().split("\n")) {
    assert.ok(line.length <= 80, line);
    assert.equal(line, line.trimEnd());
  }
});

Deno.test("helpText() has each group's heading once", () => {
  const lines = helpText().split("\n");
  for (const group of new Set(settings.map(({ group }) => group))) {
    assert.equal(lines.filter((line) => line === group).length, 1, group);
  }
});

Deno.test("helpText() tells of the commands and the other flags", () => {
  const help = helpText();
  const words = [
    ...["serve", "check", "--json", "--client-cert PATH"],
    ...["--client-chain PATH", "demo", "--once", "status", "--watch"],
    ...["healthcheck", "--ready", "--help", "--version"],
  ];
  for (const word of words) {
    assert.ok(help.includes(word), word);
  }
});

Deno.test("settingsTable() has one row a setting, under a header", () => {
  const [header, rule, ...rows] = settingsTable().split("\n");
  assert.match(header ?? "", /^\| Variable +\| Flag +\| Default +\| /);
  assert.match(rule ?? "", /^(\| -+ ){4}\|$/);
  assert.equal(rows.length, settings.length);
  for (const [at, { variable }] of settings.entries()) {
    assert.ok(rows[at]?.startsWith(`| \`${variable}\` `), variable);
  }
});

Deno.test("settingsTable() has columns of one width, as deno fmt makes them", () => {
  const lines = settingsTable().split("\n");
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
});

Deno.test("settingsTable() has no cell that would end early", () => {
  for (const line of settingsTable().split("\n")) {
    assert.equal(line.split("|").length, 6, line);
  }
});
