/** A GET. `fields` are whole lines, each ended by CRLF. */
export function get(target = "/", fields = ""): string {
  return `GET ${target} HTTP/1.1\r\nHost: client.test\r\n${fields}\r\n`;
}

/** A POST of `content`, its length said. */
export function post(content: string, fields = ""): string {
  return `POST / HTTP/1.1\r\nHost: client.test\r\n` +
    `Content-Length: ${content.length}\r\n${fields}\r\n${content}`;
}

/** A POST whose body, `chunks`, is given as it goes over the wire. */
export function postChunked(chunks: string, fields = ""): string {
  return `POST / HTTP/1.1\r\nHost: client.test\r\n` +
    `Transfer-Encoding: chunked\r\n${fields}\r\n${chunks}`;
}

/** A 200 with `content`, its length said. */
export function ok(content = "", fields = ""): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n` +
    `${fields}\r\n${content}`;
}

/** The values of a field of a head, in order. */
export function fieldValues(head: string, name: string): string[] {
  return head.split("\r\n").slice(1)
    .map((line) => line.split(/: ?(.*)/s))
    .filter(([found]) => found?.toLowerCase() === name.toLowerCase())
    .map(([, value = ""]) => value);
}
