import { type ErrorCode, SidecarError } from "../../../src/errors.ts";
import {
  BodyReader,
  REQUEST_BODY_FAULTS,
  RESPONSE_BODY_FAULTS,
} from "../../../src/http/body_reader.ts";
import type { FieldSection } from "../../../src/http/field_section.ts";
import { Input } from "../../../src/http/input.ts";
import { RequestHead } from "../../../src/http/request_head.ts";
import { ResponseHead } from "../../../src/http/response_head.ts";
import { latin1 } from "../../support/octet_reader.ts";
import { PieceSource } from "../../support/piece_source.ts";

/** Name in lower case, kind, value. */
export type Field = readonly [name: string, kind: number, value: string];

/** What was read of a message's body. */
interface ReadBody {
  readonly content: string;
  readonly trailers: readonly Field[];
}

/** A request as the codec understood it. */
export interface ReadRequest extends ReadBody {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  readonly minor: number;
  readonly framing: string;
  readonly persistent: boolean;
  readonly expectsContinue: boolean;
  readonly takesTrailers: boolean;
  readonly fields: readonly Field[];
}

/** A response as the codec understood it. */
export interface ReadResponse extends ReadBody {
  readonly status: number;
  readonly reason: string;
  readonly minor: number;
  readonly framing: string;
  readonly persistent: boolean;
  readonly fields: readonly Field[];
}

/** All messages of a stream, and what came after the last one. */
export interface Reading<Message> {
  readonly messages: readonly Message[];
  /** `end`: the stream ended between messages; `head`: within a head; else why it was refused. */
  readonly verdict: "end" | "head" | ErrorCode;
}

export function fieldsOf(section: FieldSection | undefined): Field[] {
  const fields: Field[] = [];
  for (let line = 0; line < (section?.count ?? 0); line++) {
    fields.push([
      section!.name(line),
      section!.kind(line),
      section!.value(line),
    ]);
  }
  return fields;
}

/** Reads one request after the other, as a connection does, with one head for all. */
export async function readRequests(
  pieces: readonly string[],
): Promise<Reading<ReadRequest>> {
  const input = new Input(new PieceSource(pieces));
  const head = new RequestHead();
  const body = new BodyReader(input, REQUEST_BODY_FAULTS);
  return await readMessages(input, {
    reset: () => head.reset(),
    parse: () => head.parse(input),
    async take(): Promise<ReadRequest> {
      const { bytes } = head;
      const read = {
        method: head.method,
        target: latin1(bytes.subarray(head.pathStart, head.pathEnd)),
        authority: latin1(
          bytes.subarray(head.authorityStart, head.authorityEnd),
        ),
        minor: head.minor,
        framing: framingText(head),
        persistent: head.persistent,
        expectsContinue: head.expectsContinue,
        takesTrailers: head.takesTrailers,
        fields: fieldsOf(head.fields),
      };
      body.begin(head.framing);
      return { ...read, ...await readBody(body) };
    },
  });
}

/** Reads one response to `method` after the other. */
export async function readResponses(
  pieces: readonly string[],
  method = "GET",
): Promise<Reading<ReadResponse>> {
  const input = new Input(new PieceSource(pieces));
  const head = new ResponseHead();
  const body = new BodyReader(input, RESPONSE_BODY_FAULTS);
  return await readMessages(input, {
    reset: () => head.reset(),
    parse: () => head.parse(input, method),
    async take(): Promise<ReadResponse> {
      const read = {
        status: head.status,
        reason: latin1(head.bytes.subarray(head.statusStart, head.reasonEnd)),
        minor: head.minor,
        framing: framingText(head),
        persistent: head.persistent,
        fields: fieldsOf(head.fields),
      };
      body.begin(head.framing);
      return { ...read, ...await readBody(body) };
    },
  });
}

interface Parser<Message> {
  reset(): void;
  parse(): boolean;
  take(): Promise<Message>;
}

async function readMessages<Message>(
  input: Input,
  parser: Parser<Message>,
): Promise<Reading<Message>> {
  const messages: Message[] = [];
  try {
    for (;;) {
      parser.reset();
      if (input.available === 0 && !await input.more()) {
        return { messages, verdict: "end" };
      }
      while (!parser.parse()) {
        if (!await input.more()) return { messages, verdict: "head" };
      }
      messages.push(await parser.take());
    }
  } catch (error) {
    if (!(error instanceof SidecarError)) throw error;
    return { messages, verdict: error.code };
  }
}

async function readBody(body: BodyReader): Promise<ReadBody> {
  let content = "";
  for (;;) {
    const piece = body.take();
    if (piece === null) break;
    if (piece === undefined) await body.more();
    else content += latin1(piece);
  }
  return { content, trailers: fieldsOf(body.trailers) };
}

function framingText({ framing }: RequestHead | ResponseHead): string {
  return framing.kind === "length" ? `length ${framing.octets}` : framing.kind;
}

/** The verdict on octets that hold one request: `taken`, `unfinished`, or why not. */
export async function requestVerdict(text: string): Promise<string> {
  return plain(await readRequests([text]));
}

/** The verdict on octets that hold one response to `method`. */
export async function responseVerdict(
  text: string,
  method = "GET",
): Promise<string> {
  return plain(await readResponses([text], method));
}

function plain({ messages, verdict }: Reading<unknown>): string {
  if (verdict === "head") return "unfinished";
  return verdict === "end" && messages.length === 1 ? "taken" : verdict;
}
