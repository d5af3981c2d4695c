import { SidecarError } from "../errors.ts";
import { FieldKind, fieldKind, hashStep } from "../http/field_name.ts";
import { ascii, TOKEN_LOWER } from "../http/octets.ts";
import type { ApplicationProbe, ProbeResult } from "./readiness.ts";

/** More interim responses than this are no answer. */
const MAX_INTERIM_RESPONSES = 8;

/** Calls at once: with more, the oldest is given up for whoever asks now. */
const MAX_CALLS = 32;

/** A connection to the application for one request, as `UpstreamConnection` is. */
export interface ProbeConnection {
  send(octets: Uint8Array): Promise<void>;
  readHead(method: string): Promise<void> | undefined;
  readonly head: { readonly status: number; readonly interim: boolean };
  /** Closes it; what is under way on it fails. */
  destroy(): void;
}

interface Call {
  readonly result: Promise<ProbeResult>;
  giveUp(): void;
}

export interface HttpProbeOptions {
  /** Makes a connection of its own. Rejects with `SidecarError`. */
  connect(): Promise<ProbeConnection>;
  /** For `Host`. */
  readonly authority: string;
  /** In origin-form (RFC 9112 §3.2.1). */
  readonly requestTarget: string;
  /** Until when the head of an answer must be there, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Asks the application by a GET, on a connection of its own, so that it takes
 * none from traffic and finds out when no more can be made. A status of 2xx says
 * that it is ready.
 *
 * The header of whoever asks goes with it, less what is of that hop alone and
 * what names a client. Those who ask the same while a call is under way share
 * its answer: the application is not to be asked as often as anyone likes who
 * reaches the monitor port.
 */
export class HttpProbe implements ApplicationProbe {
  readonly #options: HttpProbeOptions;
  /** By what is sent, the latest last. */
  readonly #calls = new Map<string, Call>();

  constructor(options: HttpProbeOptions) {
    this.#options = options;
  }

  ask(rawHeaders: readonly string[]): Promise<ProbeResult> {
    const head = this.#headOf(rawHeaders);
    const underWay = this.#calls.get(head);
    if (underWay !== undefined) return underWay.result;
    const [oldest] = this.#calls;
    if (oldest !== undefined && this.#calls.size >= MAX_CALLS) {
      this.#calls.delete(oldest[0]);
      oldest[1].giveUp();
    }
    const { promise: over, resolve } = Promise.withResolvers<ProbeResult>();
    const call: Call = {
      giveUp: () => resolve({ ok: false, detail: "others asked meanwhile" }),
      result: this.#call(head, { over, resolve }).finally(() => {
        if (this.#calls.get(head) === call) this.#calls.delete(head);
      }),
    };
    this.#calls.set(head, call);
    return call.result;
  }

  async #call(
    head: string,
    { over: timeUp, resolve }: {
      over: Promise<ProbeResult>;
      resolve(result: ProbeResult): void;
    },
  ): Promise<ProbeResult> {
    const { connect, timeoutMs } = this.#options;
    let connection: ProbeConnection | undefined;
    const timer = setTimeout(() => {
      resolve({ ok: false, detail: `no answer within ${timeoutMs / 1000} s` });
    }, timeoutMs);
    const connecting = connect();
    const answer = connecting.then((made) => {
      connection = made;
      return exchange(made, head);
    }).catch(failed);
    try {
      return await Promise.race([answer, timeUp]);
    } finally {
      clearTimeout(timer);
      if (connection !== undefined) connection.destroy();
      // Made too late, it would stay open.
      else connecting.then((late) => late.destroy(), () => {});
    }
  }

  #headOf(rawHeaders: readonly string[]): string {
    const { authority, requestTarget } = this.#options;
    return `GET ${requestTarget} HTTP/1.1\r\nHost: ${authority}\r\n` +
      `${forwardedLines(rawHeaders)}Connection: close\r\n\r\n`;
  }
}

async function exchange(
  connection: ProbeConnection,
  head: string,
): Promise<ProbeResult> {
  // Characters above U+007F can't be in it: see `forwardedLines`.
  await connection.send(ascii(head));
  for (let responses = 0; responses <= MAX_INTERIM_RESPONSES; responses++) {
    await connection.readHead("GET");
    const { status, interim } = connection.head;
    if (interim) continue;
    const ok = status >= 200 && status < 300;
    return { ok, detail: `it answered ${status}` };
  }
  return { ok: false, detail: "it sent nothing but interim responses" };
}

function failed(error: unknown): ProbeResult {
  const detail = error instanceof SidecarError ? error.code : String(error);
  return { ok: false, detail };
}

/** What of a probe's header goes on to the application, each line ended by CRLF. */
function forwardedLines(rawHeaders: readonly string[]): string {
  const named = connectionOptions(rawHeaders);
  let lines = "";
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const value = rawHeaders[i + 1]!;
    const isPlain = /^[\t\x20-\x7e]*$/.test(value);
    if (isPlain && goesOn(name) && !named.has(name.toLowerCase())) {
      lines += `${name}: ${value}\r\n`;
    }
  }
  return lines;
}

/** RFC 9110 §7.6.1 */
function connectionOptions(rawHeaders: readonly string[]): Set<string> {
  const options = new Set<string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() !== "connection") continue;
    for (const option of rawHeaders[i + 1]!.split(",")) {
      options.add(option.trim().toLowerCase());
    }
  }
  return options;
}

function goesOn(name: string): boolean {
  const octets = ascii(name);
  const lower = octets.map((octet) => TOKEN_LOWER[octet]!);
  if (lower.length === 0 || lower.includes(0)) return false;
  switch (fieldKind(octets, 0, octets.length, lower.reduce(hashStep, 0))) {
    case FieldKind.OTHER:
    case FieldKind.REQUEST_ID:
    case FieldKind.TRACEPARENT:
      return true;
    default:
      return false;
  }
}
