import { gather } from "../../../src/commands/check_gather.ts";
import type { ClientFiles } from "../../../src/commands/check_client.ts";
import type { CheckReport } from "../../../src/commands/check_report.ts";
import type { Issued } from "../../support/pki.ts";
import { files, NOW } from "../material/material_fixture.ts";
import { memoryFiles } from "../material/memory_files.ts";

type Files = Record<string, string | Error>;

export interface CheckedOptions {
  /** On top of files that serve starts with; `undefined` removes. */
  readonly files?: Record<string, string | Error | undefined>;
  /** Variables beside `CERT_DIR` and `CA_DIR`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly client?: ClientFiles;
  /** What is said of mounts. */
  readonly mounts?: readonly string[];
}

/** Checks `/certs` and `/ca` at {@linkcode NOW}. */
export function checked(options: CheckedOptions = {}): Promise<CheckReport> {
  const env: Readonly<Record<string, string>> = {
    CERT_DIR: "/certs",
    CA_DIR: "/ca",
    ...options.env,
  };
  const content: Files = files(options.files);
  return gather({
    args: options.args ?? ["check"],
    lookup: (name) => env[name],
    ...(options.client && { client: options.client }),
    fs: memoryFiles(content),
    now: NOW,
    mountWarnings: () => Promise.resolve(options.mounts ?? []),
  });
}

/** What is said of a client that presents `issued` and the intermediates above it. */
export async function clientOf(
  issued: Pick<Issued, "chainPem">,
  options: CheckedOptions = {},
): Promise<NonNullable<CheckReport["client"]>> {
  const { client, problems } = await checked({
    ...options,
    files: { ...options.files, "/client.pem": issued.chainPem },
    client: { certificate: "/client.pem" },
  });
  if (client === undefined) throw new Error(JSON.stringify(problems));
  return client;
}
