import fc from "fast-check";

/** Text out of these characters, one an octet. */
function textOf(
  characters: string,
  { min = 0, max }: { min?: number; max: number },
): fc.Arbitrary<string> {
  return fc.string({
    unit: fc.constantFrom(...characters),
    minLength: min,
    maxLength: max,
  });
}

function range(first: number, last: number): string {
  return String.fromCharCode(
    ...Array.from({ length: last - first + 1 }, (_, i) => first + i),
  );
}

const ALNUM = range(0x30, 0x39) + range(0x41, 0x5a) + range(0x61, 0x7a);
const OCTETS = range(0, 0xff);

const token = textOf(`${ALNUM}!#$%&'*+-.^_\`|~`, { min: 1, max: 20 });
const value = textOf(`\t ${range(0x21, 0x7e)}${range(0x80, 0xff)}`, {
  max: 30,
});
const space = fc.constantFrom("", " ", "\t ", "  ");

/** A field name, of no field that says where the message ends or goes. */
export const fieldName: fc.Arbitrary<string> = token.filter((name) =>
  !/^(host|content.length|transfer.encoding|connection)$/i.test(name)
);

/** Some field lines, each ended by CRLF. */
export const fieldLines: fc.Arbitrary<string> = fc.array(
  fc.tuple(fieldName, space, value)
    .map(([name, before, text]) => `${name}:${before}${text}\r\n`),
  { maxLength: 8 },
).map((lines) => lines.join(""));

const chunk = fc.tuple(
  textOf(OCTETS, { min: 1, max: 40 }),
  fc.constantFrom("", ";a", "; a=b", ';a="b;c"'),
  fc.constantFrom("", "0", "000"),
).map(
  ([data, extension, zeros]) =>
    `${zeros}${data.length.toString(16)}${extension}\r\n${data}\r\n`,
);

const chunks = fc.tuple(fc.array(chunk, { maxLength: 5 }), fieldLines)
  .map(([parts, trailers]) => `${parts.join("")}0\r\n${trailers}\r\n`);

/** Fields that frame a body, and the body. */
const framed: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.constant(["", ""] as const),
  textOf(OCTETS, { max: 60 })
    .map((text) => [`Content-Length: ${text.length}\r\n`, text] as const),
  chunks.map((text) => ["Transfer-Encoding: chunked\r\n", text] as const),
);

/** A valid request, of the kinds that a client may send one after the other. */
export const request: fc.Arbitrary<string> = fc.record({
  empty: fc.constantFrom("", "\r\n"),
  method: fc.constantFrom("GET", "POST", "OPTIONS", "a-b"),
  target: fc.constantFrom("/", "/a?b", "http://b.example/c", "http://b:1?d"),
  framed,
  before: fieldLines,
  after: fieldLines,
}).map(({ empty, method, target, framed: [framing, body], before, after }) =>
  `${empty}${method} ${target} HTTP/1.1\r\n` +
  `${before}Host: a\r\n${framing}${after}\r\n${body}`
);

/** A valid response to GET, interim or final, that does not end with its connection. */
export const response: fc.Arbitrary<string> = fc.record({
  status: fc.constantFrom("200 OK", "200", "404 ", "503 a\xe4\tb", "103 Early"),
  framed,
  lines: fieldLines,
}).map(({ status, framed: [framing, body], lines }) => {
  if (status.startsWith("1")) return `HTTP/1.1 ${status}\r\n${lines}\r\n`;
  const length = framing === "" ? "Content-Length: 0\r\n" : framing;
  return `HTTP/1.1 ${status}\r\n${length}${lines}\r\n${body}`;
});

const junk = fc.oneof(
  textOf(OCTETS, { max: 8 }),
  fc.constantFrom(..."\r\n\0: \t;,0f", "\r\n", "\r\n "),
  fc.constantFrom(
    "Content-Length: 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Host: b\r\n",
  ),
);

/** Junk, and valid octets with something put in the place of something else. */
export function damaged(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const mutated = fc.tuple(valid, fc.nat(400), fc.nat(6), junk).map(
    ([text, at, length, put]) => {
      const from = at % (text.length + 1);
      return text.slice(0, from) + put + text.slice(from + length);
    },
  );
  return fc.oneof(
    { arbitrary: mutated, weight: 4 },
    { arbitrary: textOf(OCTETS, { max: 200 }), weight: 1 },
    { arbitrary: textOf("GET /HTP.1\r\n:;0aF", { max: 80 }), weight: 1 },
  );
}
