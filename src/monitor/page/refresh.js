// Renews the status page in place: a section is replaced where the server now
// says something else of it, so that nothing flickers, the page stays where it
// was scrolled to, and what is selected in other sections stays selected.
// The page needs none of this to be read.
"use strict";

const PERIOD_MS = 5_000;
const TIMEOUT_MS = 4_000;

const freshness = document.getElementById("freshness");
/** What is said aloud to those who don't see it. */
const told = document.getElementById("told");
const pause = document.getElementById("pause");
/** What the server last said of each section, by its id. */
const said = new Map();
let paused = false;
let timer = 0;

for (const section of document.querySelectorAll("[data-live]")) {
  said.set(section.id, section.innerHTML);
}

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? "Resume" : "Pause";
  schedule(0);
});
document.addEventListener("visibilitychange", () => schedule(0));
schedule(PERIOD_MS);

/** A page that nobody sees asks for nothing. */
function schedule(delay) {
  clearTimeout(timer);
  if (!paused && !document.hidden) timer = setTimeout(renew, delay);
}

// XMLHttpRequest and not fetch(): it gives a parsed document, without the
// string-to-markup step that the page's Content Security Policy forbids.
function renew() {
  const request = new XMLHttpRequest();
  request.open("GET", location.href);
  request.responseType = "document";
  request.timeout = TIMEOUT_MS;
  request.onloadend = () => {
    const fresh = request.status === 200 ? request.response : null;
    if (fresh === null) missed();
    else show(fresh);
    schedule(PERIOD_MS);
  };
  request.send();
}

function show(fresh) {
  const root = document.documentElement;
  const next = fresh.documentElement;
  // Another version has another style and script.
  if (next.dataset.version !== root.dataset.version) return location.reload();
  for (const section of fresh.querySelectorAll("[data-live]")) {
    const markup = section.innerHTML;
    if (said.get(section.id) === markup) continue;
    said.set(section.id, markup);
    replace(document.getElementById(section.id), section);
  }
  root.className = next.className;
  if (document.title !== fresh.title) told.textContent = fresh.title;
  document.title = fresh.title;
  document.querySelector("link[rel=icon]").href =
    fresh.querySelector("link[rel=icon]").href;
  freshness.textContent = fresh.getElementById("freshness").textContent;
}

/** What is unfolded stays unfolded, and what has the focus keeps it. */
function replace(section, fresh) {
  const focused = section.contains(document.activeElement)
    ? document.activeElement.id
    : "";
  const unfolded = section.querySelectorAll("details[open] > summary");
  for (const { id } of unfolded) {
    fresh.querySelector(`#${id}`)?.parentElement.toggleAttribute("open", true);
  }
  section.replaceChildren(...fresh.childNodes);
  document.getElementById(focused)?.focus({ preventScroll: true });
}

function missed() {
  const root = document.documentElement;
  if (root.classList.contains("stale")) return;
  root.classList.add("stale");
  freshness.textContent = `No answer since ${freshness.textContent}`;
  document.title = `No answer · ${document.title}`;
  told.textContent = document.title;
}
