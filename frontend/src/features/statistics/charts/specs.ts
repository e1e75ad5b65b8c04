/** The charts of the page: which report each shows, in which sentence, and why it may be empty. */
import type { ComponentType } from "react";
import type { Report } from "@/api/reports";
import { numberOf, sumOf } from "../rows";
import type { ChartProps, Takes } from "./context";
import { CostChart, TokensChart } from "./cost";
import {
  BlockedChart,
  CumulativeFlowChart,
  CycleTimesChart,
  EfficiencyChart,
  FindingsChart,
  ReopenedChart,
  ThroughputChart,
  VelocityChart,
} from "./flow";
import { BurndownChart, BurnUpChart } from "./milestone";
import { StatusChart, TypePriorityChart, WorkloadChart } from "./now";
import { AgeingChart, CycleScatter, TimeInColumnChart } from "./times";

export interface ChartSpec {
  id: string;
  title: string;
  /** What it shows, in one sentence. */
  about: string;
  report: string;
  takes: readonly Takes[];
  Chart: ComponentType<ChartProps>;
  isEmpty: (report: Report) => boolean;
  /** Why there is nothing, and what would be shown. */
  empty: string;
  /** Whether its figures change although nothing in the workflow does. */
  moves?: boolean;
  /** Whether it has the width of two. */
  wide?: boolean;
}

export interface ChartSection {
  id: string;
  title: string;
  charts: readonly ChartSpec[];
}

const without = (report: Report) => report.rows.length === 0;
const sumsToNothing =
  (...fields: string[]) =>
  (report: Report) =>
    sumOf(report, ...fields) === 0;
const hasNo = (field: string) => (report: Report) => report.rows.every((row) => numberOf(row, field) === null);

const NOW: ChartSection = {
  id: "now",
  title: "Now",
  charts: [
    {
      id: "status",
      title: "Tickets by column",
      about: "How many tickets stand in each column now, beside its limit.",
      report: "columns",
      takes: [],
      Chart: StatusChart,
      isEmpty: sumsToNothing("tickets"),
      empty: "There are no tickets yet. Each column gets a bar as soon as one is created.",
    },
    {
      id: "type-priority",
      title: "Open tickets by type and priority",
      about: "What kind of work is open, and how urgent it is.",
      report: "open_tickets",
      takes: [],
      Chart: TypePriorityChart,
      isEmpty: without,
      empty: "Nothing is open. Completed tickets are not counted here.",
    },
    {
      id: "workload",
      title: "Workload",
      about: "What each assignee has open now, and what they completed in the range.",
      report: "workload",
      takes: ["range"],
      Chart: WorkloadChart,
      isEmpty: without,
      empty: "Nobody has open tickets, and nobody completed any in this range.",
    },
    {
      id: "ageing",
      title: "Age of work in progress",
      about:
        "Each dot is a ticket in an active column; above a line, it is older than that share of completed ones took.",
      report: "wip",
      takes: [],
      Chart: AgeingChart,
      isEmpty: without,
      empty: "No ticket is in an active column. Tickets appear here when work on them begins.",
      moves: true,
    },
  ],
};

const FLOW: ChartSection = {
  id: "flow",
  title: "Flow",
  charts: [
    {
      id: "cumulative-flow",
      title: "Cumulative flow",
      about: "How many tickets were in each column at the end of each day; a band that widens is where work piles up.",
      report: "cumulative_flow",
      takes: ["range"],
      Chart: CumulativeFlowChart,
      isEmpty: sumsToNothing("tickets"),
      empty: "There were no tickets in this range. Each day is drawn from the day of the first ticket on.",
      wide: true,
    },
    {
      id: "throughput",
      title: "Throughput",
      about: "Tickets created and completed in each period.",
      report: "throughput",
      takes: ["range", "unit"],
      Chart: ThroughputChart,
      isEmpty: sumsToNothing("created", "completed"),
      empty: "Nothing was created or completed in this range.",
    },
    {
      id: "velocity",
      title: "Velocity",
      about: "Story points of the tickets completed in each period.",
      report: "throughput",
      takes: ["range", "unit"],
      Chart: VelocityChart,
      isEmpty: sumsToNothing("story_points"),
      empty: "No completed ticket of this range has story points. Points are set in a ticket's details.",
    },
    {
      id: "cycle-scatter",
      title: "Cycle time of each ticket",
      about:
        "Each dot is a completed ticket, by how long it took since work began; below a line lies that share of them.",
      report: "completions",
      takes: ["range"],
      Chart: CycleScatter,
      isEmpty: hasNo("cycle_time_seconds"),
      empty: "No ticket that was in an active column was completed in this range.",
      wide: true,
    },
    {
      id: "cycle-times",
      title: "Cycle time over time",
      about: "How long the tickets completed in each period took; choose a group to compare medians.",
      report: "cycle_times",
      takes: ["range", "unit", "group"],
      Chart: CycleTimesChart,
      isEmpty: hasNo("lead_p50_seconds"),
      empty: "Nothing was completed in this range.",
    },
    {
      id: "time-in-column",
      title: "Time in columns",
      about: "How long tickets stood in each column on average, of the stays that ended in the range.",
      report: "time_in_status",
      takes: ["range"],
      Chart: TimeInColumnChart,
      isEmpty: without,
      empty: "No ticket left a column in this range.",
    },
    {
      id: "blocked",
      title: "Blocked time",
      about: "How long tickets waited for others that block them, added up.",
      report: "blocked_time",
      takes: ["range", "unit"],
      Chart: BlockedChart,
      isEmpty: sumsToNothing("tickets"),
      empty: "No ticket was blocked by another one in this range.",
      moves: true,
    },
    {
      id: "efficiency",
      title: "Flow efficiency",
      about: "The share of the cycle time in which completed tickets were in an active column and not blocked.",
      report: "flow_efficiency",
      takes: ["range", "unit"],
      Chart: EfficiencyChart,
      isEmpty: without,
      empty: "Nothing with a known cycle time was completed in this range.",
    },
  ],
};

const QUALITY: ChartSection = {
  id: "quality",
  title: "What needs attention",
  charts: [
    {
      id: "findings",
      title: "Findings",
      about: "What the server found that somebody should look at, by kind and by when it was first seen.",
      report: "finding_counts",
      takes: ["range", "unit"],
      Chart: FindingsChart,
      isEmpty: sumsToNothing("opened"),
      empty: "No findings in this range: nothing stuck, silent or overloaded. Ended findings are kept for 30 days.",
      moves: true,
    },
    {
      id: "reopened",
      title: "Reopened tickets",
      about: "How many completed tickets came back, beside how many were completed.",
      report: "reopen_rate",
      takes: ["range", "unit"],
      Chart: ReopenedChart,
      isEmpty: sumsToNothing("completed", "reopened"),
      empty: "Nothing was completed or reopened in this range.",
    },
  ],
};

export const MILESTONE: ChartSection = {
  id: "milestone",
  title: "Milestone",
  charts: [
    {
      id: "burndown",
      title: "Burndown",
      about: "What remained in the milestone at the end of each day, beside an even pace to its due day.",
      report: "burndown",
      takes: ["milestone"],
      Chart: BurndownChart,
      isEmpty: sumsToNothing("scope_tickets"),
      empty: "No ticket has been in this milestone yet. Choose the milestone in a ticket's details.",
      moves: true,
    },
    {
      id: "burn-up",
      title: "Burn-up",
      about: "What was in the milestone, and how much of it was completed: a scope that rises is work that was added.",
      report: "burn_up",
      takes: ["milestone"],
      Chart: BurnUpChart,
      isEmpty: sumsToNothing("scope_tickets"),
      empty: "No ticket has been in this milestone yet. Choose the milestone in a ticket's details.",
      moves: true,
    },
  ],
};

const COST: ChartSection = {
  id: "cost",
  title: "Cost",
  charts: [
    {
      id: "cost",
      title: "Cost",
      about: "The cost that workers and agents reported, each currency on its own.",
      report: "cost",
      takes: ["range", "unit"],
      Chart: CostChart,
      isEmpty: hasNo("cost"),
      empty: "No cost was reported in this range. That is no report, not a cost of 0.",
      moves: true,
    },
    {
      id: "tokens",
      title: "Tokens",
      about: "The tokens that workers and agents reported.",
      report: "cost",
      takes: ["range", "unit"],
      Chart: TokensChart,
      isEmpty: (report) =>
        ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"].every((field) =>
          hasNo(field)(report),
        ),
      empty: "No tokens were reported in this range. That is no report, not 0 tokens.",
      moves: true,
    },
  ],
};

export const SECTIONS: readonly ChartSection[] = [NOW, FLOW, QUALITY, MILESTONE, COST];
