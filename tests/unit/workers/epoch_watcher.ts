/**
 * A thread that tells of the epoch as it is, and again when it has risen. It
 * hears no message in between. The first message brings memory and a port.
 */
import { TrustEpoch } from "../../../src/workers/trust_epoch.ts";

addEventListener("message", (event) => {
  const { data, ports: [port] } = event as MessageEvent<SharedArrayBuffer>;
  const epoch = new TrustEpoch(data);
  port?.postMessage(epoch.value);
  while (epoch.value === 0);
  port?.postMessage(epoch.value);
}, { once: true });
