import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ReceivedRequest,
  SealVerifier,
} from "../../../../src/identity/seal/verify.ts";
import type { Line } from "./support.ts";
import { VECTOR_KEY, VECTOR_MS, vectors, vectorText } from "./vectors.ts";

const ROOT = join(import.meta.dirname!, "../../../..");
const PAGE = await Deno.readTextFile(join(ROOT, "docs/seal.md"));

/** A request to judge, as every language's verifier is given it. */
interface Case {
  readonly method: string;
  readonly authority: string;
  readonly target: string;
  readonly headers: readonly Line[];
  readonly content: string | null;
  readonly nowSecs: number;
  readonly expected: string;
}

/** Each vector spoiled in many ways, then as it is, then once more. */
function cases(): Case[] {
  return vectors().flatMap(({ request, headers, content = null }) => {
    const good: Case = {
      method: request.method,
      authority: request.authority,
      target: request.target,
      headers,
      content,
      nowSecs: VECTOR_MS / 1000,
      expected: "ok",
    };
    const replaced = (name: string, from: string, to: string): Line[] =>
      headers.map(([own, value]) => [
        own,
        own === name ? value.replace(from, to) : value,
      ]);
    const spoiled: Partial<Case>[] = [
      { method: "PUT", expected: "bad-signature" },
      { authority: "other.example", expected: "bad-signature" },
      { target: "/other", expected: "bad-signature" },
      { target: `${request.target}?x`, expected: "bad-signature" },
      { nowSecs: good.nowSecs + 31, expected: "too-old" },
      { nowSecs: good.nowSecs - 31, expected: "too-new" },
      { headers: [], expected: "missing" },
      { headers: [...headers, ["X_Client_CN", "x"]], expected: "uncovered" },
      { headers: [...headers, ["Client-Cert", "x"]], expected: "uncovered" },
      { headers: [...headers, ...headers], expected: "malformed" },
      {
        headers: replaced("Signature", "seal=", "sig1="),
        expected: "missing",
      },
      {
        headers: replaced("Signature", "seal=:", "seal=:A"),
        expected: "malformed",
      },
      {
        headers: replaced("Signature-Input", "created=1", "created=2"),
        expected: "bad-signature",
      },
      {
        headers: replaced("Signature-Input", 'nonce="7', 'nonce="6'),
        expected: "bad-signature",
      },
      {
        headers: replaced("Signature-Input", ";alg=", ";expires=9;alg="),
        expected: "malformed",
      },
      {
        headers: replaced("Signature-Input", 'keyid="mtls', 'keyid="other'),
        expected: "unknown-key",
      },
      {
        headers: replaced("Signature-Input", ' "@query"', ""),
        expected: "bad-signature",
      },
      ...headers.slice(0, -2).map(([name]): Partial<Case> => ({
        headers: headers.map(([own, value]) => [
          own,
          own === name ? `${value}x` : value,
        ]),
        expected: "bad-signature",
      })),
      content === null
        ? { content: "x", expected: "uncovered" }
        : { content: `${content} `, expected: "digest" },
    ];
    return [
      ...spoiled.map((changed) => ({ ...good, ...changed })),
      {
        ...good,
        headers: [["Signature", "sig1=:AAAA:"], ...headers] as const,
      },
      { ...good, expected: "replayed" },
    ];
  });
}

const CASES = cases();
const EXPECTED = CASES.map(({ expected }) => expected);

/** What a program says, given the cases as JSON. */
function answers(
  command: readonly string[],
  options: { readonly cwd: string; readonly env?: Record<string, string> },
): unknown {
  const [program, ...args] = command;
  const input = JSON.stringify({
    key: Buffer.from(VECTOR_KEY).toString("base64"),
    cases: CASES,
  });
  const done = spawnSync(program!, args, {
    cwd: options.cwd,
    env: { ...Deno.env.toObject(), ...options.env },
    input,
    encoding: "utf8",
  });
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout);
}

function has(program: string, versionArgument: string): boolean {
  const found = spawnSync(program, [versionArgument]).status === 0;
  if (!found) console.log(`skipped: there is no ${program} here`);
  return found;
}

/** The one code block in this language that begins so. */
function block(language: string, begin: string): string {
  const found = PAGE.split("```" + language + "\n").slice(1)
    .map((rest) => rest.slice(0, rest.indexOf("```")))
    .filter((code) => code.startsWith(begin));
  assert.equal(found.length, 1, `the ${language} of docs/seal.md`);
  return found[0]!;
}

async function inDirectory(
  files: Readonly<Record<string, string>>,
  run: (directory: string) => void,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "seal-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(join(directory, name, ".."), { recursive: true });
      await Deno.writeTextFile(join(directory, name), text);
    }
    run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function received(one: Case): ReceivedRequest {
  const { content } = one;
  return {
    ...one,
    content: content === null ? undefined : new TextEncoder().encode(content),
  };
}

Deno.test("docs/seal.md has the test vectors that the code makes", () => {
  for (const vector of vectors()) {
    assert.ok(PAGE.includes(`${vectorText(vector)}\n`), vectorText(vector));
  }
  assert.ok(PAGE.includes(Buffer.from(VECTOR_KEY).toString("base64")));
});

Deno.test("verify.ts judges the cases that the document's verifiers are given", () => {
  let now = VECTOR_MS;
  const verifier = new SealVerifier({ keys: [VECTOR_KEY], now: () => now });
  const said = CASES.map((one) => {
    now = one.nowSecs * 1000;
    const verdict = verifier.verify(received(one));
    return verdict.ok ? "ok" : verdict.reason;
  });
  assert.deepEqual(said, EXPECTED);
});

Deno.test({
  name: "the Python of docs/seal.md judges them the same",
  ignore: !has("python3", "--version"),
  fn: () =>
    inDirectory({
      "seal.py": block("python", "import base64"),
      "main.py": `import base64, json, sys
from seal import SealVerifier

given = json.load(sys.stdin)
now = 0
verifier = SealVerifier([base64.b64decode(given["key"])], now=lambda: now)
said = []
for case in given["cases"]:
    now = case["nowSecs"]
    content = case["content"]
    said.append(verifier.verify(
        case["method"], case["authority"], case["target"], case["headers"],
        None if content is None else content.encode()))
numbers = [5000, 5000, 6023, 5001, 5001, 5000, 4999, 9000, 6024]
window = [verifier.take("x", number, 1, 0) for number in numbers]
print(json.dumps([said, window]))
`,
    }, (cwd) => {
      assert.deepEqual(answers(["python3", "main.py"], { cwd }), [
        EXPECTED,
        WINDOW,
      ]);
    }),
});

/** What a window says of 5000, 5000, 6023, 5001, 5001, 5000, 4999, 9000, 6024. */
const WINDOW = [
  "ok",
  "replayed",
  "ok",
  "ok",
  "replayed",
  "replayed",
  "behind-window",
  "ok",
  "behind-window",
];

Deno.test({
  name: "the Go of docs/seal.md judges them the same",
  ignore: !has("go", "version"),
  fn: () =>
    inDirectory({
      "go.mod": "module example.com/seal\n\ngo 1.21\n",
      "seal.go": block("go", "package seal"),
      "take.go": `package seal

func (v *Verifier) Take(sequence uint64) string { return v.take("x", sequence, 1, 0) }
`,
      "main/main.go": `package main

import (
	"encoding/json"
	"os"
	"time"

	"example.com/seal"
)

func main() {
	var given struct {
		Key   []byte
		Cases []struct {
			Method, Authority, Target string
			Headers                   [][]string
			Content                   *string
			NowSecs                   int64
		}
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		panic(err)
	}
	var now int64
	verifier := seal.Verifier{
		Keys:   [][]byte{given.Key},
		KeyIDs: []string{"mtls-sidecar"},
		Skew:   30 * time.Second,
		Now:    func() time.Time { return time.Unix(now, 0) },
	}
	said := []string{}
	for _, one := range given.Cases {
		now = one.NowSecs
		header := map[string][]string{}
		for _, line := range one.Headers {
			header[line[0]] = append(header[line[0]], line[1])
		}
		var content []byte
		if one.Content != nil {
			content = []byte(*one.Content)
		}
		said = append(said, verifier.Verify(one.Method, one.Authority, one.Target, header, content))
	}
	window := []string{}
	for _, number := range []uint64{5000, 5000, 6023, 5001, 5001, 5000, 4999, 9000, 6024} {
		window = append(window, verifier.Take(number))
	}
	json.NewEncoder(os.Stdout).Encode([][]string{said, window})
}
`,
    }, (cwd) => {
      // Kept between runs: the standard library takes ten seconds to compile.
      const env = {
        GOCACHE: join(tmpdir(), "mtls-sidecar-test-go"),
        GOFLAGS: "-mod=mod",
        GOPROXY: "off",
        GOTOOLCHAIN: "local",
      };
      assert.deepEqual(answers(["go", "run", "./main"], { cwd, env }), [
        EXPECTED,
        WINDOW,
      ]);
    }),
});

/** `verify.ts` and what it imports, by name. */
async function verifierFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const wanted = ["verify.ts"];
  for (const name of wanted) {
    const text = await Deno.readTextFile(
      join(ROOT, "src/identity/seal", name),
    );
    files.set(name, text);
    for (const specifier of importsOf(text)) {
      const name = specifier.slice("./".length);
      if (specifier.startsWith("./") && !wanted.includes(name)) {
        wanted.push(name);
      }
    }
  }
  return files;
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/^(?:import|\}).* from "([^"]+)";$/gm)]
    .map(([, specifier = ""]) => specifier);
}

Deno.test("verify.ts needs nothing but its neighbours and node:crypto", async () => {
  const files = await verifierFiles();
  assert.ok(files.size > 5);
  for (const [name, text] of files) {
    for (const specifier of importsOf(text)) {
      assert.match(
        specifier,
        /^(\.\/[a-z_]+\.ts|node:(crypto|buffer))$/,
        name,
      );
    }
    assert.doesNotMatch(text, /\bDeno\./, name);
  }
});

Deno.test({
  name: "verify.ts judges them the same in Node.js, with its types stripped",
  ignore: !has("node", "--version"),
  fn: async () => {
    const files = Object.fromEntries(
      [...await verifierFiles()].map(([name, text]) => [
        name.replace(/ts$/, "mjs"),
        stripTypeScriptTypes(text).replaceAll(
          /(from "\.\/\w+)\.ts"/g,
          '$1.mjs"',
        ),
      ]),
    );
    await inDirectory({
      ...files,
      "main.mjs": `import { readFileSync } from "node:fs";
import { readSealKeys, SealVerifier } from "./verify.mjs";
const given = JSON.parse(readFileSync(0, "utf8"));
let now = 0;
const verifier = new SealVerifier({ keys: readSealKeys(given.key), now: () => now });
console.log(JSON.stringify(given.cases.map((one) => {
  now = one.nowSecs * 1000;
  const content = one.content === null ? undefined : Buffer.from(one.content);
  const verdict = verifier.verify({ ...one, content, headers: one.headers.flat() });
  return verdict.ok ? "ok" : verdict.reason;
})));
`,
    }, (cwd) => {
      assert.deepEqual(answers(["node", "main.mjs"], { cwd }), EXPECTED);
    });
  },
});
