import assert from "node:assert/strict";
import {
  boolean,
  choice,
  isHostName,
  type Kind,
  listenHost,
  optionalPath,
  path,
  port,
  seconds,
} from "../../../src/config/kinds.ts";

function accepted<T>(kind: Kind<T>, text: string): T {
  const parsed = kind.parse(text);
  assert.ok("value" in parsed, `${JSON.stringify(text)} is refused`);
  return parsed.value;
}

function refused<T>(kind: Kind<T>, text: string): string {
  const parsed = kind.parse(text);
  assert.ok("expected" in parsed, `${JSON.stringify(text)} is accepted`);
  return parsed.expected;
}

Deno.test("port takes 0 to 65535", () => {
  assert.equal(accepted(port, "0"), 0);
  assert.equal(accepted(port, "8443"), 8443);
  assert.equal(accepted(port, "65535"), 65535);
});

Deno.test("port refuses whatever is not plain decimal digits", () => {
  const texts = [
    "",
    " ",
    "80a",
    "8e3",
    " 80",
    "80 ",
    "80\n",
    "+80",
    "-1",
    "-0",
    "0x50",
    "080",
    "8_0",
    "80.0",
    "１２",
    "NaN",
    "Infinity",
    "65536",
    "99999999999999999999",
  ];
  for (const text of texts) {
    assert.equal(refused(port, text), "an integer from 0 to 65535");
  }
});

Deno.test("seconds() keeps its bounds, both included", () => {
  const kind = seconds({ min: 1, max: 86400 });
  assert.equal(accepted(kind, "1"), 1);
  assert.equal(accepted(kind, "86400"), 86400);
  assert.equal(refused(kind, "0"), "an integer from 1 to 86400");
  refused(kind, "86401");
  refused(kind, "1.5");
});

Deno.test("boolean takes true, false, 1 and 0 and nothing else", () => {
  assert.equal(accepted(boolean, "true"), true);
  assert.equal(accepted(boolean, "1"), true);
  assert.equal(accepted(boolean, "false"), false);
  assert.equal(accepted(boolean, "0"), false);
  for (const text of ["", "TRUE", "yes", "on", "no", " true", "2", "00"]) {
    assert.equal(refused(boolean, text), "true, false, 1 or 0");
  }
});

Deno.test("choice() takes its words in their spelling", () => {
  const kind = choice(["all", "errors", "off"]);
  assert.equal(accepted(kind, "errors"), "errors");
  for (const text of ["", "ALL", "error", "all,off", "toString"]) {
    assert.equal(refused(kind, text), "one of all, errors, off");
  }
});

Deno.test("path takes what the file system would, spaces included", () => {
  assert.equal(accepted(path, "./certs"), "./certs");
  assert.equal(accepted(path, "/a b/ü"), "/a b/ü");
  accepted(path, "/".repeat(4095));
});

Deno.test("path refuses the empty, the endless and control characters", () => {
  for (const text of ["", "/a\0b", "/a\n", "\x7f", "/".repeat(4096)]) {
    assert.equal(refused(path, text), "a path without control characters");
  }
});

Deno.test("optionalPath takes nothing, and a path as path does", () => {
  assert.equal(accepted(optionalPath, ""), "");
  assert.equal(accepted(optionalPath, "./crl.pem"), "./crl.pem");
  for (const text of ["/a\0b", "/".repeat(4096)]) {
    assert.equal(
      refused(optionalPath, text),
      "a path without control characters",
    );
  }
});

Deno.test("listenHost takes addresses of both families and names", () => {
  for (const text of ["0.0.0.0", "::", "::1", "127.0.0.1", "localhost"]) {
    assert.equal(accepted(listenHost, text), text);
  }
});

Deno.test("listenHost refuses brackets, ports and blanks", () => {
  for (const text of ["", "[::]", "0.0.0.0:80", "a b", "::g", "256.0.0.1"]) {
    assert.equal(
      refused(listenHost, text),
      "an IP address without brackets or a host name",
    );
  }
});

Deno.test("isHostName() takes names as networks have them", () => {
  const names = [
    "a",
    "localhost",
    "my_app",
    "app.ns.svc.cluster.local",
    "app.ns.svc.cluster.local.",
    "10.0.0.1",
    "1password.example",
    "a".repeat(63),
  ];
  for (const name of names) assert.equal(isHostName(name), true, name);
});

Deno.test("isHostName() refuses what a resolver would read as an address", () => {
  for (const name of ["127.1", "0x7f.1", "2130706433", "1.2.3.4.5", "a.0x"]) {
    assert.equal(isHostName(name), false, name);
  }
});

Deno.test("isHostName() refuses malformed and overlong names", () => {
  const names = [
    "",
    ".",
    "-a",
    "a-",
    ".a",
    "a..b",
    "a b",
    "a/b",
    "bücher",
    "a%41",
    "a".repeat(64),
    `${"a.".repeat(127)}`,
  ];
  for (const name of names) assert.equal(isHostName(name), false, name);
});
