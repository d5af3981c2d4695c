import type { Contender } from "../contender.ts";
import { freePort } from "../workbench.ts";

/** Caddy as mTLS proxy, with the fields that the sidecar sets. */
export const CADDY: Contender = {
  name: "Caddy",
  program: "caddy",
  knows: ["http/1.1", "h2"],
  kind: "peer",
  async launch(bench, { upstream, pki }) {
    const port = freePort();
    const file = bench.path(`caddy-${port}`);
    await Deno.writeTextFile(
      file,
      `{
  admin off
  auto_https off
  default_sni localhost
  servers {
    # The clients name an address, and no server in their hello.
    strict_sni_host insecure_off
  }
  log {
    level ERROR
  }
}
https://localhost:${port}, https://127.0.0.1:${port} {
  tls ${pki.server.certificate} ${pki.server.key} {
    client_auth {
      mode require_and_verify
      trusted_ca_cert_file ${pki.caBundle}
    }
  }
  reverse_proxy 127.0.0.1:${upstream} {
    header_up X-Client-Subject {tls_client_subject}
    flush_interval -1
  }
}
`,
    );
    return {
      port,
      command: ["caddy", "run", "--config", file, "--adapter", "caddyfile"],
      env: {
        GOMAXPROCS: "1",
        HOME: bench.directory,
        XDG_CONFIG_HOME: bench.directory,
      },
    };
  },
};
