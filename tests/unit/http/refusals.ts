import assert from "node:assert/strict";
import type { ErrorCode } from "../../../src/errors.ts";
import { statusOf } from "../../../src/proxy/status.ts";
import { requestVerdict } from "./message_reader.ts";

/** A valid Host field line. */
export const HOST = "Host: a.example\r\n";

/** What is wrong, with the RFC that says so where one does, and the octets. */
export type Case = readonly [what: string, octets: string];

/** All that is refused with a code, and the status that answers it. */
export interface Refusal {
  readonly status: number;
  readonly cases: readonly Case[];
}

/** A head with this request line. */
export function line(requestLine: string): string {
  return `${requestLine}\r\n${HOST}\r\n`;
}

/** A head with these field lines beside Host. */
export function fields(lines: string, version = "1.1"): string {
  return `POST / HTTP/${version}\r\n${HOST}${lines}\r\n`;
}

/** A head with these Host lines. */
export function host(lines: string, target = "/"): string {
  return `GET ${target} HTTP/1.1\r\n${lines}\r\n`;
}

/** A case for each value of a field. */
export function valuesOf(
  field: string,
  { rfc, values }: { rfc: string; values: readonly string[] },
): Case[] {
  return values.map((value) => [
    `${rfc}: ${field} ${JSON.stringify(value)}`,
    field === "Host"
      ? host(`Host: ${value}\r\n`)
      : fields(`${field}: ${value}\r\n`),
  ]);
}

/** Registers a test for each code, with a step for each case. */
export function testRefusals(
  refusals: Readonly<Partial<Record<ErrorCode, Refusal>>>,
): void {
  for (const [code, { status, cases }] of Object.entries(refusals)) {
    Deno.test(`RequestHead.parse() refuses with ${code}, which is answered ${status}`, async (t) => {
      assert.equal(statusOf(code as ErrorCode), status);
      for (const [what, octets] of cases) {
        await t.step(what, async () => {
          assert.equal(await requestVerdict(octets), code);
        });
      }
    });
  }
}
