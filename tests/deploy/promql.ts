import { parser } from "@prometheus-io/lezer-promql";
import { Scrape, type ScrapedFamily } from "../support/scrape.ts";
import { dirname, join } from "node:path";
import { temporaryDirectory } from "../support/files.ts";
import { createCrl } from "../support/pki_crl.ts";
import { root, server, TestSidecar } from "../support/sidecar.ts";

/** What Prometheus itself adds to each sample, and to a histogram's. */
const ADDED = ["instance", "job", "le"];

/** All that a sidecar exposes, by name: one that has a CRL too. */
export async function exposed(): Promise<ReadonlyMap<string, ScrapedFamily>> {
  await using directory = await temporaryDirectory({});
  const files = {
    "certs/tls.crt": server.chainPem,
    "certs/tls.key": server.keyPem,
    "ca/ca.crt": root.certPem,
    "ca/crl.pem": createCrl(root).pem,
  };
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory.path, name);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, content);
  }
  await using sidecar = await TestSidecar.start({
    monitor: true,
    directory: directory.path,
    settings: { ENABLE_METRICS: "true" },
  });
  const { families } = await Scrape.of(sidecar.monitorUrl);
  return new Map(families.map((family) => [family.name, family]));
}

/**
 * What is wrong with a PromQL expression: that it can't be parsed, or that it
 * looks for a metric, a label or a label's value that no sidecar exposes.
 */
export function problemsOf(
  expression: string,
  families: ReadonlyMap<string, ScrapedFamily>,
): string[] {
  const problems: string[] = [];
  const named: ScrapedFamily[] = [];
  const labels: string[] = [];
  const values: [label: string, values: readonly string[]][] = [];
  const textOf = (node: { from: number; to: number }) =>
    expression.slice(node.from, node.to);
  parser.parse(expression).iterate({
    enter(ref) {
      const text = textOf(ref);
      if (ref.type.isError) problems.push(`syntax error at ${ref.from}`);
      if (ref.name === "VectorSelector") {
        const [name = ""] = text.split("{");
        const family = familyOf(name, families);
        if (family === undefined) problems.push(`no metric ${name}`);
        else named.push(family);
      }
      if (ref.name === "LabelName") labels.push(text);
      if (ref.name === "UnquotedLabelMatcher") {
        const [, label = "", value = ""] = /^(\w+)\W+"(.*)"$/.exec(text) ?? [];
        values.push([label, value.split("|")]);
      }
    },
  });
  if (named.length === 0) problems.push("no metric at all");
  const samples = named.flatMap(({ metrics }) => metrics);
  const known = samples.flatMap(({ labels = {} }) => Object.entries(labels));
  const names = [...known.map(([name]) => name), ...ADDED];
  for (const label of labels.filter((label) => !names.includes(label))) {
    problems.push(`no label ${label}`);
  }
  for (const [label, wanted] of values) {
    if (ADDED.includes(label)) continue;
    for (const value of wanted) {
      if (!known.some(([name, text]) => name === label && text === value)) {
        problems.push(`no ${label} ${value}`);
      }
    }
  }
  return problems;
}

function familyOf(
  name: string,
  families: ReadonlyMap<string, ScrapedFamily>,
): ScrapedFamily | undefined {
  const found = families.get(name);
  if (found !== undefined) return found;
  const histogram = families.get(name.replace(/_(bucket|sum|count)$/, ""));
  return histogram?.type === "HISTOGRAM" ? histogram : undefined;
}
