import { boolean, listenHost, port } from "./kinds.ts";
import { setting } from "./setting.ts";

const LISTENING = "Listening";

/** How clients reach the sidecar. */
export const LISTENING_SETTINGS = {
  tlsListenHost: setting({
    variable: "TLS_LISTEN_HOST",
    kind: listenHost,
    default: "0.0.0.0",
    group: LISTENING,
    description: "Address of the mTLS port; :: takes IPv4 and IPv6",
  }),
  tlsListenPort: setting({
    variable: "TLS_LISTEN_PORT",
    kind: port,
    default: "8443",
    group: LISTENING,
    description: "The mTLS port; 0 lets the system choose a free one",
  }),
  http2: setting({
    variable: "HTTP2",
    kind: boolean,
    default: "true",
    group: LISTENING,
    description: "Speak HTTP/2 with clients that can",
  }),
  proxyProtocol: setting({
    variable: "PROXY_PROTOCOL",
    kind: boolean,
    default: "false",
    group: LISTENING,
    description:
      "Expect a PROXY protocol header before TLS, from a load balancer",
  }),
};
