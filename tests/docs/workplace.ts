import { join } from "node:path";
import { Buffer } from "node:buffer";
import { createAuthority } from "../support/pki.ts";
import { soon } from "../support/waiting.ts";
import { freePort } from "./free_port.ts";
import { ROOT } from "./markdown.ts";

/** The ports that the documents name. */
const PORTS = [8443, 8080, 8081];

/** What a server of the documents prints once it serves. */
const UP = /"message":"serving"|Ctrl-C/;

/** What a block printed, and how it ended. */
export interface Ran {
  readonly code: number;
  /** Standard output and standard error. */
  readonly output: string;
}

interface Server {
  readonly process: Deno.ChildProcess;
  readonly ended: Promise<Deno.CommandStatus>;
  readonly output: { text: string };
}

/**
 * What the documents take for granted: a folder with certificates of a PKI of
 * its own, an application on port 8080, `deno` and `mtls-sidecar` on the path.
 * Ports are free ones in place of those that the documents name.
 *
 * | file                                | what it is                               |
 * | ----------------------------------- | ---------------------------------------- |
 * | `certs/tls.crt`, `certs/tls.key`    | of `localhost`                           |
 * | `ca/ca-bundle.pem`                  | the CA of clients                        |
 * | `server-ca.pem`                     | the CA that `certs/tls.crt` is of        |
 * | `client.pem`, `client.key`          | a client, `CN=client`                    |
 * | `new-ca.pem`                        | another CA of clients                    |
 * | `new-client.pem`, `new-client.key`  | a client of that one, `CN=new-client`    |
 */
export class Workplace implements AsyncDisposable {
  readonly #path: string;
  readonly #application: Deno.HttpServer<Deno.NetAddr>;
  readonly #ports: ReadonlyMap<number, number>;
  readonly #servers: Server[] = [];

  private constructor(
    path: string,
    application: Deno.HttpServer<Deno.NetAddr>,
  ) {
    this.#path = path;
    this.#application = application;
    this.#ports = new Map(
      PORTS.map((
        port,
      ) => [port, port === 8080 ? application.addr.port : freePort()]),
    );
  }

  static async create(): Promise<Workplace> {
    const path = await Deno.makeTempDir({ prefix: "mtls-sidecar-docs-" });
    const application = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) =>
        new Response(
          [...request.headers].filter(([name]) => name.startsWith("x-"))
            .map(([name, value]) => `${name}: ${value}\n`).join(""),
        ),
    );
    const workplace = new Workplace(path, application);
    await workplace.#furnish();
    return workplace;
  }

  /** Runs a block to its end. */
  async run(script: string): Promise<Ran> {
    const { code, stdout, stderr } = await soon(
      this.#bash(script).output(),
      "the end of a block",
    );
    return { code, output: `${Buffer.from(stdout)}${Buffer.from(stderr)}` };
  }

  /** Runs a block that serves, and resolves when it does. It goes on until the workplace is left. */
  async serve(script: string): Promise<void> {
    const process = this.#bash(script).spawn();
    const output = { text: "" };
    const up = Promise.withResolvers<void>();
    const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      const text = stream.pipeThrough(new TextDecoderStream());
      for await (const piece of text) {
        output.text += piece;
        if (UP.test(output.text)) up.resolve();
      }
    };
    const reading = Promise.all([read(process.stdout), read(process.stderr)]);
    const ended = reading.then(() => process.status);
    this.#servers.push({ process, ended, output });
    const early = ended.then(({ code }) => {
      throw new Error(`it ended with ${code}:\n${output.text}`);
    });
    await soon(Promise.race([up.promise, early]), "a block to serve");
    early.catch(() => {});
  }

  /** Ends the servers as an operator would, and tells of each that did not take it well. */
  async end(): Promise<string[]> {
    const complaints: string[] = [];
    for (const { process, ended, output } of this.#servers.splice(0)) {
      process.kill("SIGTERM");
      const { code } = await soon(ended, "the end of a server");
      if (code !== 0) complaints.push(`it ended with ${code}:\n${output.text}`);
    }
    return complaints;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process, ended } of this.#servers) {
      // The whole group: a task of deno's runs in a process of its own.
      try {
        Deno.kill(-process.pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await ended;
    }
    await this.#application.shutdown();
    await Deno.remove(this.#path, { recursive: true });
  }

  #bash(script: string): Deno.Command {
    const kept = ["HOME", "DENO_DIR"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    });
    const port = (documented: number) => `${this.#ports.get(documented)}`;
    let text = script;
    for (const [documented, free] of this.#ports) {
      text = text.replace(new RegExp(`\\b${documented}\\b`, "g"), `${free}`);
    }
    return new Deno.Command("bash", {
      args: ["-euo", "pipefail", "-c", `${lastInPlace(text)}`],
      cwd: this.#path,
      clearEnv: true,
      env: {
        ...Object.fromEntries(kept),
        PATH: `${join(this.#path, ".bin")}:${Deno.env.get("PATH")}`,
        TLS_LISTEN_HOST: "127.0.0.1",
        TLS_LISTEN_PORT: port(8443),
        UPSTREAM_URL: `http://127.0.0.1:${port(8080)}`,
        UPSTREAM_READINESS_URL: `http://127.0.0.1:${port(8080)}/`,
        MONITOR_PORT: port(8081),
      },
      detached: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }

  async #furnish(): Promise<void> {
    const root = createAuthority({ commonName: "Clients" });
    const servers = createAuthority({ commonName: "Servers" });
    const next = createAuthority({ commonName: "Clients 2" });
    const server = servers.issue({
      commonName: "localhost",
      dnsNames: ["localhost"],
      ips: ["127.0.0.1"],
    });
    const client = root.issue({ commonName: "client" });
    const newClient = next.issue({ commonName: "new-client" });
    const files: Readonly<Record<string, string>> = {
      "certs/tls.crt": server.chainPem,
      "certs/tls.key": server.keyPem,
      "ca/ca-bundle.pem": root.certPem,
      "server-ca.pem": servers.certPem,
      "client.pem": client.chainPem,
      "client.key": client.keyPem,
      "new-ca.pem": next.certPem,
      "new-client.pem": newClient.chainPem,
      "new-client.key": newClient.keyPem,
    };
    for (const folder of ["certs", "ca", ".bin"]) {
      await Deno.mkdir(join(this.#path, folder));
    }
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeTextFile(join(this.#path, name), content);
    }
    await this.#program(
      "mtls-sidecar",
      `exec "${Deno.execPath()}" run --no-prompt --quiet --cached-only ` +
        `--allow-net --allow-read --allow-env "${ROOT.pathname}main.ts" "$@"`,
    );
    // The tasks are those of the repository, wherever the reader stands in it.
    await this.#program(
      "deno",
      `cd "${ROOT.pathname}" && exec "${Deno.execPath()}" "$@"`,
    );
    // From a registry, which the tests do without.
    await this.#program("npx", 'shift 2 && exec deno "$@"');
  }

  async #program(name: string, line: string): Promise<void> {
    const path = join(this.#path, ".bin", name);
    // By another process: one that a test beside this one starts would inherit
    // our descriptor, and what is open for writing cannot be run.
    const { success } = await new Deno.Command("/bin/sh", {
      args: [
        "-c",
        'printf "#!/bin/sh\\n%s\\n" "$2" >"$1" && chmod 755 "$1"',
        "sh",
        path,
        line,
      ],
    }).output();
    if (!success) throw new Error(`Cannot write ${path}`);
  }
}

/** A block of one command becomes that command, so that a signal reaches it. */
function lastInPlace(script: string): string {
  const joined = script.replace(/\\\n\s*/g, "").trim();
  return /[\n|;&]/.test(joined) ? script : `exec ${joined}`;
}
