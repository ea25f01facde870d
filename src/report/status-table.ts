/** The status as a table for a terminal. Pure. */
import type { InstanceStatus, ServiceStatus, StatusDocument } from '../api/status-document.ts';
import { printable } from '../util/printable.ts';
import type { Colour, Paint } from './paint.ts';
import { countDown } from '../api/documents.ts';

const HEADINGS = ['SERVICE', 'STATE', 'PARAMETER', 'PID', 'UPTIME', 'ROTATIONS', 'RESTARTS', 'NOTE'] as const;

const COLOURS: Readonly<Record<ServiceStatus['state'], Colour>> = {
  starting: 'yellow',
  running: 'green',
  rotating: 'yellow',
  backoff: 'red',
  stopping: 'yellow',
  stopped: 'grey',
  failed: 'red',
};

/** The columns that are left out if the terminal is too narrow, in this order. Name, state and note stay. */
const LEAST_IMPORTANT: readonly (typeof HEADINGS)[number][] = [
  'RESTARTS',
  'UPTIME',
  'PID',
  'ROTATIONS',
  'PARAMETER',
];
/** In characters. A shorter note would not be useful. */
const SHORTEST_NOTE = 24;
const GAP = '  ';

/**
 * @param now ms since the epoch, for the uptimes
 * @param width the columns of the terminal. Null: nothing is left out or cut
 */
export function statusTable(
  status: StatusDocument,
  now: number,
  paint: Paint,
  width: number | null = null,
): string {
  const rows = status.services.map((service) => cells(service, now));
  const columns = fittingColumns(rows, width);
  const widths = columns.map((column) => widthOf(rows, column));
  const left = (width ?? Infinity) - sum(widths.slice(0, -1)) - GAP.length * (columns.length - 1);
  const line = (row: readonly string[], paintCell: (cell: string, column: number) => string): string =>
    columns
      .map((column, index) => {
        const cell = column === NOTE ? cut(row[column] ?? '', left) : (row[column] ?? '');
        return paintCell(cell.padEnd(column === NOTE ? 0 : (widths[index] ?? 0)), column);
      })
      .join(GAP)
      .trimEnd();
  const heading = line(HEADINGS, (cell) => paint('bold', cell));
  const body = rows.map((row, index) => {
    const state = status.services[index]?.state ?? 'stopped';
    return line(row, (cell, column) => (column === STATE ? paint(COLOURS[state], cell) : cell));
  });
  // Why a service does not run, and what to do, must be readable in full.
  const reasons = status.services.flatMap((service, index) => {
    const whole = rows[index]?.[NOTE] ?? '';
    return (service.state === 'failed' || service.state === 'backoff') && whole.length > left
      ? [`${service.name}: ${whole}`]
      : [];
  });
  return [heading, ...body, ...reasons, ''].join('\n');
}

const STATE = HEADINGS.indexOf('STATE');
const NOTE = HEADINGS.indexOf('NOTE');

/** The indices of the columns that are shown. The note is the last one. */
function fittingColumns(rows: readonly (readonly string[])[], width: number | null): readonly number[] {
  let columns = HEADINGS.map((_, column) => column);
  const needed = (): number =>
    sum(
      columns.map((column) =>
        column === NOTE ? Math.min(widthOf(rows, NOTE), SHORTEST_NOTE) : widthOf(rows, column),
      ),
    ) +
    GAP.length * (columns.length - 1);
  for (const heading of LEAST_IMPORTANT) {
    if (width === null || needed() <= width) break;
    columns = columns.filter((column) => HEADINGS[column] !== heading);
  }
  return columns;
}

function widthOf(rows: readonly (readonly string[])[], column: number): number {
  return Math.max((HEADINGS[column] ?? '').length, ...rows.map((row) => (row[column] ?? '').length));
}

function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? '' : `${text.slice(0, width - 1)}…`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function cells(service: ServiceStatus, now: number): readonly string[] {
  const { current, rotations } = service;
  return [
    service.name,
    service.state,
    current?.parameter ?? '-',
    current?.pid?.toString() ?? '-',
    current === null ? '-' : uptime(now - Date.parse(current.startedAt)),
    rotations.failed === 0
      ? String(rotations.completed)
      : `${rotations.completed} done, ${rotations.failed} failed`,
    String(service.restarts),
    note(service, now),
  ].map(printable);
}

/** What is pending, what failed and why, and what to do. */
function note(service: ServiceStatus, now: number): string {
  const { name, state, next, retiring, lastRotation } = service;
  const parts = [
    ...(next === null ? [] : [`next ${instanceText(next)}`]),
    ...(service.detail === null ? [] : [countDown(service.detail, now)]),
    ...(state === 'failed' ? [`to try again: alternate start ${name}`] : []),
    ...retiring.map((instance) => `retiring ${instanceText(instance)}`),
    ...(service.pendingRotation ? ['one more rotation follows'] : []),
    ...(lastRotation?.outcome === 'failed' && next === null
      ? [
          `last rotation${lastRotation.to === null ? '' : ` to ${lastRotation.to}`} failed: ${lastRotation.reason ?? ''}`,
        ]
      : []),
  ];
  return parts.join('; ');
}

function instanceText({ parameter, pid }: InstanceStatus): string {
  const process = pid === null ? 'not started yet' : `pid ${pid}`;
  return parameter === null ? `(${process})` : `${parameter} (${process})`;
}

/** `3d4h`, `2h05m`, `7m30s`, `12s`. */
export function uptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${Math.floor(hours / 24)}d${hours % 24}h`;
  if (hours > 0) return `${hours}h${two(minutes % 60)}m`;
  if (minutes > 0) return `${minutes}m${two(seconds % 60)}s`;
  return `${seconds}s`;
}
