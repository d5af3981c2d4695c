/**
 * Mixed traffic on the real program for as long as is asked for, with clients
 * that vanish and certificates that change in between. Ends with status 1 where
 * a request was lost that should not be, or where memory or open files do not
 * come back:
 *
 *   deno task soak              2 minutes
 *   deno task soak:long         30 minutes and at least 50,000 disconnects
 *
 * `--seconds N` and `--disconnects N` say otherwise; both must be reached.
 */
import { parseArgs } from "node:util";
import { kubeletWrite } from "../integration/reload_directories.ts";
import { Program } from "../support/program.ts";
import { root, server } from "../support/sidecar.ts";
import { serverDescriptors } from "../support/tcp_table.ts";
import { eventually } from "../support/waiting.ts";
import { SoakApplication } from "./application.ts";
import { figuresOf, type ProcessFigures } from "./figures.ts";
import { LOADS, type SoakLoad } from "./loads.ts";

/** How often the server's certificate is replaced, and figures are shown, in milliseconds. */
const RELOAD_MS = 5_000, REPORT_MS = 15_000;

/** The program's memory is what it is after this long under load: its caches are full then. */
const WARM_UP_SHARE = 0.25;

/** So much more may it have at the end, in octets: the heap's ups and downs. */
const MEMORY_SLACK = 48_000_000;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "120" },
    disconnects: { type: "string", default: "0" },
  },
});
const seconds = Number(values.seconds);
const disconnects = Number(values.disconnects);

await using stack = new AsyncDisposableStack();
const directory = await Deno.makeTempDir();
stack.defer(() => Deno.remove(directory, { recursive: true }));
const files = (own: typeof server) => ({
  "tls.crt": own.chainPem,
  "tls.key": own.keyPem,
  "ca.crt": root.certPem,
});
await kubeletWrite(directory, { state: "0", files: files(server) });
const application = stack.use(await SoakApplication.start());
const program = stack.use(
  new Program({
    CERT_DIR: directory,
    CA_DIR: directory,
    UPSTREAM_URL: application.url,
    ACCESS_LOG: "off",
  }),
);
const { port } = await program.line("serving") as { port?: number };
if (port === undefined) throw new Error("the program does not say its port");

const counts = new Map<string, number>();
const stop = new AbortController();
const failures: unknown[] = [];
const { pid } = program;

const begun = performance.now();
const elapsed = () => (performance.now() - begun) / 1_000;
const vanished = () =>
  LOADS.filter(({ name }) => name.endsWith("disconnects"))
    .reduce((sum, { name }) => sum + (counts.get(name) ?? 0), 0);

await run(LOADS[0]!, AbortSignal.timeout(2_000));
await idle();
const before = await figuresOf(pid);
console.log("before", JSON.stringify(before));

const running = LOADS.map((load) =>
  run(load, stop.signal).catch((error) => {
    failures.push(`${load.name}: ${error}`);
    stop.abort();
  })
);
let warm: ProcessFigures | undefined;
for (let reloads = 1; !stop.signal.aborted; reloads++) {
  await new Promise((resolve) => setTimeout(resolve, RELOAD_MS));
  const own = root.issue({ commonName: "sidecar", ips: ["127.0.0.1"] });
  const reloaded = program.nextLine("material reloaded");
  await kubeletWrite(directory, { state: String(reloads), files: files(own) });
  await reloaded;
  if (elapsed() >= WARM_UP_SHARE * seconds) warm ??= await figuresOf(pid);
  if (reloads % (REPORT_MS / RELOAD_MS) === 0) {
    console.log(
      Math.round(elapsed()),
      JSON.stringify({
        ...await figuresOf(pid),
        ...Object.fromEntries(counts),
      }),
    );
  }
  if (elapsed() >= seconds && vanished() >= disconnects) stop.abort();
}
await Promise.all(running);
await idle();
// Twice what the sweep of deadlines and the garbage collector need.
await new Promise((resolve) => setTimeout(resolve, 5_000));
const after = await figuresOf(pid);
console.log("after", JSON.stringify(after));

const faults = program.lines.filter(({ level }) =>
  level === "error" || level === "fatal"
);
if (faults.length > 0) failures.push(JSON.stringify(faults.slice(0, 5)));
// The application's kept-alive connections are not the clients'.
if (after.openFiles > before.openFiles + 64) failures.push("open files");
if (after.memory > (warm ?? before).memory + MEMORY_SLACK) {
  failures.push(`memory, after ${warm?.memory} in the midst of it`);
}
for (const { name } of LOADS) {
  if (!counts.get(name)) failures.push(`${name}: none`);
}
program.kill("SIGTERM");
const { code } = await program.ended();
if (code !== 0) failures.push(`the program ended with ${code}`);
console.log(failures.length === 0 ? "held" : "FAILED", failures);
await stack.disposeAsync();
Deno.exit(failures.length === 0 ? 0 : 1);

function run(load: SoakLoad, signal: AbortSignal): Promise<void> {
  const { name } = load;
  const done = () => counts.set(name, (counts.get(name) ?? 0) + 1);
  return load.run({ port: port!, signal, done });
}

/** Resolves when no connection of a client's has a descriptor any more. */
async function idle(): Promise<void> {
  await eventually(
    async () => await serverDescriptors(port!) === 0,
    "the clients' connections to end",
  );
}
