import assert from "node:assert/strict";
import { parseCommandLine } from "../../../src/config/command_line.ts";

/** The values of a command line without problems. */
function valuesOf(...args: string[]): Record<string, string> {
  const { values, problems } = parseCommandLine(args);
  assert.deepEqual(problems, []);
  return Object.fromEntries(values);
}

function problemsOf(...args: string[]): readonly string[] {
  return parseCommandLine(args).problems;
}

Deno.test("parseCommandLine() serves where no command is given", () => {
  const { command, once, values, problems } = parseCommandLine([]);
  assert.equal(command, "serve");
  assert.equal(once, false);
  assert.equal(values.size, 0);
  assert.deepEqual(problems, []);
});

Deno.test("parseCommandLine() takes a value after the flag or after =", () => {
  assert.deepEqual(valuesOf("--cert-dir", "./certs", "--ca-dir=./ca"), {
    CERT_DIR: "./certs",
    CA_DIR: "./ca",
  });
});

Deno.test("parseCommandLine() splits at the first = alone", () => {
  assert.deepEqual(valuesOf("--cert-dir=a=b"), { CERT_DIR: "a=b" });
});

Deno.test("parseCommandLine() lets a boolean flag stand alone", () => {
  assert.deepEqual(valuesOf("--via"), { VIA: "true" });
  assert.deepEqual(valuesOf("--via", "--preserve-host"), {
    VIA: "true",
    PRESERVE_HOST: "true",
  });
});

Deno.test("parseCommandLine() gives a boolean flag the boolean after it", () => {
  for (const text of ["true", "false", "1", "0"]) {
    assert.deepEqual(valuesOf("--via", text), { VIA: text });
    assert.deepEqual(valuesOf(`--via=${text}`), { VIA: text });
  }
});

Deno.test("parseCommandLine() leaves a command after a boolean flag alone", () => {
  const { command, values } = parseCommandLine(["--via", "serve"]);
  assert.equal(command, "serve");
  assert.equal(values.get("VIA"), "true");
});

Deno.test("parseCommandLine() keeps an empty value for its kind to refuse", () => {
  assert.deepEqual(valuesOf("--cert-dir="), { CERT_DIR: "" });
  assert.deepEqual(valuesOf("--cert-dir", ""), { CERT_DIR: "" });
  assert.deepEqual(valuesOf("--via="), { VIA: "" });
});

Deno.test("parseCommandLine() keeps a negative number as a value", () => {
  assert.deepEqual(valuesOf("--monitor-port", "-1"), { MONITOR_PORT: "-1" });
});

Deno.test("parseCommandLine() takes no flag for a value", () => {
  const { values, problems } = parseCommandLine(["--cert-dir", "--via"]);
  assert.equal(values.get("VIA"), "true");
  assert.deepEqual(problems, [
    "Cannot use --cert-dir alone: expected a value after it",
  ]);
  assert.equal(problemsOf("--cert-dir").length, 1);
});

Deno.test("parseCommandLine() refuses a flag given twice, once", () => {
  const problem = "Cannot use --via twice: expected it once";
  assert.deepEqual(problemsOf("--via", "--via=false"), [problem]);
});

Deno.test("parseCommandLine() names the nearest flag to an unknown one", () => {
  assert.deepEqual(problemsOf("--upstraem-url", "http://secret@app"), [
    'Cannot use unknown flag "--upstraem-url": did you mean --upstream-url',
  ]);
  assert.deepEqual(problemsOf("--hlep"), [
    'Cannot use unknown flag "--hlep": did you mean --help',
  ]);
});

Deno.test("parseCommandLine() refers to --help where no flag is near", () => {
  for (const flag of ["--frobnicate", "--", "-", "-x", "--constructor"]) {
    assert.deepEqual(problemsOf(flag), [
      `Cannot use unknown flag "${flag}": expected one that --help lists`,
    ]);
  }
});

Deno.test("parseCommandLine() judges the flag after an unknown one", () => {
  assert.equal(problemsOf("--frobnicate", "--via=true", "--nope").length, 2);
});

Deno.test("parseCommandLine() refuses an argument that is no command", () => {
  assert.deepEqual(problemsOf("serv"), [
    'Cannot use argument "serv": expected a flag, serve, check, demo, status or healthcheck',
  ]);
  assert.equal(problemsOf("serve", "serve").length, 1);
  assert.equal(problemsOf("serve", "demo").length, 1);
  assert.equal(problemsOf("").length, 1);
});

Deno.test("parseCommandLine() takes --once with demo", () => {
  for (const args of [["demo", "--once"], ["--once", "demo"]]) {
    const { command, once, problems } = parseCommandLine(args);
    assert.equal(command, "demo");
    assert.equal(once, true);
    assert.deepEqual(problems, []);
  }
});

Deno.test("parseCommandLine() refuses --once without demo", () => {
  assert.deepEqual(problemsOf("--once"), [
    "Cannot use --once without demo: expected it after demo",
  ]);
});

Deno.test("parseCommandLine() takes --json, a client and settings with check", () => {
  const { command, json, client, values, problems } = parseCommandLine([
    ...["check", "--json", "--client-cert", "client.pem"],
    ...["--client-chain=chain.pem", "--via", "false"],
  ]);
  assert.equal(command, "check");
  assert.equal(json, true);
  assert.deepEqual(client, { certificate: "client.pem", chain: "chain.pem" });
  assert.deepEqual([...values], [["VIA", "false"]]);
  assert.deepEqual(problems, []);
  assert.equal(parseCommandLine(["check"]).json, false);
  assert.equal(parseCommandLine(["check"]).client, undefined);
});

Deno.test("parseCommandLine() refuses what belongs to check without it", () => {
  for (const command of [[], ["serve"]]) {
    assert.deepEqual(problemsOf(...command, "--json", "--client-cert", "a"), [
      "Cannot use --json without check or status: expected it after check or status",
      "Cannot use --client-cert without check: expected it after check",
    ]);
  }
  assert.deepEqual(problemsOf("demo", "--json", "--client-cert=a"), [
    "Cannot use --json with demo: expected --once alone",
    "Cannot use --client-cert with demo: expected --once alone",
  ]);
  assert.deepEqual(problemsOf("check", "--once"), [
    "Cannot use --once without demo: expected it after demo",
  ]);
});

Deno.test("parseCommandLine() refuses a client without a path, or a chain without a client", () => {
  assert.deepEqual(problemsOf("check", "--client-cert"), [
    "Cannot use --client-cert alone: expected a value after it",
  ]);
  assert.deepEqual(problemsOf("check", "--client-cert", ""), [
    'Cannot parse --client-cert "": expected a path without control characters',
  ]);
  assert.deepEqual(problemsOf("check", "--client-chain", "chain.pem"), [
    "Cannot use --client-chain without --client-cert: expected both",
  ]);
  assert.deepEqual(problemsOf("check", "--client-crt", "client.pem"), [
    'Cannot use unknown flag "--client-crt": did you mean --client-cert',
  ]);
});

Deno.test("parseCommandLine() refuses settings with demo, which has its own", () => {
  assert.deepEqual(problemsOf("demo", "--via", "--cert-dir=x"), [
    "Cannot use --via with demo: expected --once alone",
    "Cannot use --cert-dir with demo: expected --once alone",
  ]);
});

Deno.test("parseCommandLine() refuses a value for a switch", () => {
  assert.deepEqual(problemsOf("demo", "--once=false"), [
    "Cannot use --once with a value: expected none",
  ]);
});

Deno.test("parseCommandLine() gives help whatever else stands there", () => {
  for (const flag of ["--help", "-h"]) {
    const { command, problems } = parseCommandLine(["--nope", "x", flag]);
    assert.equal(command, "help");
    assert.deepEqual(problems, []);
  }
});

Deno.test("parseCommandLine() gives the version, but help before it", () => {
  assert.equal(parseCommandLine(["--version"]).command, "version");
  assert.equal(parseCommandLine(["--version", "--help"]).command, "help");
});

Deno.test("parseCommandLine() takes --watch and --json with status, --ready with healthcheck", () => {
  const status = parseCommandLine([
    ...["status", "--watch", "--json", "--monitor-port", "9000"],
  ]);
  assert.equal(status.command, "status");
  assert.deepEqual([status.watch, status.json, status.ready], [
    ...[true, true, false],
  ]);
  assert.deepEqual([...status.values], [["MONITOR_PORT", "9000"]]);
  assert.deepEqual(status.problems, []);
  const check = parseCommandLine(["healthcheck", "--ready"]);
  assert.equal(check.command, "healthcheck");
  assert.equal(check.ready, true);
  assert.deepEqual(check.problems, []);
});

Deno.test("parseCommandLine() refuses what belongs to status or healthcheck elsewhere", () => {
  assert.deepEqual(problemsOf("--watch", "--ready"), [
    "Cannot use --watch without status: expected it after status",
    "Cannot use --ready without healthcheck: expected it after healthcheck",
  ]);
  assert.deepEqual(problemsOf("healthcheck", "--json"), [
    "Cannot use --json without check or status: expected it after check or status",
  ]);
});
