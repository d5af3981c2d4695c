import type { Contender } from "../contender.ts";
import { freePort } from "../workbench.ts";

/** stunnel: TLS with a client certificate, then bytes; it reads no HTTP. */
export const STUNNEL: Contender = {
  name: "stunnel (bytes only)",
  program: "stunnel",
  knows: ["http/1.1"],
  kind: "peer",
  // Each has a thread.
  holds: 1_000,
  async launch(bench, { upstream, pki }) {
    const port = freePort();
    const file = bench.path(`stunnel-${port}.conf`);
    await Deno.writeTextFile(
      file,
      `foreground = yes
pid =
debug = err
[mtls]
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${upstream}
cert = ${pki.server.certificate}
key = ${pki.server.key}
CAfile = ${pki.caBundle}
verifyChain = yes
requireCert = yes
sslVersionMin = TLSv1.2
TIMEOUTidle = 3600
`,
    );
    return { port, command: ["stunnel", file] };
  },
};

/** ghostunnel: the same in Go. */
export const GHOSTUNNEL: Contender = {
  name: "ghostunnel (bytes only)",
  program: "ghostunnel",
  knows: ["http/1.1", "reload"],
  kind: "peer",
  launch(_bench, { upstream, pki }) {
    const port = freePort();
    return Promise.resolve({
      port,
      command: [
        "ghostunnel",
        "server",
        ...["--listen", `127.0.0.1:${port}`],
        ...["--target", `127.0.0.1:${upstream}`],
        ...["--cert", pki.server.certificate, "--key", pki.server.key],
        ...["--cacert", pki.caBundle],
        "--allow-all",
        "--quiet=all",
      ],
      env: { GOMAXPROCS: "1" },
      reload: (pid) => Promise.resolve(Deno.kill(pid, "SIGHUP")),
    });
  },
};
