import { HOST, line, testRefusals } from "./refusals.ts";

testRefusals({
  REQUEST_LINE_INVALID: {
    status: 400,
    cases: [
      ["RFC 9112 §3: no method", line(" / HTTP/1.1")],
      ["RFC 9110 §9.1: a method that is no token", line("GE(T / HTTP/1.1")],
      [
        "RFC 9110 §9.1: a method with an octet over 0x7f",
        line("G\xc9T / HTTP/1.1"),
      ],
      ["a method of 65 octets", line(`${"A".repeat(65)} / HTTP/1.1`)],
      ["RFC 9112 §3: a method alone", line("GET")],
      ["RFC 9112 §3: a tab for the space", line("GET\t/ HTTP/1.1")],
      ["RFC 9112 §3: two spaces after the target", line("GET /  HTTP/1.1")],
      ["RFC 9112 §3: white space after the version", line("GET / HTTP/1.1 ")],
      [
        "RFC 9112 §2.2: two empty lines before it",
        "\r\n\r\n" + line("GET / HTTP/1.1"),
      ],
      ["RFC 9112 §2.2: a bare LF before it", "\n" + line("GET / HTTP/1.1")],
      ["RFC 9112 §2.2: a bare CR before it", "\r" + line("GET / HTTP/1.1")],
      ["RFC 9112 §2.2: ended by a bare LF", `GET / HTTP/1.1\n${HOST}\r\n`],
      ["RFC 9112 §2.2: ended by a bare CR", `GET / HTTP/1.1\r${HOST}\r\n`],
      ["RFC 9112 §2.2: a bare CR within it", line("GET / HTTP\r/1.1")],
      [
        "a TLS record within TLS",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
      ],
      ["RFC 9112 §2.3: a version in lower case", line("GET / http/1.1")],
      ["RFC 9112 §2.3: a version of two digits", line("GET / HTTP/1.10")],
      ["RFC 9112 §2.3: a version without a dot", line("GET / HTTP/11 ")],
      ["RFC 9112 §2.3: another protocol", line("GET / HTTQ/1.1")],
    ],
  },
  TARGET_INVALID: {
    status: 400,
    cases: [
      ["RFC 9112 §3: two spaces before the target", line("GET  / HTTP/1.1")],
      ["HTTP/0.9", "GET /\r\n"],
      [
        "RFC 9112 §3.2: an octet over 0x7f in the target",
        line("GET /\xe4 HTTP/1.1"),
      ],
      ["RFC 9112 §3.2: NUL in the target", line("GET /\0 HTTP/1.1")],
      ["RFC 9112 §3.2: a tab in the target", line("GET /a\tb HTTP/1.1")],
      ["RFC 9112 §3.2: DEL in the target", line("GET /\x7f HTTP/1.1")],
      ["RFC 9112 §3.2: a fragment", line("GET /a#b HTTP/1.1")],
      ["RFC 9112 §3.2: a bare CR in the target", line("GET /\r/ HTTP/1.1")],
      ["RFC 9112 §3.2.1: a path without its slash", line("GET a HTTP/1.1")],
      ["RFC 9112 §3.2.1: a query alone", line("GET ?a HTTP/1.1")],
      ["RFC 9112 §3.2.3: authority-form", line("GET a.example:80 HTTP/1.1")],
      ["RFC 9112 §3.2.4: asterisk-form for GET", line("GET * HTTP/1.1")],
      ["RFC 9112 §3.2.4: an asterisk and more", line("OPTIONS *a HTTP/1.1")],
      ["another scheme", line("GET ftp://a.example/ HTTP/1.1")],
      [
        "RFC 9110 §4.2.1: an absolute-form without host",
        line("GET http:///a HTTP/1.1"),
      ],
      [
        "RFC 9110 §4.2.1: an absolute-form with one slash",
        line("GET http:/a.example/ HTTP/1.1"),
      ],
    ],
  },
  VERSION_NOT_SUPPORTED: {
    status: 505,
    cases: [
      ["RFC 9110 §15.6.6: HTTP/2.0", line("GET / HTTP/2.0")],
      ["RFC 9110 §15.6.6: HTTP/1.2", line("GET / HTTP/1.2")],
      ["RFC 9110 §15.6.6: HTTP/0.9 by name", line("GET / HTTP/0.9")],
      [
        "RFC 9113 §3.4: the preface of HTTP/2",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      ],
    ],
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    cases: [
      ["RFC 9110 §9.3.6: CONNECT", line("CONNECT a.example:443 HTTP/1.1")],
      ["RFC 9110 §9.3.8: TRACE", line("TRACE / HTTP/1.1")],
    ],
  },
});
