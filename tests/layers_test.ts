import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";

const ROOT = join(import.meta.dirname!, "..");

/** What anyone may import: they know nothing of the sidecar. */
const LEAVES = [
  "deadlines",
  "errors",
  "lifecycle",
  "log",
  "observations",
  "tally",
  "x509",
];

/**
 * Which part of `src/` may import which, the leaves apart. The parts meet in
 * `data_plane`, what takes and serves connections, and in `app`.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // How a rule is written is for identity to say; it is pure.
  config: ["identity"],
  http: [],
  http2: ["http"],
  identity: [],
  material: [],
  // How fields are named is for http to say; the rest it only looks at.
  monitor: ["http", "identity", "material"],
  net: [],
  proxy: ["http", "http2", "upstream"],
  tls: ["identity", "material", "net"],
  upstream: ["http", "http2"],
  connections: [],
  client_access: ["identity", "material", "tls"],
  client_headers: ["config", "identity", "tls"],
  trust_keeper: [
    "client_access",
    "connections",
    "identity",
    "lockout",
    "material",
  ],
  lockout: [],
  followed_store: ["material"],
  followed_material: ["config", "followed_store", "material"],
  followed_peers: ["followed_store", "identity", "material"],
  followed_seal: ["followed_store", "identity", "material"],
  followed_upstream_tls: ["config", "followed_store", "material", "tls"],
  followed_stores: [
    "config",
    "data_plane",
    "followed_material",
    "followed_peers",
    "followed_seal",
    "followed_store",
    "followed_upstream_tls",
    "in_force",
    "material",
  ],
  in_force: [
    "config",
    "data_plane",
    "followed_peers",
    "followed_store",
    "lockout",
    "material",
    "workers",
  ],
  monitored: [
    "config",
    "data_plane",
    "followed_store",
    "material",
    "monitor",
    "upstream",
    "workers",
  ],
  reception: [
    "client_access",
    "client_headers",
    "config",
    "connections",
    "http",
    "http2",
    "identity",
    "material",
    "proxy",
    "tls",
    "trust_keeper",
  ],
  session_parts: ["config", "http", "identity", "proxy", "upstream"],
  data_plane: [
    "client_access",
    "config",
    "connections",
    "followed_upstream_tls",
    "http",
    "identity",
    "lockout",
    "material",
    "net",
    "reception",
    "session_parts",
    "tls",
    "trust_keeper",
  ],
  workers: [
    "config",
    "data_plane",
    "followed_peers",
    "followed_seal",
    "followed_store",
    "followed_upstream_tls",
    "lockout",
    "material",
    "net",
  ],
  app: [
    "config",
    "data_plane",
    "followed_stores",
    "in_force",
    "material",
    "monitored",
    "workers",
  ],
  commands: [
    "app",
    "client_access",
    "client_headers",
    "config",
    "followed_material",
    "followed_seal",
    "identity",
    "material",
    // The words of the status page are those of `status` too.
    "monitor",
    "tls",
  ],
};

/** Modules that a part may not import, because another part is there to hide them. */
const ONLY_IN: Readonly<Record<string, readonly string[]>> = {
  "node:tls": ["tls"],
  "@peculiar/x509": ["commands"],
  "node:http": ["commands", "monitor"],
};

interface Import {
  readonly file: string;
  readonly part: string;
  readonly specifier: string;
  /** The part that it leads to; undefined for what is outside `src/`. */
  readonly target: string | undefined;
}

async function sources(directory: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory) found.push(...await sources(path));
    else if (entry.name.endsWith(".ts")) found.push(path);
  }
  return found;
}

/** `http` for `src/http/input.ts`, `errors` for `src/errors.ts`. */
function partOf(path: string): string {
  return relative(join(ROOT, "src"), path).split("/")[0]!.replace(/\.ts$/, "");
}

/** The part that a specifier leads to; undefined for packages and what is outside `src/`. */
function targetOf(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const part = partOf(join(dirname(path), specifier));
  return part === ".." ? undefined : part;
}

async function importsOf(path: string): Promise<Import[]> {
  const text = await Deno.readTextFile(path);
  const pattern = /\b(?:from|import)\s*\(?\s*"([^"]+)"/g;
  return [...text.matchAll(pattern)].map(([, specifier = ""]) => ({
    file: relative(ROOT, path),
    part: partOf(path),
    specifier,
    target: targetOf(path, specifier),
  }));
}

const files = await sources(join(ROOT, "src"));
const imports = (await Promise.all(files.map(importsOf))).flat();

Deno.test("a part of src/ imports only those parts that it may know", () => {
  assert.ok(imports.length > 100, "the imports were not found");
  for (const { file, part, specifier, target } of imports) {
    if (target === undefined || target === part || LEAVES.includes(target)) {
      continue;
    }
    assert.ok(
      MAY_IMPORT[part]?.includes(target),
      `${file} imports ${specifier}: ${part} may not know ${target}. Let ` +
        "src/app.ts hand over what is needed, or move what both need into a leaf",
    );
  }
});

Deno.test("the leaves of src/ import nothing but leaves", () => {
  for (const { file, part, target } of imports) {
    if (!LEAVES.includes(part) || target === undefined) continue;
    assert.ok(
      LEAVES.includes(target),
      `${file} imports ${target}: a leaf that knows a part can't be used by all`,
    );
  }
});

Deno.test("a module that one part hides is imported by that part alone", () => {
  for (const { file, part, specifier } of imports) {
    const owners = ONLY_IN[specifier];
    assert.ok(
      owners === undefined || owners.includes(part),
      `${file} imports ${specifier}: only ${owners} may, so that one place ` +
        "knows what the runtime does wrong",
    );
  }
});

Deno.test("main.ts alone touches the environment, signals and exit codes", async () => {
  for (const path of files) {
    const text = await Deno.readTextFile(path);
    assert.doesNotMatch(
      text,
      /Deno\.(env|exit|exitCode|addSignalListener)\b/,
      `${
        relative(ROOT, path)
      } touches the process: main.ts passes such things in`,
    );
  }
});
