import assert from "node:assert/strict";
import fc from "fast-check";
import { markup } from "../../../../src/monitor/page/markup.ts";
import { shortName } from "../../../../src/monitor/page/names.ts";
import { visible } from "../../../../src/monitor/page/visible.ts";

Deno.test("markup escapes what is special in content and in attribute values", () => {
  const text = `<script>alert("it's") && 1</script>`;
  assert.equal(
    markup`<p title="${text}">${text}</p>`.toString().match(/&lt;script&gt;/g)
      ?.length,
    2,
  );
  assert.equal(
    markup`${`<>&"'`}`.toString(),
    "&lt;&gt;&amp;&quot;&#39;",
  );
});

Deno.test("markup takes markup as it is, lists in order, and nothing for nothing", () => {
  const items = ["a<", "b"].map((text) => markup`<li>${text}</li>`);
  assert.equal(
    markup`<ul>${items}${null}${undefined}</ul>${0}`.toString(),
    "<ul><li>a&lt;</li><li>b</li></ul>0",
  );
});

Deno.test("markup lets no text of any kind out of its place", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const escaped = markup`${text}`.toString();
    assert.doesNotMatch(escaped, /[<>"']/);
    assert.doesNotMatch(escaped, /&(?!(amp|lt|gt|quot|#39);)/);
    assert.doesNotMatch(escaped, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  }));
});

Deno.test("visible() shows what would hide, and leaves letters of all scripts", () => {
  assert.equal(visible("a\u202eb\u0007"), "a\\u{202e}b\\u{7}");
  assert.equal(visible("line\nbreak"), "line\\u{a}break");
  assert.equal(visible("Ünïted 株式会社 🔒"), "Ünïted 株式会社 🔒");
  assert.equal(visible("\ud800"), "\\u{d800}");
});

Deno.test("shortName() is the common name, or all where there is none", () => {
  assert.equal(shortName("CN=pay.shop,O=Example"), "pay.shop");
  assert.equal(shortName("O=Example,CN=pay.shop"), "pay.shop");
  assert.equal(shortName("OU=a+CN=b,O=c"), "b");
  assert.equal(shortName("O=Example"), "O=Example");
  assert.equal(shortName(""), "");
  assert.equal(shortName("O=x\\,CN=forged"), "O=x\\,CN=forged");
  assert.equal(shortName("CN=a\\,b,O=c"), "a\\,b");
});
