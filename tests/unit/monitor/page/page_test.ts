import assert from "node:assert/strict";
import fc from "fast-check";
import { renderPage } from "../../../../src/monitor/page/page.ts";
import type { StatusReport } from "../../../../src/monitor/status_report.ts";
import {
  days,
  discreet,
  fresh,
  healthy,
  refusals,
  troubled,
} from "./reports.ts";

const REPORTS = { healthy, troubled, fresh, discreet };

/** A section of the page, its tags left out. */
function textOf(report: StatusReport, id: string): string {
  const { body } = renderPage(report);
  const start = body.indexOf(`<section id="${id}"`);
  assert.ok(start > 0, id);
  return body.slice(start, body.indexOf("</section>", start))
    .replace(/<title[^>]*>[^<]*<\/title>|<desc[^>]*>[^<]*<\/desc>/g, "")
    .replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
}

Deno.test("renderPage() closes what it opens, and has each id once", () => {
  const voids = ["meta", "link", "!doctype"];
  for (const [name, report] of Object.entries(REPORTS)) {
    const { body } = renderPage(report);
    const open: string[] = [];
    for (
      const [, slash, tag = "", rest] of body.matchAll(
        /<(\/?)([a-z0-9!]+)([^>]*)>/g,
      )
    ) {
      if (slash === "/") assert.equal(open.pop(), tag, name);
      else if (!voids.includes(tag) && !rest?.endsWith("/")) open.push(tag);
    }
    assert.deepEqual(open, [], name);
    const ids = [...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, name);
    const named = [...body.matchAll(/aria-labelledby="([^"]+)"/g)]
      .flatMap(([, list]) => list?.split(" ") ?? []);
    for (const id of named) assert.ok(ids.includes(id), id);
  }
});

Deno.test("renderPage() has one first heading, and no level left out", () => {
  for (const report of Object.values(REPORTS)) {
    const levels = [...renderPage(report).body.matchAll(/<h(\d)/g)]
      .map(([, level]) => Number(level));
    assert.equal(levels.filter((level) => level === 1).length, 1);
    levels.forEach((level, at) =>
      assert.ok(level <= (levels[at - 1] ?? 0) + 1)
    );
  }
});

Deno.test("renderPage() shows each certificate with its life, dates and names", () => {
  const text = textOf(healthy, "certificates");
  assert.match(text, /Server certificate payments\.shop\.svc 64 days left/);
  assert.match(
    text,
    /Ends 2027-01-24 12:03 Subject CN=payments\.shop\.svc,O=Example/,
  );
  assert.match(
    text,
    /payments\.shop\.svc, payments\.shop\.svc\.cluster\.local/,
  );
  assert.match(text, /CAs of clients Workload Root CA 5\.8 years left/);
  assert.match(text, /Revocation lists Workload Root CA 2 d left Next update/);
  assert.match(text, /Trust generation 4/);
  const { body } = renderPage(healthy);
  assert.match(body, /71 % of life left/);
});

Deno.test("renderPage() tells what has ended from what has not begun", () => {
  const [server] = healthy.certificates;
  const shown = (dates: object) =>
    textOf(
      { ...healthy, certificates: [{ ...server!, ...dates }] },
      "certificates",
    );
  assert.match(shown({ notAfter: days(-1) }), /payments\.shop\.svc ended/);
  assert.match(
    shown({ notBefore: days(1) }),
    /payments\.shop\.svc not valid yet/,
  );
  assert.match(
    textOf({ ...healthy, certificates: [] }, "certificates"),
    /None is loaded/,
  );
});

Deno.test("renderPage() shows the rules and pins in force, and what they come to", () => {
  const text = textOf(healthy, "access");
  assert.match(text, /Pinned peers, and clients that one of the rules names\./);
  assert.match(
    text,
    /enforced Whom they refuse answered 403 Without a good certificate cut off/,
  );
  assert.match(text, /dns \*\.checkout\.example/);
  assert.match(text, /ledger 2 spiffe:\/\/example\.org\/ns\/bank\/sa\/ledger/);
  assert.match(text, /fraud-check 1 –/);
  assert.match(textOf(troubled, "access"), /Rules and pins only logged/);
  const open = textOf(fresh, "access");
  assert.match(open, /Every client with a good certificate\./);
  assert.doesNotMatch(open, /Rules and pins/);
});

Deno.test("renderPage() says who may enter for each way of pinning", () => {
  const sentence = (unpinned: "refuse" | "accept", rules: boolean) =>
    textOf({
      ...healthy,
      access: {
        ...healthy.access,
        rules: rules ? healthy.access.rules : [],
        peers: { unpinned, peers: [], bootstrapUntil: days(1) },
      },
    }, "access");
  assert.match(sentence("refuse", true), /Pinned peers alone\./);
  assert.match(sentence("accept", false), /every other client with a good/);
  assert.match(sentence("accept", true), /bootstrap until 2026-11-22 12:03/);
});

Deno.test("renderPage() shows traffic as figures and plots", () => {
  const text = textOf(healthy, "traffic");
  assert.match(text, /Requests a second 220 Answered 5xx 0\.4 %/);
  assert.match(text, /Median \(p50\) 3\.2 ms Slowest 1 % \(p99\) 25 ms/);
  assert.match(text, /Requests in hand 14 Open connections 132/);
  assert.match(text, /15 min ago now 175,017 requests 1,073 4xx 749 5xx/);
  assert.match(text, /20 clients refused/);
  assert.match(textOf(fresh, "traffic"), /Requests a second – Answered 5xx –/);
  assert.equal(renderPage(fresh).body.match(/<svg class="plot"/g)?.length, 3);
});

Deno.test("renderPage() shows connections by protocol", () => {
  assert.match(
    textOf(healthy, "connections"),
    /HTTP\/1\.1 96 HTTP\/2 31 Tunnels 5 Handshakes under way 2 Admitted since the start 18,204 Sessions resumed since then 11,930/,
  );
});

Deno.test("renderPage() shows reloads with outcomes and reasons", () => {
  const text = textOf(healthy, "reloads");
  assert.match(
    text,
    /43 min ago 11:20:59 ok TLS material new server certificate/,
  );
  assert.match(text, /KEY_MISMATCH TLS material Cannot use tls\.crt/);
  assert.match(text, /1 d ago 2026-11-20 11:43 ok pinned peers/);
  assert.match(textOf(fresh, "reloads"), /None since the start/);
});

Deno.test("renderPage() shows each refusal with its reason, who it was, and what would let it in", () => {
  const text = textOf(healthy, "refusals");
  for (
    const { code, detail, advice, address, subject, issuer, spki } of refusals
  ) {
    const parts = [code, detail, advice, address, subject, issuer, spki];
    for (const part of parts) {
      const shown = part?.replaceAll("'", "&#39;") ?? "";
      assert.ok(text.includes(shown), shown);
    }
  }
  assert.equal(text.match(/What would let it in/g)?.length, refusals.length);
  assert.match(text, /Key sha256:7e1f0c92/);
  assert.doesNotMatch(text, /STATUS_DETAIL/);
});

Deno.test("renderPage() says why it does not tell who was refused", () => {
  const text = textOf(discreet, "refusals");
  assert.match(
    text,
    /told to callers on loopback, or to all with STATUS_DETAIL=all/,
  );
  assert.doesNotMatch(text, /Subject|Address/);
  assert.equal(text.match(/What would let it in/g)?.length, refusals.length);
});

Deno.test("renderPage() shows no condition's word twice", () => {
  const conditions = [{ name: "serving", ok: true, detail: "serving" }];
  assert.match(textOf({ ...healthy, conditions }, "state"), /serving holds: $/);
});

/** The report with each text in it, but for times and the words of its types, in place of its own. */
function spoiltBy(text: string): StatusReport {
  const spoil = <T>(value: T, keys: readonly (keyof T)[]): T => ({
    ...value,
    ...Object.fromEntries(keys.map((key) => [key, text])),
  });
  return {
    ...spoil(troubled, ["version"]),
    conditions: troubled.conditions.map((one) =>
      spoil(one, ["name", "detail"])
    ),
    certificates: troubled.certificates.map((one) => ({
      ...spoil(one, ["name", "issuer", "fingerprint"]),
      names: [text],
    })),
    source: { healthy: false, code: text, error: text },
    differs: spoil(troubled.differs!, ["code", "error"]),
    access: {
      ...troubled.access,
      rules: [{ by: text, rule: text }],
      peers: {
        unpinned: "accept",
        peers: [{ id: text, pins: 1, spiffe: text }],
      },
    },
    reloads: troubled.reloads.map((one) =>
      spoil(one, ["what", "outcome", "detail"])
    ),
    refusals: troubled.refusals.map((one) =>
      spoil(one, [
        ...["code", "detail", "advice", "address"] as const,
        ...["subject", "issuer", "spki"] as const,
      ])
    ),
  };
}

/** The tags of a page, in order, without the values of their attributes. */
function skeleton(body: string): string[] {
  return [...body.matchAll(/<[^>]*>/g)].map(([tag]) =>
    tag.replace(/="[^"]*"/g, "")
  );
}

Deno.test("renderPage() escapes every value, wherever in the report it stands", () => {
  const plain = skeleton(renderPage(spoiltBy("plain")).body);
  const hostile = [
    "<script>alert(1)</script>",
    `"><img src=x onerror=alert(1)>`,
    "' onmouseover='alert(1)",
    "</title></style></textarea>-->]]>",
    "${alert(1)} &lt;script&gt;",
  ];
  for (const text of hostile) {
    const { body } = renderPage(spoiltBy(text));
    assert.deepEqual(skeleton(body), plain, text);
  }
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "binary" }), (text) => {
      const { body } = renderPage(spoiltBy(text));
      assert.deepEqual(skeleton(body), plain);
    }),
    { numRuns: 50 },
  );
});

Deno.test("renderPage() stays below a megabyte with the most that a report has", () => {
  const many = <T>(list: readonly T[], length: number) =>
    Array.from({ length }, (_, at) => list[at % list.length]!);
  const { body } = renderPage({
    ...healthy,
    certificates: many(healthy.certificates, 256),
    reloads: many(healthy.reloads, 20),
    refusals: many(healthy.refusals, 20),
  });
  assert.ok(body.length < 1_000_000, `${body.length}`);
});
