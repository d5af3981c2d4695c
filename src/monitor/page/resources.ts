import style from "./page.css" with { type: "text" };
import script from "./refresh.js" with { type: "text" };

/** What a GET is answered, with status 200. Its length is that of its UTF-8. */
export interface Page {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Nothing inline, nothing from elsewhere, no frame around it, no form, and no
 * string that a script turns into markup: what escaping might have let through
 * comes to nothing here.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "connect-src 'self'",
  "img-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/**
 * The headers of the page and of what it asks for. No cache keeps any of it: the
 * page shows what is, and after an update of the sidecar its style and script
 * must be those of the new version.
 */
export function pageHeaders(type: string): Page["headers"] {
  return Object.freeze({
    "content-type": type,
    "cache-control": "no-store",
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
}

/** What the page asks for, by path. */
export const PAGE_RESOURCES: ReadonlyMap<string, Page> = new Map([
  ["/status/page.css", resource("text/css; charset=utf-8", style)],
  ["/status/refresh.js", resource("text/javascript; charset=utf-8", script)],
  ["/status/good.svg", icon("#2f9e66")],
  ["/status/warn.svg", icon("#dd9a0c")],
  ["/status/bad.svg", icon("#d4453b")],
]);

function resource(type: string, body: string): Page {
  return Object.freeze({ headers: pageHeaders(type), body });
}

/** A dot for the tab, so that a sidecar in trouble is seen among many. */
function icon(colour: string): Page {
  return resource(
    "image/svg+xml",
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${colour}"/></svg>\n`,
  );
}
