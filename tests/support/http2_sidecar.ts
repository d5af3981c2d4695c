import {
  type Field,
  GET,
  Http2Client,
  type Http2ClientOptions,
} from "./http2_client.ts";
import type { Issued } from "./pki.ts";
import { client, root, type TestSidecar } from "./sidecar.ts";

/** An HTTP/2 client of a whole sidecar, over TLS, as the test client unless told otherwise. */
export function http2Client(
  sidecar: TestSidecar,
  identity: Pick<Issued, "chainPem" | "keyPem"> = client,
  options: Http2ClientOptions = {},
): Promise<Http2Client> {
  return Http2Client.connect(sidecar.port, {
    tls: { identity, caCerts: [root.certPem] },
    ...options,
  });
}

/** The pseudo-header fields of a request to a path. */
export function to(path: string, method = "GET"): Field[] {
  return [
    [":method", method],
    ...GET.filter(([name]) => name !== ":path" && name !== ":method"),
    [":path", path],
  ];
}
