import type { Contender } from "../contender.ts";
import { freePort } from "../workbench.ts";

/** HAProxy on one thread as mTLS proxy, with the fields that the sidecar sets. */
export const HAPROXY: Contender = {
  name: "HAProxy",
  program: "haproxy",
  knows: ["http/1.1", "h2", "reload"],
  kind: "peer",
  async launch(bench, { upstream, pki, connections }) {
    const port = freePort();
    const file = bench.path(`haproxy-${port}.cfg`);
    const credentials = bench.path(`haproxy-${port}.pem`);
    const join = async () => {
      const [certificate, key] = await Promise.all([
        Deno.readTextFile(pki.server.certificate),
        Deno.readTextFile(pki.server.key),
      ]);
      await Deno.writeTextFile(credentials, certificate + key, { mode: 0o600 });
    };
    await join();
    await Deno.writeTextFile(
      file,
      `global
  nbthread 1
  maxconn ${connections}
  no strict-limits
defaults
  mode http
  timeout client 1h
  timeout server 1h
  timeout connect 5s
  timeout http-keep-alive 1h
  http-reuse always
frontend front
  bind 127.0.0.1:${port} backlog 511 ssl crt ${credentials} ca-file ${pki.caBundle} verify required alpn h2,http/1.1 ssl-min-ver TLSv1.2
  http-request set-header X-Client-CN %{+Q}[ssl_c_s_dn(cn)]
  http-request set-header X-Client-Subject %[ssl_c_s_dn]
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  default_backend application
backend application
  server application 127.0.0.1:${upstream} maxconn 256
`,
    );
    return {
      port,
      command: ["haproxy", "-W", "-db", "-f", file],
      forks: true,
      async reload(pid) {
        await join();
        Deno.kill(pid, "SIGUSR2");
      },
    };
  },
};
