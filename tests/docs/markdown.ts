/** The folder that holds README.md. */
export const ROOT = new URL("../../", import.meta.url);

/** A fenced block. */
export interface Block {
  /** The words after the fence: `["sh", "serve"]`. */
  readonly info: readonly string[];
  readonly text: string;
  /** The line of its opening fence, from 1. */
  readonly line: number;
}

/** A page in Markdown, taken apart as far as the tests of the documents need it. */
export interface Page {
  /** Its path from the root: `docs/seal.md`. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** The text without fenced blocks and comments. */
  readonly prose: string;
  /** What a link to a heading has after `#`. */
  readonly anchors: ReadonlySet<string>;
  /** The targets of its links and pictures, as they are written. */
  readonly links: readonly string[];
  /** What stands between backquotes in its prose. */
  readonly spans: readonly string[];
}

/** README.md and every page in docs/. */
export async function readPages(): Promise<Page[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
    if (name.endsWith(".md")) names.push(`docs/${name}`);
  }
  return await Promise.all(["README.md", ...names.sort()].map(readPage));
}

/** @param path From the root. */
export async function readPage(path: string): Promise<Page> {
  return parsePage(path, await Deno.readTextFile(new URL(path, ROOT)));
}

/** Takes a page apart. Throws where a fence is not closed. */
export function parsePage(path: string, text: string): Page {
  const blocks: Block[] = [];
  const proseLines: string[] = [];
  let open: { fence: string; indent: number; line: number } | undefined;
  let info: readonly string[] = [];
  let body: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const [, blanks = "", fence, words = ""] = /^( *)(```+)(.*)$/.exec(line) ??
      [];
    if (open === undefined) {
      if (fence === undefined) proseLines.push(line);
      else {
        open = { fence, indent: blanks.length, line: index + 1 };
        info = words.trim().split(/\s+/);
        body = [];
      }
    } else if (fence === open.fence && words === "") {
      blocks.push({ info, text: `${body.join("\n")}\n`, line: open.line });
      open = undefined;
    } else body.push(line.slice(open.indent));
  }
  if (open !== undefined) {
    throw new Error(`${path}: the block of line ${open.line} does not end`);
  }
  const prose = proseLines.join("\n").replace(/<!--.*?-->/gs, "");
  return {
    path,
    text,
    blocks,
    prose,
    anchors: anchorsOf(prose),
    links: linksOf(prose),
    spans: [...prose.matchAll(/`([^`]+)`/g)].map(([, span = ""]) =>
      span.replace(/\s+/g, " ")
    ),
  };
}

/** Where a block is, for messages. */
export function at({ path }: Page, { line }: Block): string {
  return `${path}:${line}`;
}

/** Headings as GitHub makes them into anchors. */
function anchorsOf(prose: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of prose.matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

function linksOf(prose: string): readonly string[] {
  // A link's text may be broken over lines, its target is not.
  const inline = prose.matchAll(/\]\(([^()\s]+)\)/g);
  const html = prose.matchAll(/\b(?:href|src|srcset)="([^"]+)"/g);
  return [...inline, ...html].map(([, target = ""]) => target);
}
