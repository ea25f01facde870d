// The table for people, from the same rows that go into the JSON.

const number = (value) => value.toLocaleString('en-US');
const milliseconds = (value) => (value === null ? '-' : value < 10 ? value.toFixed(1) : value.toFixed(0));

const COLUMNS = [
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
function whatHappens({ release, incident, outcomes }) {
  const listed = outcomes.join(', ');
  if (release !== undefined) return `release "${release}": ${listed}`;
  if (incident !== undefined) return `${incident}: ${listed}`;
  const completed = outcomes.filter((outcome) => outcome === 'completed').length;
  return completed === outcomes.length
    ? `${completed} rotations`
    : `${completed} of ${outcomes.length} rotations`;
}

function failed(row) {
  return row.failed === 0 ? '0' : `${number(row.failed)} (${kinds(row)})`;
}

function kinds({ failures, badStatuses }) {
  const statuses = Object.entries(badStatuses).map(([status, count]) => `${number(count)} × ${status}`);
  const others = Object.entries(failures).filter(([kind]) => kind !== 'bad-status');
  return [...statuses, ...others.map(([kind, count]) => `${number(count)} ${kind}`)].join(', ');
}

export function oneLine(row) {
  return COLUMNS.map(([name, cell]) => `${name} ${cell(row)}`).join(', ');
}

export function table(rows) {
  return markdown(COLUMNS, rows);
}

const PEER_COLUMNS = [
  ['program', (row) => row.peer],
  ['requests', (row) => row.workload],
  ['upgrades', (row) => row.upgrades],
  ['number', (row) => number(row.requests)],
  ['failed', failed],
  ['p99 steady, ms', (row) => milliseconds(row.latency.steady.p99)],
  ['p99 meanwhile, ms', (row) => milliseconds(row.latency.rotating.p99)],
  ['longest, ms', (row) => milliseconds(row.latency.rotating.max)],
];

export function peerTable(rows) {
  return markdown(PEER_COLUMNS, rows);
}

function markdown(columns, rows) {
  const lines = [
    columns.map(([name]) => name),
    columns.map(() => '---'),
    ...rows.map((row) => columns.map(([, cell]) => cell(row))),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
