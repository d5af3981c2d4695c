import type { DemoPki } from "../src/commands/demo_pki.ts";
import { freePort, pause, type Workbench } from "./workbench.ts";

/** The body of the small answer. */
export const SMALL_BODY = "0123456789".repeat(10);

/** Enough that no connection ends during a run: a handshake costs as much as many requests. */
const KEEPALIVE_REQUESTS = 100_000_000;

/** A running nginx. */
export interface Nginx {
  readonly port: number;
  /** The only worker, which does all the work. */
  readonly worker: number;
}

/**
 * Starts nginx as the application: `/bytes/100` and, from a file, any other
 * `/bytes/N` that is in the workbench; `PUT /upload/…` reads the whole body.
 */
export async function startNginxApplication(bench: Workbench): Promise<Nginx> {
  const port = freePort();
  return await startNginx(bench, {
    name: "application",
    port,
    http: `
  server {
    listen 127.0.0.1:${port} backlog=511;
    root ${bench.directory};
    location = /bytes/100 { return 200 "${SMALL_BODY}"; }
    location /upload/ { dav_methods PUT; create_full_put_path on; }
  }`,
  });
}

/**
 * Starts nginx as the mTLS proxy on `core`, doing what the sidecar does:
 * streaming, kept-alive connections to the upstream, identity and forwarding
 * fields set.
 */
export async function startNginxProxy(
  bench: Workbench,
  options: { core: number; upstream: number; pki: DemoPki },
): Promise<Nginx> {
  const { core, upstream, pki } = options;
  const port = freePort();
  return await startNginx(bench, {
    name: "proxy",
    port,
    core,
    http: `
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
  }`,
  });
}

async function startNginx(
  bench: Workbench,
  options: { name: string; port: number; core?: number; http: string },
): Promise<Nginx> {
  const { name, port, core, http } = options;
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
events { worker_connections 4096; }
http {
  access_log off;
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
  const master = await bench.serve(["nginx", "-e", "stderr", "-c", file], {
    port,
    ...(core === undefined ? {} : { core }),
  });
  return { port, worker: await onlyChild(master, bench.signal) };
}

/** The master listens before it has its worker. */
async function onlyChild(pid: number, signal: AbortSignal): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    const children = await Deno.readTextFile(
      `/proc/${pid}/task/${pid}/children`,
    );
    const [child] = children.trim().split(" ");
    if (child) return Number(child);
    await pause(20);
  }
}
