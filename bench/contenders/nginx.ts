import type { Contender, StartOptions } from "../contender.ts";
import { freePort, type Workbench } from "../workbench.ts";

/** The body of the small answer. */
const SMALL_BODY = "0123456789".repeat(10);

/** Enough that no connection ends during a run: a handshake costs as much as many requests. */
const KEEPALIVE_REQUESTS = 100_000_000;

/** What the sidecar's access log says of a request. */
const LOG_FORMAT = "log_format json escape=json '{" + [
  '"time":"$time_iso8601"',
  '"method":"$request_method"',
  '"path":"$uri"',
  '"status":$status',
  '"client":"$remote_addr"',
  '"subject":"$ssl_client_s_dn"',
  '"bytes":$body_bytes_sent',
  '"seconds":$request_time',
].join(",") + "}';";

/** Name of the contender that all ratios refer to. */
export const REFERENCE = "nginx";

/** nginx as mTLS proxy, doing what the sidecar does. */
export const NGINX: Contender = nginx(REFERENCE, { kind: "peer", log: false });

/** The same with a JSON line a request on its standard output. */
export const LOGGING_NGINX: Contender = nginx("nginx, access log", {
  kind: "setting",
  log: true,
});

/**
 * Starts nginx as the application: `/bytes/100` and, from a file, any other
 * `/bytes/N` that is in the workbench; `PUT /upload/…` reads the whole body.
 * Returns its port.
 */
export async function startApplication(bench: Workbench): Promise<number> {
  const port = freePort();
  const command = await configure(bench, {
    name: "application",
    log: false,
    connections: 16_384,
    http: `
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${bench.directory};
    location = /bytes/100 { return 200 "${SMALL_BODY}"; }
    location /upload/ { dav_methods PUT; create_full_put_path on; }
  }`,
  });
  await bench.serve(command, { port });
  return port;
}

function nginx(
  name: string,
  { kind, log }: { kind: "peer" | "setting"; log: boolean },
): Contender {
  return {
    name,
    program: "nginx",
    knows: ["http/1.1", "h2", "reload"],
    kind,
    async launch(bench, options) {
      const port = freePort();
      const command = await configure(bench, {
        name: `proxy-${port}`,
        log,
        connections: options.connections,
        http: proxy(port, options),
      });
      return {
        port,
        command,
        forks: true,
        reload: (pid) => Promise.resolve(Deno.kill(pid, "SIGHUP")),
      };
    },
  };
}

/** Streaming, kept-alive connections to the upstream, identity and forwarding fields set. */
function proxy(port: number, { upstream, pki }: StartOptions): string {
  return `
  map $ssl_client_s_dn $client_cn {
    "~(?:^|,)CN=(?<cn>[^,]+)" $cn;
  }
  upstream application {
    server 127.0.0.1:${upstream};
    keepalive 256;
    keepalive_requests ${KEEPALIVE_REQUESTS};
    keepalive_time 1d;
  }
  server {
    listen 127.0.0.1:${port} ssl http2 backlog=511;
    ssl_certificate ${pki.server.certificate};
    ssl_certificate_key ${pki.server.key};
    ssl_client_certificate ${pki.caBundle};
    ssl_verify_client on;
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {
      proxy_pass http://application;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      proxy_set_header Connection "";
      proxy_set_header X-Client-CN $client_cn;
      proxy_set_header X-Client-Subject $ssl_client_s_dn;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Host $http_host;
    }
  }`;
}

/** Writes the configuration and returns the command that runs it. */
async function configure(
  bench: Workbench,
  { name, http, log, connections }: {
    name: string;
    http: string;
    log: boolean;
    connections: number;
  },
): Promise<string[]> {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `  ${kind}_temp_path ${bench.path(`nginx-${name}-${kind}`)};`,
  );
  // A worker of a master that is root runs as another user, to whom the
  // workbench is closed.
  const user = Deno.uid() === 0 ? "user root;" : "";
  const file = bench.path(`nginx-${name}.conf`);
  await Deno.writeTextFile(
    file,
    `${user}
daemon off;
worker_processes 1;
pid ${bench.path(`nginx-${name}.pid`)};
error_log stderr error;
events { worker_connections ${connections}; }
http {
  ${log ? `${LOG_FORMAT}\n  access_log /dev/stdout json;` : "access_log off;"}
  sendfile on;
  tcp_nopush on;
  client_max_body_size 0;
  keepalive_timeout 1h;
  keepalive_requests ${KEEPALIVE_REQUESTS};
  keepalive_time 1d;
${temporary.join("\n")}
${http}
}
`,
  );
  return ["nginx", "-e", "stderr", "-c", file];
}
