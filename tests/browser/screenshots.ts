import { join } from "node:path";
import { healthy, troubled } from "../unit/monitor/page/reports.ts";
import { launchBrowser } from "./browser.ts";
import { PageServer } from "./page_server.ts";

/** README's pictures of the status page, the same in every run on one machine. */
const PICTURES = [
  { name: "status-light", report: healthy, width: 1200, colorScheme: "light" },
  { name: "status-dark", report: troubled, width: 1200, colorScheme: "dark" },
  { name: "status-phone", report: troubled, width: 390, colorScheme: "light" },
] as const;

const FOLDER = join(import.meta.dirname!, "../../docs/images");

await using server = new PageServer(healthy);
await using browser = await launchBrowser();
await Deno.mkdir(FOLDER, { recursive: true });
for (const { name, report, width, colorScheme } of PICTURES) {
  server.report = report;
  const page = await browser.newPage({
    colorScheme,
    viewport: { width, height: 844 },
    deviceScaleFactor: width < 500 ? 1.5 : 1,
  });
  await page.goto(server.url);
  await page.evaluate("document.fonts.ready");
  const path = join(FOLDER, `${name}.png`);
  // A phone's first screen; the rest is long.
  await page.screenshot({ path, fullPage: width > 500 });
  await page.close();
  console.log(`docs/images/${name}.png`);
}
