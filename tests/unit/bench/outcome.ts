import type { Outcome, Row } from "../../../bench/run.ts";

/** What came out of a scenario of three rounds: this program beside two others. */
export function outcome(rows: readonly Row[] = ROWS): Outcome {
  return {
    scenario: {
      name: "small",
      title: "Small",
      note: "How.",
      needs: [],
      columns: [
        { key: "cpu", title: "CPU, µs", digits: 1, ratio: true, digest: "CPU" },
        { key: "rate", title: "requests/s", digits: 0 },
      ],
      takes: () => true,
      prepare: () => Promise.reject(new Error("not to be run")),
    },
    rows,
    remarks: [],
  };
}

const ROWS: readonly Row[] = [
  row("mtls-sidecar", [30, 66, 33]),
  row("nginx", [20, 60, 30]),
  row("a<b&c", [40, 40, 40]),
];

function row(contender: string, cpu: readonly number[]): Row {
  return { contender, samples: cpu.map((cpu) => ({ cpu, rate: 1e6 / cpu })) };
}
