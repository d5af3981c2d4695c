import assert from "node:assert/strict";
import {
  readinessUrl,
  serverName,
  upstreamUrl,
} from "../../../src/config/upstream_url.ts";

const FORM =
  "a URL of the form http://host:port, https://host:port or unix:/path";

function upstream(text: string) {
  const parsed = upstreamUrl.parse(text);
  assert.ok("value" in parsed, `${text} is refused`);
  return parsed.value;
}

/** What is understood of a URL that is not `unix:`. */
function tcp(text: string) {
  const target = upstream(text);
  assert.ok(target.scheme !== "unix");
  return target;
}

function refusal(text: string): string {
  const parsed = upstreamUrl.parse(text);
  assert.ok("expected" in parsed, `${text} is accepted`);
  return parsed.expected;
}

Deno.test("upstreamUrl splits a URL into what a connection and Host need", () => {
  assert.deepEqual(upstream("http://localhost:8080"), {
    scheme: "http",
    hostname: "localhost",
    port: 8080,
    authority: "localhost:8080",
    url: "http://localhost:8080",
  });
});

Deno.test("upstreamUrl leaves the default port out of the authority", () => {
  for (const text of ["http://app", "http://app:80", "http://app/"]) {
    const { port, authority, url } = tcp(text);
    assert.equal(port, 80);
    assert.equal(authority, "app");
    assert.equal(url, "http://app");
  }
  for (const text of ["https://app", "https://app:443", "https://app/"]) {
    const { port, authority, url } = tcp(text);
    assert.equal(port, 443);
    assert.equal(authority, "app");
    assert.equal(url, "https://app");
  }
  assert.equal(upstream("https://app:80").authority, "app:80");
  assert.equal(upstream("http://app:443").authority, "app:443");
});

Deno.test("upstreamUrl takes an IPv6 address out of its brackets", () => {
  const { hostname, authority } = tcp("http://[::1]:8080");
  assert.equal(hostname, "::1");
  assert.equal(authority, "[::1]:8080");
  assert.equal(upstream("http://[FE80::1]").authority, "[fe80::1]");
});

Deno.test("upstreamUrl lowers the case of scheme and host", () => {
  assert.equal(upstream("HTTP://App.Example:81").url, "http://app.example:81");
  assert.equal(upstream("HTTPS://App").url, "https://app");
});

Deno.test("upstreamUrl gives a value that can't be changed", () => {
  assert.ok(Object.isFrozen(upstream("http://app")));
  assert.ok(Object.isFrozen(upstream("unix:/app")));
});

Deno.test("upstreamUrl takes the path of a Unix socket, in two spellings", () => {
  const target = {
    scheme: "unix",
    path: "/run/app.sock",
    authority: "localhost",
    url: "unix:/run/app.sock",
  };
  for (const prefix of ["unix:", "unix://", "UNIX:"]) {
    assert.deepEqual(upstream(`${prefix}/run/app.sock`), target);
  }
  assert.equal(upstream("unix:/a%20b c?#@").url, "unix:/a%20b c?#@");
});

Deno.test("upstreamUrl refuses what is no absolute path of a socket", () => {
  for (
    const text of [
      "unix:",
      "unix:/",
      "unix://",
      "unix:///",
      "unix:app.sock",
      "unix:./app.sock",
      "unix://run/app.sock",
      "unix:////run/app.sock",
      "unix:/run/app\n",
      "unix:/\0app",
      "unix: /run/app",
    ]
  ) assert.equal(refusal(text), "an absolute path after unix:", text);
});

Deno.test("upstreamUrl refuses a path that no socket can have", () => {
  const expected = "a path of at most 107 octets";
  assert.ok(upstream(`unix:/${"a".repeat(106)}`));
  assert.equal(refusal(`unix:/${"a".repeat(107)}`), expected);
  assert.equal(refusal(`unix:/${"\u00e9".repeat(54)}`), expected);
});

Deno.test("upstreamUrl refuses a path, which would have no meaning", () => {
  const expected = "no path, since every request keeps its own";
  for (
    const text of [
      "http://app/base",
      "http://app//",
      "http://app/%41",
      "https://app/base",
    ]
  ) {
    assert.equal(refusal(text), expected);
  }
});

Deno.test("upstreamUrl names credentials, query and fragment as such", () => {
  const credentials = "a URL without credentials";
  assert.equal(refusal("http://user:word@app"), credentials);
  assert.equal(refusal("http://user@app:80/"), credentials);
  assert.equal(refusal("http://@app"), credentials);
  assert.equal(refusal("https://user@app"), credentials);
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
    "https:app",
    "https:/app",
    "https:///path",
    "https://[app]",
    "httpss://app",
    "xhttps://app",
    "http+unix://app",
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
    "javascript:alert(1)",
  ];
  for (const text of texts) assert.equal(refusal(text), FORM, text);
});

Deno.test("readinessUrl keeps the path as the request target", () => {
  const parsed = readinessUrl.parse("http://app:8080/health/ready");
  assert.ok("value" in parsed);
  assert.deepEqual(parsed.value, {
    server: {
      scheme: "http",
      hostname: "app",
      port: 8080,
      authority: "app:8080",
      url: "http://app:8080",
    },
    url: "http://app:8080/health/ready",
    requestTarget: "/health/ready",
  });
  assert.ok(Object.isFrozen(parsed.value));
  assert.ok(Object.isFrozen(parsed.value?.server));
});

Deno.test("readinessUrl takes a path alone for one of the server of UPSTREAM_URL", () => {
  assert.deepEqual(readinessUrl.parse("/health"), {
    value: { server: undefined, url: "/health", requestTarget: "/health" },
  });
});

Deno.test("readinessUrl takes https", () => {
  const parsed = readinessUrl.parse("https://app/ready");
  assert.ok("value" in parsed && parsed.value?.server?.scheme === "https");
  assert.equal(parsed.value.server.port, 443);
});

Deno.test("readinessUrl asks for / where no path is given", () => {
  const parsed = readinessUrl.parse("http://app");
  assert.equal("value" in parsed && parsed.value?.requestTarget, "/");
});

Deno.test("readinessUrl refuses a path that would break a request line", () => {
  for (
    const path of ["/a?b", "/a b", "/a\r\nX: y", "/ü", "/%zz", "/%4", "/a\\b"]
  ) {
    assert.ok("expected" in readinessUrl.parse(`http://app${path}`), path);
    assert.ok("expected" in readinessUrl.parse(path), path);
  }
});

Deno.test("readinessUrl refuses a query, and what it does not support", () => {
  assert.deepEqual(readinessUrl.parse("unix:/ready"), {
    expected: "a URL of the form http://host:port/path, /path alone or none",
  });
  assert.ok("expected" in readinessUrl.parse("http://app/ready?full"));
});

Deno.test("readinessUrl takes none for null and shows it so", () => {
  assert.deepEqual(readinessUrl.parse("none"), { value: null });
  assert.equal(readinessUrl.format(null), "none");
  assert.ok("expected" in readinessUrl.parse("None"));
});

Deno.test("serverName takes names and addresses, or nothing", () => {
  for (const name of ["", "app.example", "127.0.0.1", "::1"]) {
    assert.deepEqual(serverName.parse(name), { value: name });
  }
  assert.deepEqual(serverName.parse("App"), { value: "app" });
  for (const name of ["[::1]", "app:443", "*.example", "a b", "127.1"]) {
    assert.ok("expected" in serverName.parse(name), name);
  }
});
