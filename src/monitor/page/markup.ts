import { visible } from "./visible.ts";

/** Markup that is safe to send. Only {@linkcode markup} makes it. */
export class Markup {
  readonly #text: string;

  /** @param text Taken as it is: for {@linkcode markup} alone. */
  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template: text and numbers are escaped, null is nothing. */
export type MarkupValue =
  | string
  | number
  | Markup
  | null
  | undefined
  | readonly MarkupValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * A template of HTML. Every value is escaped for element content and for
 * attribute values in double quotes, which are the only places for foreign text:
 * no name, no URL, no script or style. Named so that
 * `deno fmt`, which lays out anew what is tagged `html`, leaves its spaces alone.
 */
export function markup(
  strings: TemplateStringsArray,
  ...values: readonly MarkupValue[]
): Markup {
  let text = strings[0] ?? "";
  for (let at = 0; at < values.length; at++) {
    text += textOf(values[at]) + (strings[at + 1] ?? "");
  }
  return new Markup(text);
}

function textOf(value: MarkupValue): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return escape(value);
  if (value instanceof Markup) return value.toString();
  let text = "";
  for (const item of value) text += textOf(item);
  return text;
}

function escape(text: string): string {
  return visible(text).replace(
    /[&<>"']/g,
    (character) => ENTITIES[character] ?? "",
  );
}
