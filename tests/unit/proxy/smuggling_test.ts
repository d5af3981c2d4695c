import assert from "node:assert/strict";
import fc from "fast-check";
import { SidecarError } from "../../../src/errors.ts";
import { FieldKind } from "../../../src/http/field_name.ts";
import { damaged, request } from "../../support/http_arbitrary.ts";
import { latin1 } from "../../support/octet_reader.ts";
import { type Field, fieldsOf } from "../http/message_reader.ts";
import { CLIENT_LINES, forwarded, parseHead } from "./forwarding.ts";

/**
 * Reads a head as laxly as any server does: a line ends at LF, with CR before it
 * or not, a name at the first colon; then names are made variables as CGI does
 * (RFC 3875 §4.1.18), any mark taken for an underscore.
 */
function laxly(head: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const line of head.split(/\r?\n|\r/).slice(1)) {
    if (line === "") break;
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toUpperCase()
      .replace(/[^A-Z0-9]/g, "_");
    const value = line.slice(colon + 1).trim();
    fields.set(name, [...fields.get(name) ?? [], value]);
  }
  return fields;
}

/** What only we may say, and what we say. */
const OURS: Readonly<Record<string, string>> = {
  HOST: "app:8080",
  X_FORWARDED_FOR: "192.0.2.1",
  X_FORWARDED_PROTO: "https",
  X_CLIENT_CN: "alice",
  X_CLIENT_SUBJECT: "CN=alice",
};

const claim = fc.tuple(
  fc.constantFrom(
    ..."X-Client-CN X-Client-Subject X-Client-Other X-Forwarded-For".split(" "),
    ..."X-Forwarded-Proto X-Forwarded-Host X-Real-IP Forwarded".split(" "),
    ..."Transfer-Encoding Content-Length Connection Host TE".split(" "),
  ),
  fc.func(fc.boolean()),
  fc.func(fc.constantFrom(..."--__.!~|`^'*+&%$#")),
  fc.constantFrom("mallory", "chunked", "7", "X-Client-CN", "a\r\n b"),
).map(([name, upper, mark, value]) => {
  const spelled = [...name].map((letter, at) =>
    letter === "-"
      ? mark(at)
      : upper(at)
      ? letter.toUpperCase()
      : letter.toLowerCase()
  ).join("");
  return `${spelled}: ${value}\r\n`;
});

/** Requests with claims put where fields may stand. */
const claiming = fc.tuple(request, fc.array(claim, { maxLength: 4 })).map(
  ([text, claims]) =>
    text.replace("Host: a\r\n", `Host: a\r\n${claims.join("")}`),
);

/** What is forwarded of a request, undefined where it is refused or not whole. */
async function attempt(text: string): Promise<string | undefined> {
  try {
    return await forwarded(text);
  } catch (error) {
    if (error instanceof SidecarError) return undefined;
    if (error instanceof assert.AssertionError) return undefined;
    throw error;
  }
}

function isForwarded([, kind]: Field): boolean {
  return kind === FieldKind.OTHER || kind === FieldKind.DATE ||
    kind === FieldKind.EXPECT || kind === FieldKind.CONTENT_LENGTH;
}

Deno.test("nothing that a client sends stands beside what we say of it", async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(claiming, damaged(claiming)),
      async (text) => {
        const head = await attempt(text);
        if (head === undefined) return;
        taken++;
        const read = laxly(head);
        for (const [name, value] of Object.entries(OURS)) {
          assert.deepEqual(read.get(name), [value], name);
        }
        assert.equal(read.get("X_FORWARDED_HOST")?.length, 1);
        for (const name of ["FORWARDED", "X_REAL_IP", "X_CLIENT_OTHER"]) {
          assert.equal(read.has(name), false, name);
        }
      },
    ),
    { numRuns: 1000 },
  );
  assert.ok(taken > 100, `only ${taken} requests were taken`);
});

Deno.test("what is forwarded has one head and one framing, however laxly it is read", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(claiming, damaged(claiming)),
      async (text) => {
        const head = await attempt(text);
        if (head === undefined) return;
        assert.match(head, /^[^\r\n\0]+\r\n([^\r\n\0]+\r\n)+\r\n$/);
        const read = laxly(head);
        const framings = [
          ...read.get("CONTENT_LENGTH") ?? [],
          ...read.get("TRANSFER_ENCODING") ?? [],
        ];
        assert.ok(framings.length <= 1, framings.join());
        assert.match(framings[0] ?? "0", /^([0-9]+|chunked)$/);
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("what is forwarded is read again as the same request", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(claiming, damaged(claiming)),
      async (text) => {
        const sent = await attempt(text);
        if (sent === undefined) return;
        const before = await parseHead(text);
        const after = await parseHead(sent);
        assert.equal(after.method, before.method);
        assert.deepEqual(after.framing, before.framing);
        assert.equal(after.takesTrailers, before.takesTrailers);
        const [path, pathBefore] = [after, before].map((head) =>
          latin1(head.bytes.subarray(head.pathStart, head.pathEnd))
        );
        if (pathBefore!.startsWith("/")) assert.equal(path, pathBefore);
        const kept = fieldsOf(after.fields).filter(isForwarded);
        assert.deepEqual(kept, fieldsOf(before.fields).filter(isForwarded));
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("the lines about the client come last, and whole", async () => {
  const sent = await forwarded(
    "GET / HTTP/1.1\r\nHost: a\r\nX-Client-CN: mallory\r\n\r\nX-Client-CN: b\r\n",
  );
  assert.ok(sent.endsWith(`${CLIENT_LINES}\r\n`));
  assert.ok(!sent.includes("mallory"));
});
