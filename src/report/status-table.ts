/** The status as a table that is read at a glance. Pure. */
import type { InstanceStatus, ServiceStatus, StatusDocument } from '../rotator/status.ts';
import { printable } from '../util/printable.ts';
import type { Colour, Paint } from './paint.ts';

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

/** @param now ms since the epoch, for the uptimes */
export function statusTable(status: StatusDocument, now: number, paint: Paint): string {
  const rows = status.services.map((service) => cells(service, now));
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[], paintCell: (cell: string, column: number) => string): string =>
    row
      .map((cell, column) => paintCell(cell.padEnd(widths[column] ?? 0), column))
      .join('  ')
      .trimEnd();
  const heading = line(HEADINGS, (cell) => paint('bold', cell));
  const body = rows.map((row, index) => {
    const state = status.services[index]?.state ?? 'stopped';
    return line(row, (cell, column) => (column === 1 ? paint(COLOURS[state], cell) : cell));
  });
  return [heading, ...body, ''].join('\n');
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
      : `${rotations.completed} (${rotations.failed} failed)`,
    String(service.restarts),
    note(service),
  ].map(printable);
}

/** What is pending, or failed and why. */
function note(service: ServiceStatus): string {
  const { next, retiring, lastRotation } = service;
  const parts = [
    ...(next === null ? [] : [`next ${who(next)}`]),
    ...(service.detail === null ? [] : [service.detail]),
    ...retiring.map((instance) => `retiring ${who(instance)}`),
    ...(service.pendingRotation ? ['one more rotation follows'] : []),
    ...(lastRotation?.outcome === 'failed' && next === null
      ? [
          `last rotation${lastRotation.to === null ? '' : ` to ${lastRotation.to}`} failed: ${lastRotation.reason ?? ''}`,
        ]
      : []),
  ];
  return parts.join('; ');
}

function who({ parameter, pid }: InstanceStatus): string {
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
