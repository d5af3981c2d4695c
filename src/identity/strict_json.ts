/** What a JSON text holds. Objects are maps, so that no name means more than itself. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>;

/** How deep arrays and objects may stand in each other. */
const MAX_DEPTH = 16;

const BLANKS = /[ \t\n\r]*/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Where a text is not JSON, and what was expected there. It quotes nothing of the text. */
export class JsonSyntaxError extends SyntaxError {
  override readonly name = "JsonSyntaxError";
  /** From 1. */
  readonly line: number;
  /** To follow `expected `. */
  readonly expected: string;

  constructor(line: number, expected: string) {
    super(`line ${line}: expected ${expected}`);
    this.line = line;
    this.expected = expected;
  }
}

/**
 * Reads a JSON text (RFC 8259) in which no object has a name twice (RFC 7493
 * §2.3), where `JSON.parse` would take the last and drop the others silently.
 * Throws {@linkcode JsonSyntaxError}.
 */
export function parseStrictJson(text: string): JsonValue {
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The value that comes next, blanks around it included. */
  value(depth: number): JsonValue {
    this.#skipBlanks();
    const value = this.#bareValue(depth);
    this.#skipBlanks();
    return value;
  }

  end(): void {
    if (this.#at < this.#text.length) throw this.#invalid("nothing more");
  }

  #bareValue(depth: number): JsonValue {
    if (depth > MAX_DEPTH) {
      throw this.#invalid(`at most ${MAX_DEPTH} levels of nesting`);
    }
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  #object(depth: number): ReadonlyMap<string, JsonValue> {
    const members = new Map<string, JsonValue>();
    this.#at++;
    this.#skipBlanks();
    if (this.#takes("}")) return members;
    do {
      this.#skipBlanks();
      if (this.#text[this.#at] !== '"') throw this.#invalid("a name in quotes");
      const name = this.#string();
      if (members.has(name)) {
        throw this.#invalid("each name of an object once");
      }
      this.#skipBlanks();
      if (!this.#takes(":")) throw this.#invalid("a colon");
      members.set(name, this.value(depth + 1));
    } while (this.#takes(","));
    if (!this.#takes("}")) throw this.#invalid("a comma or }");
    return members;
  }

  #array(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.#at++;
    this.#skipBlanks();
    if (this.#takes("]")) return items;
    do items.push(this.value(depth + 1)); while (this.#takes(","));
    if (!this.#takes("]")) throw this.#invalid("a comma or ]");
    return items;
  }

  #string(): string {
    const begin = this.#at;
    let end = begin + 1;
    while (end < this.#text.length && this.#text[end] !== '"') {
      end += this.#text[end] === "\\" ? 2 : 1;
    }
    try {
      const value: unknown = JSON.parse(this.#text.slice(begin, end + 1));
      if (typeof value !== "string") throw new SyntaxError();
      this.#at = end + 1;
      return value;
    } catch {
      throw this.#invalid("a whole string in quotes");
    }
  }

  #scalar(): JsonValue {
    SCALAR.lastIndex = this.#at;
    const [text] = SCALAR.exec(this.#text) ?? [];
    if (text === undefined) throw this.#invalid("a value");
    this.#at = SCALAR.lastIndex;
    return JSON.parse(text);
  }

  #takes(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipBlanks(): void {
    BLANKS.lastIndex = this.#at;
    BLANKS.test(this.#text);
    this.#at = BLANKS.lastIndex;
  }

  #invalid(expected: string): JsonSyntaxError {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    return new JsonSyntaxError(line, expected);
  }
}
