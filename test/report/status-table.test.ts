import { describe, expect, test } from 'vitest';
import { painter } from '../../src/report/paint.ts';
import { statusTable, uptime } from '../../src/report/status-table.ts';
import type { InstanceStatus, ServiceStatus, StatusDocument } from '../../src/api/status-document.ts';

const now = Date.UTC(2026, 10, 22, 12);

function instance(parameter: string | null, state: InstanceStatus['state'], ageMs = 0): InstanceStatus {
  return { parameter, pid: 4711, state, startedAt: new Date(now - ageMs).toISOString() };
}

const quiet: ServiceStatus = {
  name: 'web',
  state: 'running',
  current: instance('3000', 'ready', 3_723_000),
  next: null,
  retiring: [],
  pendingRotation: false,
  rotations: { completed: 0, failed: 0 },
  restarts: 0,
  lastRotation: null,
  detail: null,
};

function table(
  services: readonly Partial<ServiceStatus>[],
  lively = false,
  width: number | null = null,
): string {
  const document: StatusDocument = {
    version: '1.0.0',
    pid: 1,
    config: null,
    startedAt: '',
    services: services.map((service) => ({ ...quiet, ...service })),
  };
  return statusTable(document, now, painter(lively), width);
}

test('one row a service, in columns', () => {
  const failed = {
    outcome: 'failed',
    from: '3001',
    to: '3000',
    reason: 'not ready within 30s',
    at: '',
  } as const;
  expect(
    table([
      {},
      {
        name: 'a-long-name',
        state: 'rotating',
        next: { ...instance('3001', 'starting'), pid: null },
        retiring: [instance('3002', 'retiring')],
        pendingRotation: true,
        rotations: { completed: 3, failed: 1 },
        detail: 'launching 3001',
        lastRotation: failed,
      },
      {
        name: 'edge',
        state: 'failed',
        current: null,
        restarts: 10,
        detail: 'it crashed',
        lastRotation: failed,
      },
      { name: 'alone', current: instance(null, 'ready', 61_000) },
    ]),
  ).toBe(
    [
      'SERVICE      STATE     PARAMETER  PID   UPTIME  ROTATIONS         RESTARTS  NOTE',
      'web          running   3000       4711  1h02m   0                 0',
      'a-long-name  rotating  3000       4711  1h02m   3 done, 1 failed  0         next 3001 (not started yet); launching 3001; retiring 3002 (pid 4711); one more rotation follows',
      'edge         failed    -          -     -       0                 10        it crashed; to try again: alternate start edge; last rotation to 3000 failed: not ready within 30s',
      'alone        running   -          4711  1m01s   0                 0',
      '',
    ].join('\n'),
  );
});

describe('on a terminal', () => {
  const detail = 'the instance exited with code 1; next try at 2026-11-22T12:00:04.000Z (restart 3)';
  const services: readonly Partial<ServiceStatus>[] = [
    { rotations: { completed: 0, failed: 1 } },
    { name: 'worker', state: 'backoff', current: null, detail },
    { name: 'edge', state: 'failed', current: null, restarts: 10, detail: 'it crashed' },
  ];

  test('that is wide enough, nothing is left out', () => {
    expect(table(services, false, 160)).toBe(table(services));
  });

  test('of 80 columns, the note is cut and the least important columns go; why a service does not run is below', () => {
    expect(table(services, false, 80)).toBe(
      [
        'SERVICE  STATE    PARAMETER  PID   ROTATIONS         NOTE',
        'web      running  3000       4711  0 done, 1 failed',
        'worker   backoff  -          -     0                 the instance exited with c…',
        'edge     failed   -          -     0                 it crashed; to try again: …',
        'worker: the instance exited with code 1; next try in 4s (restart 3)',
        'edge: it crashed; to try again: alternate start edge',
        '',
      ].join('\n'),
    );
  });

  test('that is narrow, the name, the state and a part of the note stay', () => {
    expect(table(services, false, 40)).toBe(
      [
        'SERVICE  STATE    NOTE',
        'web      running',
        'worker   backoff  the instance exited w…',
        'edge     failed   it crashed; to try ag…',
        'worker: the instance exited with code 1; next try in 4s (restart 3)',
        'edge: it crashed; to try again: alternate start edge',
        '',
      ].join('\n'),
    );
  });

  test.each([20, 40, 60, 80, 100, 120])('of %i columns, no row of the table wraps', (width) => {
    const rows = table(services, false, width).split('\n').slice(0, 4);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(width);
  });

  test('colour does not count', () => {
    const painted = table(services, true, 80).replaceAll(/\u001b\[\d+m/g, '');
    expect(painted).toBe(table(services, false, 80));
  });
});

test('a rotation that completed is no news', () => {
  const lastRotation = { outcome: 'completed', from: '3000', to: '3001', at: '' } as const;
  expect(table([{ lastRotation }])).not.toContain('last rotation');
});

test('without services there is the heading alone', () => {
  expect(table([])).toBe('SERVICE  STATE  PARAMETER  PID  UPTIME  ROTATIONS  RESTARTS  NOTE\n');
});

test('colour does not move the columns', () => {
  const painted = table([{}, { name: 'edge', state: 'failed' }], true);
  expect(painted).toContain('\u001b[32mrunning\u001b[39m');
  expect(painted).toContain('\u001b[31mfailed \u001b[39m');
  expect(painted.replaceAll(/\u001b\[\d+m/g, '')).toBe(table([{}, { name: 'edge', state: 'failed' }]));
});

test.each([
  [-5, '0s'],
  [999, '0s'],
  [59_999, '59s'],
  [60_000, '1m00s'],
  [3_599_000, '59m59s'],
  [3_600_000, '1h00m'],
  [86_399_000, '23h59m'],
  [86_400_000, '1d0h'],
  [30 * 86_400_000 + 7_200_000, '30d2h'],
])('an uptime of %d ms is %s', (ms, text) => {
  expect(uptime(ms)).toBe(text);
});

test('a reason with control characters stays in its cell', () => {
  const detail = 'x\u001b[2J\nweb2  running';
  const [, row, end] = table([{ detail }]).split('\n');
  expect(row).toContain(String.raw`x\x1b[2J\nweb2  running`);
  expect(end).toBe('');
});
