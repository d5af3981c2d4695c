import assert from "node:assert/strict";
import { renderPage } from "../../../../src/monitor/page/page.ts";
import { PAGE_RESOURCES } from "../../../../src/monitor/page/resources.ts";
import { healthy } from "./reports.ts";

const style = PAGE_RESOURCES.get("/status/page.css")?.body ?? "";

Deno.test("each resource forbids what it does not need, and is kept by no cache", () => {
  const pages = [...PAGE_RESOURCES.values(), renderPage(healthy)];
  assert.equal(pages.length, 6);
  for (const { headers } of pages) {
    const policy = headers["content-security-policy"] ?? "";
    assert.match(policy, /^default-src 'none';/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|data:|https?:/);
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.match(headers["content-type"] ?? "", /^(text|image)\/[a-z+]+/);
  }
});

Deno.test("the page asks for its own resources alone, and for each of a kind that there is", () => {
  const { body } = renderPage(healthy);
  const asked = [
    ...body.matchAll(/<(?:script|link|img)[^>]*(?:src|href)="([^"]+)"/g),
  ]
    .map(([, url]) => `/${url}`);
  assert.equal(asked.length, 3);
  for (const path of asked) assert.ok(PAGE_RESOURCES.has(path), path);
  for (const { body } of PAGE_RESOURCES.values()) {
    assert.doesNotMatch(
      body.replaceAll('xmlns="http://www.w3.org/2000/svg"', ""),
      /https?:\/\/|@import|url\(/,
    );
  }
});

Deno.test("the page has neither script nor style of its own", () => {
  const { body } = renderPage(healthy);
  assert.doesNotMatch(body, /<style|\sstyle=|\son[a-z]+=|javascript:/i);
  for (const [, content] of body.matchAll(/<script[^>]*>([^]*?)<\/script>/g)) {
    assert.equal(content, "");
  }
});

/** The colours of a theme, by name. */
function colours(from: string): ReadonlyMap<string, string> {
  const block = from.slice(from.indexOf(":root {"));
  const lines = block.slice(0, block.indexOf("}"));
  return new Map(
    [...lines.matchAll(/--([a-z-]+): (#[0-9a-f]{6})/g)]
      .map(([, name = "", value = ""]) => [name, value]),
  );
}

/** Relative luminance (WCAG 2.2). */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)]
    .sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

Deno.test("text and shapes stand out from what is behind them, in light and dark (WCAG AA)", () => {
  const dark = style.slice(style.indexOf("prefers-color-scheme: dark"));
  for (const theme of [colours(style), colours(dark)]) {
    const ratio = (one: string, other: string) =>
      contrast(theme.get(one) ?? "", theme.get(other) ?? "");
    for (const level of ["good", "warn", "bad"]) {
      for (const ground of ["card", `${level}-wash`]) {
        assert.ok(ratio(level, ground) >= 4.5, `${level} on ${ground}`);
        assert.ok(ratio("ink", ground) >= 4.5, `ink on ${ground}`);
        assert.ok(ratio("quiet", ground) >= 4.5, `quiet on ${ground}`);
      }
    }
    for (const text of ["ink", "quiet"]) {
      assert.ok(ratio(text, "paper") >= 4.5, `${text} on paper`);
    }
    for (const shape of ["good-fill", "bad-fill", "flow"]) {
      assert.ok(ratio(shape, "card") >= 3, `${shape} on card`);
    }
  }
});
