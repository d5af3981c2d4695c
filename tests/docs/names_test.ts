import assert from "node:assert/strict";
import { helpText } from "../../src/config/help.ts";
import { type Setting, SETTINGS } from "../../src/config/settings.ts";
import { errorCodes } from "./error_codes.ts";
import { at, readPages } from "./markdown.ts";

/** Names in capitals that are not ours. */
const FOREIGN = new Set([
  "DENORT_BIN",
  "HTTP_PROXY",
  "DEADLINE_EXCEEDED",
  "OTEL_DENO",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_SERVICE_NAME",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "SANITIZE_SET",
]);

/** Flags that are the runtime's, and of tasks. */
const FOREIGN_FLAGS = ["--allow-all", "--allow-write", "--bodies"];

const variables = Object.values<Setting<unknown>>(SETTINGS)
  .map(({ variable }) => variable);
const known = new Set([...variables, ...await errorCodes(), ...FOREIGN]);
const flags = new Set(helpText().match(/--[a-z][a-z0-9-]*/g));
const pages = await readPages();

Deno.test("names in capitals that the documents set in code are settings or error codes", () => {
  for (const { path, spans } of pages) {
    for (const span of spans) {
      for (
        const [name] of span.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)
      ) {
        // `UPSTREAM_*` stands for several.
        assert.ok(known.has(name), `${path} names ${name}, in \`${span}\``);
      }
    }
  }
});

Deno.test("names in capitals in the documents' commands and manifests are settings", () => {
  for (const page of pages) {
    for (const block of page.blocks) {
      if (!["sh", "yaml", "ini"].includes(block.info[0] ?? "")) continue;
      const names = block.text.match(
        /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?=[=:\s])/g,
      );
      for (const name of names ?? []) {
        assert.ok(known.has(name), `${at(page, block)} names ${name}`);
      }
    }
  }
});

Deno.test("settings that the documents give a value take it", () => {
  for (const { path, spans, blocks } of pages) {
    const texts = [
      ...spans,
      ...blocks.filter(({ info }) => info[0] === "sh").map(({ text }) => text),
    ];
    for (const text of texts) {
      for (
        const [, name, value = ""] of text.matchAll(
          /\b([A-Z][A-Z0-9_]+)=([\w.:/,@*-]+)/g,
        )
      ) {
        const setting = Object.values<Setting<unknown>>(SETTINGS)
          .find(({ variable }) => variable === name);
        if (setting === undefined) continue;
        assert.ok(
          "value" in setting.kind.parse(value),
          `${path} says ${name}=${value}`,
        );
      }
    }
  }
});

Deno.test("flags that the documents set in code by themselves are the sidecar's", () => {
  for (const { path, spans } of pages) {
    // It names those of other programs beside ours.
    if (path === "docs/howto-migrate.md") continue;
    for (const span of spans) {
      const [flag] = /^--[a-z][a-z0-9-]*/.exec(span) ?? [];
      assert.ok(
        flag === undefined || flags.has(flag) || FOREIGN_FLAGS.includes(flag),
        `${path} names \`${span}\``,
      );
    }
  }
});
