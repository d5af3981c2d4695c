import { type Browser, chromium } from "playwright-core";

/** Where Debian and its kin put it. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

const executable = PLACES.find(isThere);

/** For the `ignore` of a test that needs the browser. Says once why, where it is true. */
export const withoutBrowser: boolean = executable === undefined;
if (withoutBrowser) {
  console.warn(
    "The tests in a browser are skipped: install Debian's package chromium",
  );
}

/** A headless Chromium, ended with its scope. */
export async function launchBrowser(): Promise<Browser & AsyncDisposable> {
  if (executable === undefined) throw new Error("chromium is not installed");
  return await chromium.launch({
    executablePath: executable,
    // Its sandbox does not start in a container or as root. It is shown our own
    // pages alone.
    chromiumSandbox: false,
    args: ["--disable-gpu", "--disable-dev-shm-usage"],
  });
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
