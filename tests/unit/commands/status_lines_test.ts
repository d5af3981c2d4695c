import assert from "node:assert/strict";
import fc from "fast-check";
import {
  COLUMNS,
  fit,
  Lines,
  padded,
  widthOf,
} from "../../../src/commands/status_lines.ts";

function written(fill: (lines: Lines) => void, colours = false): string[] {
  const lines = new Lines({ colours });
  fill(lines);
  return lines.toString().split("\n").slice(0, -1);
}

Deno.test("widthOf() counts columns, not characters", () => {
  assert.equal(widthOf("plain"), 5);
  assert.equal(widthOf("株式"), 4);
  assert.equal(widthOf("e\u0301"), 1);
  assert.equal(widthOf("✓█░▁"), 4);
});

Deno.test("fit() cuts with an ellipsis, and padded() fills up", () => {
  assert.equal(fit("four", 4), "four");
  assert.equal(fit("fours", 4), "fou…");
  assert.equal(fit("株式会社", 4), "株…");
  assert.equal(fit("fours", 1), "…");
  assert.equal(fit("fours", 0), "");
  assert.equal(padded("株式", 6), "株式  ");
  assert.equal(padded("株式会社", 6), "株式… ");
});

Deno.test("Lines wraps a text at spaces, below its begin", () => {
  const words = Array(20).fill("word").join(" ");
  assert.deepEqual(written((lines) => lines.text(["  ! "], words)), [
    `  ! ${Array(15).fill("word").join(" ")}`,
    `    ${Array(5).fill("word").join(" ")}`,
  ]);
});

Deno.test("Lines breaks a word that no line holds", () => {
  const lines = written((lines) => lines.text(["  "], "x".repeat(100)));
  assert.deepEqual(lines.map((line) => line.length), [80, 24]);
});

Deno.test("Lines comes to an end where its lead leaves no room", () => {
  const lines = written((lines) => lines.text(["y".repeat(90)], "some text"));
  assert.ok(lines.length > 0 && lines.every((line) => line.length <= COLUMNS));
});

Deno.test("Lines leaves a line blank before each heading but the first", () => {
  const lines = written((lines) => {
    lines.heading("One");
    lines.line("  1");
    lines.heading("Two");
  });
  assert.deepEqual(lines, ["One", "  1", "", "Two"]);
});

Deno.test("Lines paints only where there are colours, and each piece by itself", () => {
  const fill = (lines: Lines) => lines.line({ text: "✓", tone: "good" }, " ok");
  assert.deepEqual(written(fill), ["✓ ok"]);
  assert.deepEqual(written(fill, true), ["\x1b[32m✓\x1b[0m ok"]);
});

Deno.test("Lines keeps any text within 80 columns, and from acting on a terminal", () => {
  const text = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(fc.property(text, text, (lead, body) => {
    for (
      const fill of [
        (lines: Lines) => lines.line(lead, { text: body, tone: "bad" }),
        (lines: Lines) => lines.text([lead.slice(0, 20)], body),
      ]
    ) {
      for (const line of written(fill)) {
        assert.ok(widthOf(line) <= COLUMNS, line);
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }
    }
  }));
});
