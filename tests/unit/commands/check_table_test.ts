import assert from "node:assert/strict";
import fc from "fast-check";
import {
  printable,
  renderSections,
  type Tone,
} from "../../../src/commands/check_table.ts";

const ESCAPES = new RegExp(String.raw`\u{1b}\[\d+m`, "gu");

Deno.test("renderSections() aligns the columns of each section by itself", () => {
  const sections = [
    { heading: "One", rows: [["a", "first"], ["long", "second"]] },
    { heading: "Two", rows: [["x", "", "last"], ["y", "middle", "last"]] },
  ];
  assert.equal(
    renderSections(sections, { colours: false }),
    [
      "One",
      "  a     first",
      "  long  second",
      "",
      "Two",
      "  x          last",
      "  y  middle  last",
      "",
    ].join("\n"),
  );
});

Deno.test("renderSections() leaves a section without rows out", () => {
  const sections = [{ heading: "None", rows: [] }];
  assert.equal(renderSections(sections, { colours: true }), "");
});

Deno.test("renderSections() colours by tone, and aligns as without colours", () => {
  const sections = [{
    heading: "H",
    rows: [[{ text: "bad", tone: "bad" as Tone }, "x"], ["longer", "y"]],
  }];
  const coloured = renderSections(sections, { colours: true });
  assert.ok(coloured.includes("\x1b[31mbad\x1b[0m"), coloured);
  assert.equal(
    coloured.replace(ESCAPES, ""),
    renderSections(sections, { colours: false }),
  );
});

Deno.test("renderSections() shows 200 rows and says how many there are beyond", () => {
  const rows = Array.from({ length: 203 }, (_, row) => [`row ${row}`]);
  const lines = renderSections([{ heading: "H", rows }], { colours: false })
    .split("\n");
  assert.equal(lines.filter((line) => line.startsWith("  row")).length, 200);
  assert.ok(lines.includes("  and 3 more, which --json lists"));
});

Deno.test("printable() writes out what acts on a terminal or hides", () => {
  assert.equal(printable("/données/tls.crt"), "/données/tls.crt");
  assert.equal(printable("a\x1b[2Jb"), "a\\u{1b}[2Jb");
  assert.equal(printable("a\r\nb\x9bc\x7f"), "a\\u{d}\\u{a}b\\u{9b}c\\u{7f}");
  assert.equal(printable("\u202egpj.exe\u2028"), "\\u{202e}gpj.exe\\u{2028}");
  assert.equal(printable("\ud800"), "\\u{d800}");
});

Deno.test("no cell, whatever it holds, breaks a line or acts on a terminal", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const rows = [[a, { text: b, tone: "warning" as const }]];
      const shown = renderSections([{ heading: "H", rows }], {
        colours: false,
      });
      assert.equal(shown.split("\n").length, 3);
      assert.doesNotMatch(shown.replaceAll("\n", ""), /[\p{C}\p{Zl}\p{Zp}]/u);
    }),
  );
});
