import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { StatusReport } from "../../src/monitor/status_report.ts";
import {
  discreet,
  fresh,
  healthy,
  NOW,
  troubled,
} from "../unit/monitor/page/reports.ts";
import { TestSidecar } from "../support/sidecar.ts";
import { launchBrowser, withoutBrowser } from "./browser.ts";
import { PageServer } from "./page_server.ts";

/** How often the page renews itself. */
const PERIOD_MS = 5_000;

/** One page in a browser, with all that it complained of and asked for. */
interface Visit {
  readonly page: Page;
  readonly complaints: string[];
  readonly requests: string[];
}

type Look = Parameters<
  Awaited<ReturnType<typeof launchBrowser>>["newContext"]
>[0];

// One browser for all: to start one takes a second.
const browser = withoutBrowser ? undefined : await launchBrowser();
globalThis.addEventListener("unload", () => void browser?.close());

async function visit(
  url: string,
  look: Look,
  see: (visit: Visit) => Promise<void>,
): Promise<void> {
  const context = await browser!.newContext(look);
  try {
    // The page's time goes on when a test says so.
    await context.clock.install();
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    context.on("request", (request) => requests.push(request.url()));
    await page.goto(url);
    await see({ page, complaints, requests });
  } finally {
    await context.close();
  }
}

function browserTest(name: string, fn: () => Promise<void>): void {
  Deno.test({
    name,
    fn,
    ignore: withoutBrowser,
    // The browser outlives each test.
    sanitizeResources: false,
    sanitizeOps: false,
  });
}

async function isWiderThanScreen(page: Page): Promise<boolean> {
  return await page.evaluate(
    "document.documentElement.scrollWidth > document.documentElement.clientWidth",
  );
}

browserTest(
  "the page of a sidecar at work has no complaint and asks nobody else",
  async () => {
    await using sidecar = await TestSidecar.start({ monitor: true });
    const { monitorUrl } = sidecar;
    await visit(`${monitorUrl}/status`, {}, async (visit) => {
      const { page, complaints, requests } = visit;
      assert.equal(await page.textContent("h1"), "Ready");
      assert.equal(await page.getByText("Test Root").count() > 0, true);
      // Its script has run, and has found what it renews.
      await page.getByRole("button", { name: "Pause" }).waitFor();
      assert.deepEqual(complaints, []);
      assert.ok(requests.length >= 3);
      for (const url of requests) assert.ok(url.startsWith(monitorUrl), url);
    });
  },
);

browserTest(
  "every report is shown without a complaint, in light and dark, on a phone and a desk",
  async () => {
    await using server = new PageServer(healthy);
    for (const report of [healthy, troubled, fresh, discreet]) {
      for (const colorScheme of ["light", "dark"] as const) {
        server.report = report;
        await visit(server.url, { colorScheme }, async (visit) => {
          const { page, complaints } = visit;
          for (const width of [320, 360, 768, 1280]) {
            await page.setViewportSize({ width, height: 800 });
            assert.equal(await isWiderThanScreen(page), false, `${width}`);
          }
          assert.deepEqual(complaints, []);
        });
      }
    }
  },
);

browserTest(
  "names without a space do not make the page wider than a phone",
  async () => {
    const long = "x".repeat(500);
    const report: StatusReport = {
      ...troubled,
      certificates: troubled.certificates.map((one) => ({
        ...one,
        name: `CN=${long}`,
        names: [long],
      })),
      access: {
        ...troubled.access,
        rules: [{ by: "cn", rule: long }],
        peers: {
          unpinned: "refuse",
          peers: [{ id: long, pins: 1, spiffe: long }],
        },
      },
      reloads: [{ at: NOW, what: long, outcome: long, detail: long }],
      refusals: [
        { at: NOW, code: long, detail: long, advice: long, subject: long },
      ],
    };
    await using server = new PageServer(report);
    const look = { viewport: { width: 360, height: 800 } };
    await visit(server.url, look, async ({ page }) => {
      for (const summary of await page.locator("summary").all()) {
        await summary.click();
      }
      assert.equal(await isWiderThanScreen(page), false);
    });
  },
);

browserTest("light and dark differ as the reader has asked", async () => {
  await using server = new PageServer(healthy);
  const papers: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await visit(server.url, { colorScheme }, async ({ page }) => {
      papers.push(
        await page.evaluate("getComputedStyle(document.body).backgroundColor"),
      );
    });
  }
  assert.deepEqual(papers, ["rgb(244, 245, 242)", "rgb(15, 20, 18)"]);
});

browserTest(
  "the page renews itself: what changed is replaced, and what is unfolded stays so",
  async () => {
    await using server = new PageServer(healthy);
    await visit(server.url, {}, async ({ page, complaints }) => {
      await page.locator("#server-0").click();
      // Nodes of a section that says the same are left alone.
      const title = "document.getElementById('reloads-title')";
      await page.evaluate(`${title}.dataset.seen = "yes"`);
      server.report = troubled;
      await page.clock.runFor(PERIOD_MS);
      await page.getByText("Not ready", { exact: true }).waitFor();
      assert.match(await page.title(), /^Not ready · /);
      assert.equal(await page.getAttribute("html", "class"), "bad");
      assert.match(
        await page.getAttribute("link[rel=icon]", "href") ?? "",
        /bad/,
      );
      assert.match(await page.textContent("#told") ?? "", /^Not ready/);
      const open = "document.querySelector('#server-0').parentElement.open";
      assert.equal(await page.evaluate(open), true);
      assert.equal(await page.evaluate(`${title}.dataset.seen`), "yes");
      assert.deepEqual(complaints, []);
    });
  },
);

browserTest(
  "a page whose sidecar does not answer says so, and recovers",
  async () => {
    await using server = new PageServer(healthy);
    await visit(server.url, {}, async ({ page }) => {
      server.failing = true;
      await page.clock.runFor(PERIOD_MS);
      await page.locator("html.stale").waitFor();
      assert.match(
        await page.textContent("#freshness") ?? "",
        /^No answer since 12:03:59 UTC$/,
      );
      assert.match(await page.title(), /^No answer/);
      server.failing = false;
      await page.clock.runFor(PERIOD_MS);
      await page.locator("html:not(.stale)").waitFor();
      assert.match(await page.title(), /^Ready/);
    });
  },
);

browserTest("a paused page asks for nothing until it is resumed", async () => {
  await using server = new PageServer(healthy);
  await visit(server.url, {}, async ({ page, requests }) => {
    await page.getByRole("button", { name: "Pause" }).click();
    requests.length = 0;
    await page.clock.runFor(10 * PERIOD_MS);
    assert.deepEqual(requests, []);
    server.report = troubled;
    await page.getByRole("button", { name: "Resume" }).click();
    await page.clock.runFor(1);
    await page.getByText("Not ready", { exact: true }).waitFor();
  });
});

browserTest("the page is whole without JavaScript", async () => {
  await using server = new PageServer(troubled);
  const look = { javaScriptEnabled: false };
  await visit(server.url, look, async ({ page, complaints }) => {
    assert.equal(await page.textContent("h1"), "Not ready");
    // A button that could do nothing is not there.
    assert.equal(await page.getByRole("button").count(), 0);
    const headings = await page.locator("h2").allTextContents();
    assert.deepEqual(headings, [
      ...["Traffic", "Certificates", "Reloads", "Who may enter"],
      ...["Connections", "Refused clients"],
    ]);
    await page.locator("#server-0").click();
    assert.ok(
      await page.getByText("payments.shop.svc.cluster.local").isVisible(),
    );
    assert.deepEqual(complaints, []);
  });
});

browserTest(
  "a subject that is markup is text, also when the page renews itself",
  async () => {
    const subject =
      `CN=<script>document.title="owned"</script><img src=x onerror=alert(1)>`;
    const hostile: StatusReport = {
      ...healthy,
      refusals: healthy.refusals.map((one) => ({ ...one, subject })),
    };
    await using server = new PageServer(hostile);
    await visit(server.url, {}, async ({ page, complaints, requests }) => {
      const seen = page.locator("#refusals dd", { hasText: subject });
      const all = healthy.refusals.length;
      assert.equal(await seen.count(), all);
      server.report = { ...hostile, refusals: hostile.refusals.slice(1) };
      await page.clock.runFor(PERIOD_MS);
      await page.locator(`#refusals li >> nth=${all - 1}`)
        .waitFor({ state: "detached" });
      assert.equal(await seen.count(), all - 1);
      assert.equal(
        await page.locator("#refusals img, section script").count(),
        0,
      );
      assert.match(await page.title(), /^Ready/);
      assert.deepEqual(complaints, []);
      assert.ok(
        requests.every((url) => url.startsWith(new URL("/", server.url).href)),
      );
    });
  },
);

browserTest(
  "the policy of the page stops a script that were in it all the same",
  async () => {
    await using server = new PageServer(healthy);
    await visit(server.url, {}, async ({ page, complaints }) => {
      await page.evaluate(`{
      const script = document.createElement("script");
      script.append("document.title = 'owned'");
      document.body.append(script);
    }`).catch(() => {});
      assert.doesNotMatch(await page.title(), /owned/);
      assert.ok(complaints.length > 0);
    });
  },
);

browserTest(
  "each picture and section has a name for those who do not see it",
  async () => {
    await using server = new PageServer(healthy);
    await visit(server.url, {}, async ({ page }) => {
      const tree = await page.locator("body").ariaSnapshot();
      assert.doesNotMatch(tree, /^\s*- (img|region|table)( \[|:|$)/m);
      for (
        const name of [
          'img "71 % of the server certificate\'s life left"',
          'region "Refused clients"',
          'table "Rules"',
          'img "Requests a second',
        ]
      ) assert.ok(tree.includes(name), `${name}\n${tree}`);
    });
  },
);
