// The table for people, from the same rows that go into the JSON.
import type { Outcome, Row } from './rows.ts';
import type { Latency } from './samples.ts';
import type { Account, Workload } from './workloads.ts';

/** What one load of a row found. */
export interface Result extends Row, Account {
  readonly workload: Workload;
  readonly outcomes: readonly Outcome[];
  readonly rotationMs: readonly number[];
  readonly latency: Latency;
}

/** `passed`: the result is as its row says. */
export type JudgedResult = Result & { readonly passed: boolean };

/** What one load found under another program. */
export interface PeerResult extends Account {
  readonly peer: string;
  readonly upgrades: number;
  readonly workload: Workload;
  readonly latency: Latency;
}

type Columns<Of> = readonly (readonly [heading: string, cell: (row: Of) => string])[];

const number = (value: number) => value.toLocaleString('en-US');
const milliseconds = (value: number | null) =>
  value === null ? '-' : value < 10 ? value.toFixed(1) : value.toFixed(0);

const COLUMNS: Columns<JudgedResult> = [
  ['proxy', (row) => (row.proxy === 'listen' ? 'none' : row.proxy)],
  ['server', (row) => row.server],
  ['on TERM', (row) => row.stop],
  ['requests', (row) => row.workload],
  ['driven by', (row) => row.driven],
  ['what happens', whatHappens],
  ['number', (row) => number(row.requests)],
  ['failed', failed],
  ['p99 steady, ms', (row) => milliseconds(row.latency.steady.p99)],
  ['p99 meanwhile, ms', (row) => milliseconds(row.latency.rotating.p99)],
  ['ratio', (row) => row.latency.ratio?.toFixed(2) ?? '-'],
  ['as it should be', (row) => (row.expected === null ? '-' : row.passed ? 'yes' : 'NO')],
];

/** For instance `20 rotations`, or `sick release: failed, failed, completed`. */
function whatHappens({ release, incident, outcomes }: Result): string {
  const listed = outcomes.join(', ');
  if (release !== undefined) return `release "${release}": ${listed}`;
  if (incident !== undefined) return `${incident}: ${listed}`;
  const completed = outcomes.filter((outcome) => outcome === 'completed').length;
  return completed === outcomes.length
    ? `${completed} rotations`
    : `${completed} of ${outcomes.length} rotations`;
}

function failed(row: Account): string {
  return row.failed === 0 ? '0' : `${number(row.failed)} (${kinds(row)})`;
}

function kinds({ failures, badStatuses }: Account): string {
  const statuses = Object.entries(badStatuses).map(([status, count]) => `${number(count)} × ${status}`);
  const others = Object.entries(failures).filter(([kind]) => kind !== 'bad-status');
  return [...statuses, ...others.map(([kind, count]) => `${number(count)} ${kind}`)].join(', ');
}

export function oneLine(row: JudgedResult): string {
  return COLUMNS.map(([name, cell]) => `${name} ${cell(row)}`).join(', ');
}

export function table(rows: readonly JudgedResult[]): string {
  return markdown(COLUMNS, rows);
}

const PEER_COLUMNS: Columns<PeerResult> = [
  ['program', (row) => row.peer],
  ['requests', (row) => row.workload],
  ['upgrades', (row) => String(row.upgrades)],
  ['number', (row) => number(row.requests)],
  ['failed', failed],
  ['p99 steady, ms', (row) => milliseconds(row.latency.steady.p99)],
  ['p99 meanwhile, ms', (row) => milliseconds(row.latency.rotating.p99)],
  ['longest, ms', (row) => milliseconds(row.latency.rotating.max)],
];

export function peerTable(rows: readonly PeerResult[]): string {
  return markdown(PEER_COLUMNS, rows);
}

function markdown<Of>(columns: Columns<Of>, rows: readonly Of[]): string {
  const lines = [
    columns.map(([name]) => name),
    columns.map(() => '---'),
    ...rows.map((row) => columns.map(([, cell]) => cell(row))),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
