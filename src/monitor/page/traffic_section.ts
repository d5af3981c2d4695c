import type {
  StatusReport,
  TrafficReport,
  TrafficSample,
} from "../status_report.ts";
import type { Level } from "./life.ts";
import { type Markup, markup } from "./markup.ts";
import { barPlot, linePlot, type Plot, roundTop } from "./plot.ts";
import {
  count,
  counted,
  latency,
  lengthOfTime,
  percentage,
  perSecond,
  timeOfDay,
} from "./units.ts";

/** As many samples as a report has at most. */
const SLOTS = 60;

/** Requests, errors, time to answer and refusals, as figures and as plots. */
export function trafficSection({ traffic, connections }: StatusReport): Markup {
  const { samples, stepSecs } = traffic;
  const requests = sum(samples, "requests");
  const errors = sum(samples, "serverErrors");
  const open = Object.values(connections.open).reduce((a, b) => a + b, 0);
  const last = samples.at(-1);
  return markup`<h2 id="traffic-title">Traffic</h2>
<dl class="tiles">
${tile("Requests a second", last ? perSecond(last.requests / stepSecs) : "–")}
${
    tile(
      "Answered 5xx",
      requests === 0 ? "–" : percentage(errors, requests),
      levelOf(errors, requests),
    )
  }
${tile("Median (p50)", latency(traffic.p50Ms))}
${tile("Slowest 1 % (p99)", latency(traffic.p99Ms))}
${tile("Requests in hand", count(traffic.inFlight))}
${tile("Open connections", count(open))}
</dl>
<div class="plots">
${requestsPlot(traffic)}
${latencyPlot(traffic)}
${refusedPlot(traffic)}
</div>`;
}

function tile(name: string, value: string, level: Level = "good"): Markup {
  return markup`<div><dt>${name}</dt><dd class="${level}">${value}</dd></div>`;
}

function levelOf(errors: number, requests: number): Level {
  if (errors === 0) return "good";
  return errors < 0.01 * requests ? "warn" : "bad";
}

function requestsPlot({ samples, stepSecs }: TrafficReport): Markup {
  const highest = Math.max(0, ...samples.map(({ requests }) => requests));
  const top = roundTop(highest / stepSecs);
  const total = counted(sum(samples, "requests"), "request");
  const client = count(sum(samples, "clientErrors"));
  const server = count(sum(samples, "serverErrors"));
  const plot = barPlot({
    id: "requests",
    title: "Requests a second",
    description: `${total}, ${client} answered 4xx, ${server} answered 5xx`,
    series: [
      {
        className: "fine",
        values: samples.map(({ requests, clientErrors, serverErrors }) =>
          (requests - clientErrors - serverErrors) / stepSecs
        ),
      },
      {
        className: "client",
        values: samples.map(({ clientErrors }) => clientErrors / stepSecs),
      },
      {
        className: "server",
        values: samples.map(({ serverErrors }) => serverErrors / stepSecs),
      },
    ],
    top,
    tips: samples.map(({ at, requests, clientErrors, serverErrors }) =>
      `${timeOfDay(at)}: ${counted(requests, "request")}, ${
        count(clientErrors)
      } answered 4xx, ${count(serverErrors)} answered 5xx`
    ),
    slots: SLOTS,
  });
  return figure(plot, {
    title: "Requests a second",
    top: highest === 0 ? "" : perSecond(top),
    stepSecs,
    legend: [
      ["fine", total],
      ["client", `${client} 4xx`],
      ["server", `${server} 5xx`],
    ],
  });
}

function latencyPlot(traffic: TrafficReport): Markup {
  const { samples, stepSecs } = traffic;
  const p50 = samples.map(({ p50Ms }) => p50Ms);
  const p99 = samples.map(({ p99Ms }) => p99Ms);
  const highest = Math.max(0, ...[...p50, ...p99].map((ms) => ms ?? 0));
  const top = roundTop(highest);
  const told = ({ p50Ms, p99Ms }: TrafficReport | TrafficSample) =>
    `p50 ${latency(p50Ms)}, p99 ${latency(p99Ms)}`;
  const plot = linePlot({
    id: "latency",
    title: "Time to answer",
    description: told(traffic),
    series: [
      { className: "p99", values: p99 },
      { className: "p50", values: p50 },
    ],
    top,
    tips: samples.map((one) => `${timeOfDay(one.at)}: ${told(one)}`),
    slots: SLOTS,
  });
  return figure(plot, {
    title: "Time to answer",
    top: highest === 0 ? "" : latency(top),
    stepSecs,
    legend: [
      ["p50", `p50 ${latency(traffic.p50Ms)}`],
      ["p99", `p99 ${latency(traffic.p99Ms)}`],
    ],
  });
}

function refusedPlot({ samples, stepSecs }: TrafficReport): Markup {
  const values = samples.map(({ refused }) => refused);
  const highest = Math.max(0, ...values);
  const top = roundTop(highest);
  const total = `${counted(sum(samples, "refused"), "client")} refused`;
  const plot = barPlot({
    id: "refused",
    title: "Refused clients",
    description: total,
    series: [{ className: "server", values }],
    top,
    tips: samples.map(({ at, refused }) =>
      `${timeOfDay(at)}: ${counted(refused, "client")} refused`
    ),
    slots: SLOTS,
  });
  return figure(plot, {
    title: `Refused clients, each ${stepSecs} s`,
    top: highest === 0 ? "" : count(top),
    stepSecs,
    legend: [["server", total]],
  });
}

/** A plot with its words around it, those of its axes hidden from those who hear them. */
function figure(
  plot: Markup,
  { title, top, stepSecs, legend }: {
    title: Plot["title"];
    top: string;
    stepSecs: number;
    legend: readonly (readonly [className: string, text: string])[];
  },
): Markup {
  const span = lengthOfTime(1000 * SLOTS * stepSecs);
  return markup`<figure>
<figcaption><h3>${title}</h3><span class="top" aria-hidden="true">${top}</span></figcaption>
${plot}
<p class="axis" aria-hidden="true"><span>${span} ago</span><span>now</span></p>
<p class="legend">${
    legend.map(([className, text]) =>
      markup`<span class="${className}">${text}</span> `
    )
  }</p>
</figure>`;
}

function sum(
  samples: readonly TrafficSample[],
  what: "requests" | "clientErrors" | "serverErrors" | "refused",
): number {
  return samples.reduce((total, sample) => total + sample[what], 0);
}
