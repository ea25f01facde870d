import { expect, test } from 'vitest';
import { countDown, isoTime, eventJson, serviceStatus } from '../../src/api/documents.ts';
import type { ServiceView } from '../../src/rotator/view.ts';
import { of, ONE_OF_EACH, SERVICE_REPORTS } from '../report/events.ts';

const same = (moment: number): number => moment;
const at = Date.UTC(2026, 10, 22, 10, 0, 0, 5);

const view: ServiceView = {
  name: 'web',
  state: 'rotating',
  current: { parameter: 'a', pid: 1, state: 'ready', startedAt: at },
  next: { parameter: 'b', pid: null, state: 'starting', startedAt: at },
  retiring: [{ parameter: 'c', pid: 3, state: 'retiring', startedAt: at }],
  pendingRotation: true,
  rotations: { completed: 1, failed: 2 },
  restarts: 3,
  lastRotation: { outcome: 'failed', from: 'a', to: 'b', reason: 'no', durationMs: 5, at },
  detail: 'launching b',
  retry: null,
};

test('times are ISO 8601 in UTC, to the millisecond; fractions of it are cut', () => {
  expect(isoTime(at, same)).toBe('2026-11-22T10:00:00.005Z');
  expect(isoTime(at + 0.9, same)).toBe('2026-11-22T10:00:00.005Z');
});

test("a service's part has the keys of the contract, and no more", () => {
  const time = '2026-11-22T10:00:00.005Z';
  expect(serviceStatus(view, same)).toStrictEqual({
    name: 'web',
    state: 'rotating',
    current: { parameter: 'a', pid: 1, state: 'ready', startedAt: time },
    next: { parameter: 'b', pid: null, state: 'starting', startedAt: time },
    retiring: [{ parameter: 'c', pid: 3, state: 'retiring', startedAt: time }],
    pendingRotation: true,
    rotations: { completed: 1, failed: 2 },
    restarts: 3,
    lastRotation: { outcome: 'failed', from: 'a', to: 'b', reason: 'no', at: time },
    detail: 'launching b',
  });
});

test('what there is none of is null, and a reason is there only after a failure', () => {
  const lastRotation = { outcome: 'completed', from: 'a', to: 'b', durationMs: 5, at } as const;
  const status = serviceStatus({ ...view, current: null, next: null, retiring: [], lastRotation }, same);
  expect(status).toMatchObject({ current: null, next: null, retiring: [] });
  expect(Object.keys(status.lastRotation ?? {})).toEqual(['outcome', 'from', 'to', 'at']);
  expect(serviceStatus({ ...view, lastRotation: null }, same).lastRotation).toBeNull();
});

test('a service that waits for its next start says why and when, the same at every look; people see it count down', () => {
  const waiting = {
    ...view,
    state: 'backoff',
    detail: 'the instance exited with code 1',
    retry: { at, number: 3 },
  } as const;
  const { detail } = serviceStatus(waiting, same);
  expect(detail).toBe('the instance exited with code 1; next try at 2026-11-22T10:00:00.005Z (restart 3)');
  const reason = 'the instance exited with code 1; next try in';
  expect(countDown(detail ?? '', at - 3_500)).toBe(`${reason} 4s (restart 3)`);
  expect(countDown(detail ?? '', at + 500)).toBe(`${reason} 0s (restart 3)`);
  expect(countDown('launching b', at)).toBe('launching b');
});

test('an event is one line of JSON: time, service, type, and what belongs to it', () => {
  expect(eventJson(of(SERVICE_REPORTS['rotation-started']), same)).toBe(
    '{"at":"2026-11-22T10:00:00.005Z","service":"web","type":"rotation-started","from":"3000","to":"3001"}',
  );
  for (const event of ONE_OF_EACH) {
    const json = eventJson(event, same);
    expect(json).not.toContain('\n');
    expect(JSON.parse(json)).toEqual({ ...event, at: '2026-11-22T10:00:00.005Z' });
  }
});

test('every time is what the wall clock says at present', () => {
  const later = (moment: number): number => moment + 3_600_000;
  expect(JSON.stringify(serviceStatus(view, later))).not.toContain('T10:');
  expect(serviceStatus(view, later)).toMatchObject({
    current: { startedAt: '2026-11-22T11:00:00.005Z' },
    lastRotation: { at: '2026-11-22T11:00:00.005Z' },
  });
  expect(eventJson(of(SERVICE_REPORTS['rotation-started']), later)).toContain('"2026-11-22T11:00:00.005Z"');
});
