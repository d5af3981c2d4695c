import { allowVariable } from "../config/allow_rules.ts";
import { certificateRows } from "./check_cells.ts";
import type { ClientReport } from "./check_report.ts";
import type { Cell, Section } from "./check_table.ts";

type Refusal = NonNullable<ClientReport["refusal"]>;

/** What is said of the client, and what the application would be told of it. */
export function clientSections(client: ClientReport, now: number): Section[] {
  const { file, admitted, certificate, headers, headersTrimmed } = client;
  return [
    {
      heading: "The client",
      rows: [
        ["File", file],
        ...(certificate ? certificateRows(certificate, now) : []),
        ...(certificate ? [["Pin", certificate.spki]] : []),
        ...(admitted ? [admittance(client)] : []),
        ...(client.refusal ? refusal(client.refusal, admitted) : []),
      ],
    },
    {
      heading: "What the application would see of it",
      rows: [
        ...headers.map(({ name, value }) => [`${name}: ${value}`]),
        ...(admitted && headers.length === 0 ? [["nothing"]] : []),
        ...(headersTrimmed
          ? [["certificates are left out, as all is too large with them"]]
          : []),
      ],
    },
  ];
}

function admittance(client: ClientReport): readonly Cell[] {
  const { until } = client;
  const text = reason(client);
  return [
    "Admitted",
    {
      text: until === undefined ? text : `${text}, until ${until}`,
      tone: "good",
    },
  ];
}

function reason({ by, rule, peer }: ClientReport): string {
  switch (by) {
    case undefined:
    case "any":
      return "no rule keeps a verified client out";
    case "audit":
      return "only as ACCESS_MODE is audit";
    case "bootstrap":
      return "only as peers are still being pinned";
    case "peer-spki":
      return `by its key, as pinned peer ${peer}`;
    case "peer-spiffe":
      return `by its SPIFFE ID, as pinned peer ${peer}`;
    default:
      return `by ${allowVariable(by)}: ${rule}`;
  }
}

function refusal(
  { code, detail, meets, remedies }: Refusal,
  admitted: boolean,
): (readonly Cell[])[] {
  return [
    [
      admitted ? "Otherwise refused" : "Refused",
      { text: `${code}: ${detail}`, tone: admitted ? "warning" : "bad" },
    ],
    ...(meets === undefined ? [] : [[
      "It meets",
      meets === "close" ? "a closed connection" : `status ${meets}`,
    ]]),
    ...remedies.map((remedy, index) => [
      index === 0 ? "To let it in" : "or",
      remedy,
    ]),
  ];
}
