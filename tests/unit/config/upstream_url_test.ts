import assert from "node:assert/strict";
import { readinessUrl, upstreamUrl } from "../../../src/config/upstream_url.ts";

const FORM = "a URL of the form http://host:port";

function upstream(text: string) {
  const parsed = upstreamUrl.parse(text);
  assert.ok("value" in parsed, `${text} is refused`);
  return parsed.value;
}

function refusal(text: string): string {
  const parsed = upstreamUrl.parse(text);
  assert.ok("expected" in parsed, `${text} is accepted`);
  return parsed.expected;
}

Deno.test("upstreamUrl splits a URL into what a connection and Host need", () => {
  assert.deepEqual(upstream("http://localhost:8080"), {
    hostname: "localhost",
    port: 8080,
    authority: "localhost:8080",
    url: "http://localhost:8080",
  });
});

Deno.test("upstreamUrl leaves the default port out of the authority", () => {
  for (const text of ["http://app", "http://app:80", "http://app/"]) {
    const { port, authority, url } = upstream(text);
    assert.equal(port, 80);
    assert.equal(authority, "app");
    assert.equal(url, "http://app");
  }
});

Deno.test("upstreamUrl takes an IPv6 address out of its brackets", () => {
  const { hostname, authority } = upstream("http://[::1]:8080");
  assert.equal(hostname, "::1");
  assert.equal(authority, "[::1]:8080");
  assert.equal(upstream("http://[FE80::1]").authority, "[fe80::1]");
});

Deno.test("upstreamUrl lowers the case of scheme and host", () => {
  assert.equal(upstream("HTTP://App.Example:81").url, "http://app.example:81");
});

Deno.test("upstreamUrl gives a value that can't be changed", () => {
  assert.ok(Object.isFrozen(upstream("http://app")));
});

Deno.test("upstreamUrl says that https is not yet supported", () => {
  const expected = "an http:// URL, since https:// is not yet supported";
  assert.equal(refusal("https://app"), expected);
  assert.equal(refusal("HTTPS://app:8443/"), expected);
});

Deno.test("upstreamUrl refuses a path, which would have no meaning", () => {
  const expected = "no path, since every request keeps its own";
  for (const text of ["http://app/base", "http://app//", "http://app/%41"]) {
    assert.equal(refusal(text), expected);
  }
});

Deno.test("upstreamUrl names credentials, query and fragment as such", () => {
  const credentials = "a URL without credentials";
  assert.equal(refusal("http://user:word@app"), credentials);
  assert.equal(refusal("http://user@app:80/"), credentials);
  assert.equal(refusal("http://@app"), credentials);
  const query = "a URL without a query or fragment";
  assert.equal(refusal("http://app?a=1"), query);
  assert.equal(refusal("http://app/?"), query);
  assert.equal(refusal("http://app#top"), query);
});

Deno.test("upstreamUrl refuses ports that can't be connected to", () => {
  const expected = "a port from 1 to 65535";
  assert.equal(refusal("http://app:0"), expected);
  assert.equal(refusal("http://app:65536"), expected);
});

Deno.test("upstreamUrl refuses what a lenient parser would repair", () => {
  const texts = [
    "",
    "app",
    "app:8080",
    "//app",
    "http:app",
    "http:/app",
    "http:\\\\app",
    "http://",
    "http:///path",
    "http://app:",
    "http://app:80a",
    "http://app:+80",
    "http://app:123456",
    " http://app",
    "http://app ",
    "http://a\tpp",
    "http://app\n",
    "http://app/\0",
    "http://a%70p",
    "http://127.1",
    "http://0x7f000001",
    "http://bücher",
    "http://::1",
    "http://[::1",
    "http://[::g]",
    "http://[app]",
    "ftp://app",
    "unix:/run/app.sock",
    "javascript:alert(1)",
  ];
  for (const text of texts) assert.equal(refusal(text), FORM, text);
});

Deno.test("readinessUrl keeps the path as the request target", () => {
  const parsed = readinessUrl.parse("http://app:8080/health/ready");
  assert.ok("value" in parsed);
  assert.deepEqual(parsed.value, {
    hostname: "app",
    port: 8080,
    authority: "app:8080",
    url: "http://app:8080/health/ready",
    requestTarget: "/health/ready",
  });
  assert.ok(Object.isFrozen(parsed.value));
});

Deno.test("readinessUrl asks for / where no path is given", () => {
  const parsed = readinessUrl.parse("http://app");
  assert.equal("value" in parsed && parsed.value?.requestTarget, "/");
});

Deno.test("readinessUrl refuses a path that would break a request line", () => {
  for (const path of ["/a b", "/a\r\nX: y", "/ü", "/%zz", "/%4", "/a\\b"]) {
    assert.ok("expected" in readinessUrl.parse(`http://app${path}`), path);
  }
});

Deno.test("readinessUrl refuses https and a query like upstreamUrl does", () => {
  assert.ok("expected" in readinessUrl.parse("https://app/ready"));
  assert.ok("expected" in readinessUrl.parse("http://app/ready?full"));
});

Deno.test("readinessUrl takes none for null and shows it so", () => {
  assert.deepEqual(readinessUrl.parse("none"), { value: null });
  assert.equal(readinessUrl.format(null), "none");
  assert.ok("expected" in readinessUrl.parse("None"));
});
