import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import denoJson from "../../../deno.json" with { type: "json" };
import { SETTINGS } from "../../../src/config/settings.ts";
import { stageSource } from "../../../tasks/staged_source.ts";
import { ROOT } from "../../support/manifests.ts";
import { faultsIn } from "../../support/schemas.ts";

const text = await Deno.readTextFile(join(ROOT, "Dockerfile"));
const instructions = text.replaceAll(/^#.*\n/gm, "")
  .replaceAll(/\\\n\s*/g, "").split("\n");

/** What stands after each of these instructions, in order. */
function all(keyword: string): string[] {
  return instructions.filter((line) => line.startsWith(`${keyword} `))
    .map((line) => line.slice(keyword.length + 1));
}

Deno.test("the Dockerfile passes the linter, which finds what is wrong with another", async () => {
  assert.deepEqual(await faultsIn("dockerfile", text), []);
  const spoilt = text.replace("ENTRYPOINT", "ENTRYPIONT");
  assert.equal((await faultsIn("dockerfile", spoilt)).length, 1);
});

Deno.test("every file that the Dockerfile copies exists, and reaches the build", async () => {
  const ignored = (await Deno.readTextFile(join(ROOT, ".dockerignore")))
    .split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assert.equal(ignored[0], "*");
  const passed = new Set(ignored.slice(1).map((line) => line.slice(1)));
  const copied = all("COPY").filter((words) => !words.includes("--from="))
    .flatMap((words) => words.split(/\s+/).slice(0, -1));
  assert.ok(copied.length >= 5);
  for (const path of copied) {
    await Deno.stat(join(ROOT, path));
    assert.ok(passed.delete(path), `${path} is left out by .dockerignore`);
  }
  assert.deepEqual([...passed], [], "let into the build, but not copied");
});

Deno.test("the build has all that the executable is made of", async () => {
  const words = all("COPY").join(" ").split(/\s+/);
  await using staged = await stageSource(ROOT, "");
  for await (const { name, isDirectory } of Deno.readDir(staged.directory)) {
    assert.ok(words.includes(isDirectory ? `${name}/` : name), name);
  }
});

Deno.test("what is copied from another stage is what that stage has made", () => {
  const made = all("RUN").join("\n");
  for (const words of all("COPY").filter((one) => one.includes("--from="))) {
    assert.match(words, /^--from=build /);
    const source = /(\/out\/\S+) /.exec(words)?.[1] ?? "none";
    assert.ok(made.includes(` ${source}`), source);
  }
});

Deno.test("the image runs as a number, without a shell, on the default ports, and checks its own health", () => {
  assert.deepEqual(all("USER"), ["65532:65532"]);
  const [port, monitor] = [SETTINGS.tlsListenPort, SETTINGS.monitorPort];
  assert.deepEqual(all("EXPOSE"), [`${port.default} ${monitor.default}`]);
  assert.deepEqual(all("ENTRYPOINT"), ['["/usr/local/bin/mtls-sidecar"]']);
  assert.match(
    all("HEALTHCHECK")[0] ?? "",
    /CMD \["\/usr\/local\/bin\/mtls-sidecar", "healthcheck"\]$/,
  );
  assert.match(all("FROM").at(-1) ?? "", /distroless\/cc-\w+:nonroot\$/);
});

Deno.test("the image says which version it is, of which Deno, and takes both bases by digest", () => {
  const given = all("ARG");
  assert.ok(given.includes(`VERSION=${denoJson.version}`));
  assert.ok(given.includes(`DENO_VERSION=${Deno.version.deno}`));
  assert.match(all("FROM")[0] ?? "", /\$\{BUILD_DIGEST\} AS build$/);
  assert.match(all("FROM")[1] ?? "", /\$\{RUNTIME_DIGEST\}$/);
  const label = all("LABEL").join(" ");
  for (
    const key of [
      ...["title", "description", "licenses", "version", "revision", "created"],
    ]
  ) {
    assert.ok(label.includes(`org.opencontainers.image.${key}=`), key);
  }
});

Deno.test("the compose example keeps to the image's user, port and health check", async () => {
  const path = join(ROOT, "deploy/compose/compose.yaml");
  const { services } = parse(await Deno.readTextFile(path));
  const sidecar = services["mtls-sidecar"];
  assert.deepEqual([sidecar.user], all("USER"));
  assert.deepEqual(services.application.ports, ["8443:8443"]);
  const health = all("HEALTHCHECK")[0] ?? "";
  const command = sidecar.healthcheck.test.slice(1);
  assert.deepEqual(command, JSON.parse(health.slice(health.indexOf("["))));
  await Deno.stat(join(ROOT, "deploy/compose", sidecar.build, "Dockerfile"));
});
