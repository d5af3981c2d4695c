import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { createServer, get } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  demo,
  type DemoOptions,
  type DemoSidecar,
} from "../../../src/commands/demo.ts";

/** How the stand-in for the sidecar behaves; as the real one by default. */
interface Behaviour {
  /** Lets in who has no certificate that it trusts. */
  readonly open?: boolean;
  /** The name that the application is told. */
  readonly clientName?: string;
  readonly status?: number;
}

/** What went through `start`, to be looked at. */
interface Seen {
  settings?: ReadonlyMap<string, string>;
  sidecarsRunning: number;
}

function standIn(seen: Seen, behaviour: Behaviour): DemoOptions["start"] {
  return async (settings): Promise<DemoSidecar> => {
    seen.settings = settings;
    const read = (directory: string, file: string) =>
      Deno.readTextFileSync(join(settings.get(directory) ?? "", file));
    const server = createServer({
      cert: read("CERT_DIR", "tls.crt"),
      key: read("CERT_DIR", "tls.key"),
      ca: read("CA_DIR", "ca-bundle.pem"),
      requestCert: !behaviour.open,
      rejectUnauthorized: !behaviour.open,
    }, (incoming, response) => {
      const headers = { "x-client-cn": behaviour.clientName ?? "demo-client" };
      const url = settings.get("UPSTREAM_URL") + (incoming.url ?? "/");
      request(url, { headers, agent: false }, (answer) => {
        response.writeHead(behaviour.status ?? answer.statusCode ?? 0);
        answer.pipe(response);
      }).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    seen.sidecarsRunning++;
    const { port } = server.address() as AddressInfo;
    return {
      address: { transport: "tcp", hostname: "127.0.0.1", port },
      async shutdown() {
        const closed = once(server, "close");
        server.close();
        server.closeAllConnections();
        await closed;
        seen.sidecarsRunning--;
      },
    };
  };
}

async function runOnce(
  behaviour: Behaviour,
): Promise<{ right: boolean; lines: string[]; seen: Seen }> {
  const lines: string[] = [];
  const seen: Seen = { sidecarsRunning: 0 };
  const right = await demo({
    once: true,
    signal: new AbortController().signal,
    write: (line) => lines.push(line),
    start: standIn(seen, behaviour),
  });
  return { right, lines, seen };
}

/** The first character of each line that reports a call. */
function marks(lines: string[]): string {
  return lines.map((line) => /^[✓✗]/.exec(line)?.[0] ?? "").join("");
}

function pkiDirectory(seen: Seen): string {
  return join(seen.settings?.get("CERT_DIR") ?? "", "..");
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("demo() returns true when the good certificate enters and the others are refused", async () => {
  const { right, lines } = await runOnce({});
  assert.equal(right, true, lines.join("\n"));
  assert.equal(marks(lines), "✓✓✓");
  assert.ok(lines.includes("    GET /hello HTTP/1.1"));
  assert.ok(lines.some((line) => /^ {4}x-client-cn: demo-client$/i.test(line)));
  const refused = lines.filter((line) =>
    line.includes("refused in the handshake")
  );
  assert.equal(refused.length, 2);
});

Deno.test("demo() returns false when the sidecar lets everybody in", async () => {
  const { right, lines } = await runOnce({ open: true });
  assert.equal(right, false);
  assert.equal(marks(lines), "✓✗✗");
});

Deno.test("demo() returns false when the application was told another name", async () => {
  const { right, lines } = await runOnce({ clientName: "demo-client-2" });
  assert.equal(right, false);
  assert.equal(marks(lines), "✗✓✓");
});

Deno.test("demo() returns false when the good call is answered with an error", async () => {
  const { right, lines } = await runOnce({ status: 502 });
  assert.equal(right, false);
  assert.equal(marks(lines), "✗✓✓");
});

Deno.test("demo() does not take a sidecar that nobody can reach for one that refuses", async () => {
  const lines: string[] = [];
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { addr } = listener;
  const right = await demo({
    once: true,
    signal: new AbortController().signal,
    write: (line) => lines.push(line),
    start: () => {
      listener.close();
      return Promise.resolve({
        address: addr,
        shutdown: () => Promise.resolve(true),
      });
    },
  });
  assert.equal(right, false);
  assert.equal(marks(lines), "✗✗✗");
});

Deno.test("demo() starts the sidecar on an ephemeral port, quiet, with the client's name switched on", async () => {
  const { seen } = await runOnce({});
  const settings = Object.fromEntries(seen.settings ?? []);
  assert.equal(settings["TLS_LISTEN_PORT"], "0");
  assert.equal(settings["MONITOR_PORT"], "0");
  assert.equal(settings["INJECT_CLIENT_HEADERS"], "true");
  assert.equal(settings["ACCESS_LOG"], "off");
  assert.match(settings["UPSTREAM_URL"] ?? "", /^http:\/\/127\.0\.0\.1:\d+$/);
});

Deno.test("demo() shuts the sidecar down and removes its certificates", async () => {
  const { seen } = await runOnce({});
  assert.equal(seen.sidecarsRunning, 0);
  assert.equal(await exists(pkiDirectory(seen)), false);
});

Deno.test("demo() closes the application with the sidecar", async () => {
  const { seen } = await runOnce({});
  const upstream = new URL(seen.settings?.get("UPSTREAM_URL") ?? "");
  await assert.rejects(
    Deno.connect({ hostname: "127.0.0.1", port: Number(upstream.port) }),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("demo() fails its calls and ends when the signal aborts before them", async () => {
  const lines: string[] = [];
  const seen: Seen = { sidecarsRunning: 0 };
  const right = await demo({
    once: false,
    signal: AbortSignal.abort(),
    write: (line) => lines.push(line),
    start: standIn(seen, {}),
  });
  assert.equal(right, false);
  assert.equal(marks(lines), "✗✗✗");
  assert.equal(seen.sidecarsRunning, 0);
  assert.equal(await exists(pkiDirectory(seen)), false);
});

Deno.test("demo() removes its certificates when the sidecar does not start", async () => {
  const seen: Seen = { sidecarsRunning: 0 };
  await assert.rejects(
    demo({
      once: true,
      signal: new AbortController().signal,
      write: () => {},
      start: (settings) => {
        seen.settings = settings;
        return Promise.reject(new Error("no port left"));
      },
    }),
    /^Error: no port left$/,
  );
  assert.equal(await exists(pkiDirectory(seen)), false);
});

Deno.test("demo() prints no curl line for files that are gone when once", async () => {
  const { lines } = await runOnce({});
  assert.deepEqual(lines.filter((line) => line.includes("curl")), []);
});

Deno.test("demo() prints a curl line that works until the signal aborts", async () => {
  const controller = new AbortController();
  const seen: Seen = { sidecarsRunning: 0 };
  const lines: string[] = [];
  const serving = Promise.withResolvers<void>();
  const ended = demo({
    once: false,
    signal: controller.signal,
    write: (line) => {
      lines.push(line);
      if (line.startsWith("Ctrl-C")) serving.resolve();
    },
    start: standIn(seen, {}),
  });
  await serving.promise;
  const curl = lines.find((line) => line.startsWith("  curl ")) ?? "";
  const file = (flag: string) =>
    Deno.readTextFileSync(curl.match(`${flag} (\\S+)`)?.[1] ?? "");
  const outgoing = get(curl.match(/https:\S+/)?.[0] ?? "", {
    ca: file("--cacert"),
    cert: file("--cert"),
    key: file("--key"),
    agent: false,
  });
  const [response] = await once(outgoing, "response");
  response.resume();
  await once(response, "end");
  assert.equal(response.statusCode, 200);

  controller.abort();
  assert.equal(await ended, true);
  assert.equal(seen.sidecarsRunning, 0);
  assert.equal(await exists(pkiDirectory(seen)), false);
});
