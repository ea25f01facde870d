import { describe, expect, test } from 'vitest';
import type { ServiceConfig } from '../../src/config/types.ts';
import { initialState, transition } from '../../src/rotator/transition.ts';
import type { State } from '../../src/rotator/machine.ts';
import { viewOf } from '../../src/rotator/view.ts';
import { serviceSpec } from './specs.ts';
import type { UntimedInput } from './world.ts';

const at = 5_000;

/** What a service comes to by these inputs, all at once. */
function after(spec: Partial<ServiceConfig>, happenings: readonly UntimedInput[]): State {
  return happenings.reduce(
    (state, untimed) => transition(state, { ...untimed, at }).state,
    initialState(serviceSpec(spec)),
  );
}

const start: UntimedInput = { type: 'startRequested', request: 1 };
const rotate: UntimedInput = { type: 'rotationRequested', request: 2 };
const running: readonly UntimedInput[] = [start, { type: 'launched', instance: 1, pid: 100 }];
const overlapping: readonly UntimedInput[] = [
  ...running,
  rotate,
  { type: 'launched', instance: 2, pid: 200 },
];
const rotated: readonly UntimedInput[] = [...overlapping, { type: 'timerFired', timer: 3 }];
const ready = { type: 'tcp', address: '%alt', intervalMs: 1, timeoutMs: 1 } as const;

describe('viewOf', () => {
  test('shows a service that has never been started', () => {
    expect(viewOf(after({}, []))).toEqual({
      name: 'api',
      state: 'stopped',
      current: null,
      next: null,
      retiring: [],
      pendingRotation: false,
      rotations: { completed: 0, failed: 0 },
      restarts: 0,
      lastRotation: null,
      detail: null,
      retry: null,
    });
  });

  test('shows why a service waits for its next start, and until when', () => {
    const exit: UntimedInput = { type: 'exited', instance: 1, exit: { code: 3 } };
    const again: readonly UntimedInput[] = [
      { type: 'timerFired', timer: 2 },
      { type: 'launched', instance: 3, pid: 200 },
      { ...exit, instance: 3 },
    ];
    expect(viewOf(after({}, [...running, exit, ...again]))).toMatchObject({
      state: 'backoff',
      detail: 'the instance exited with code 3',
      retry: { at: at + 250, number: 2 },
    });
  });

  test('shows the instance that serves', () => {
    expect(viewOf(after({}, running))).toMatchObject({
      state: 'running',
      current: { parameter: '3000', pid: 100, state: 'ready', startedAt: at },
      next: null,
      detail: null,
    });
  });

  test('shows the next one as starting until it is ready', () => {
    expect(viewOf(after({ ready }, [start]))).toMatchObject({
      state: 'starting',
      next: { parameter: '3000', pid: null, state: 'starting' },
      detail: 'launching 3000',
    });
    expect(viewOf(after({ ready }, running))).toMatchObject({
      next: { pid: 100, state: 'starting' },
      detail: 'waiting for 3000 to be ready',
    });
    expect(viewOf(after({}, overlapping))).toMatchObject({
      state: 'rotating',
      current: { parameter: '3000' },
      next: { parameter: '3001', state: 'ready' },
      detail: '3001 is ready; overlap',
    });
  });

  test('shows what is on its way out, and how the last rotation ended', () => {
    expect(viewOf(after({}, rotated))).toMatchObject({
      current: { parameter: '3001' },
      retiring: [{ parameter: '3000', pid: 100, state: 'retiring', startedAt: at }],
      rotations: { completed: 1, failed: 0 },
      lastRotation: { outcome: 'completed', from: '3000', to: '3001', at, durationMs: 0 },
    });
  });

  test('shows that one more rotation follows', () => {
    expect(viewOf(after({}, [...running, rotate])).pendingRotation).toBe(false);
    expect(viewOf(after({}, [...running, rotate, { ...rotate, request: 3 }])).pendingRotation).toBe(true);
  });

  test.each<[string, Partial<ServiceConfig>, readonly UntimedInput[]]>([
    ['waiting until the old instance with 3000 is gone', {}, [...rotated, { ...rotate, request: 4 }]],
    ['running the hook beforeStart', { hooks: { beforeStart: ['x'] } }, [start]],
    ['running the hook afterReady', { hooks: { afterReady: ['x'] } }, running],
    ['running the hook beforeStop', { hooks: { beforeStop: ['x'] }, overlapMs: 0 }, overlapping],
    [
      'the instance exited with code 0, but it must stay in the foreground',
      {},
      [...running, { type: 'exited', instance: 1, exit: { code: 0 } }],
    ],
    [
      'the instance was terminated by SIGSEGV',
      { restart: { ...serviceSpec().restart, policy: 'never' } },
      [...running, { type: 'exited', instance: 1, exit: { signal: 'SIGSEGV' } }],
    ],
    ['waiting until its process group is gone', {}, [...running, { type: 'stopRequested', request: 4 }]],
    ['stopping, then starting again', {}, [...running, { type: 'restartRequested', request: 4 }]],
    ['launching the instance', { parameters: [null], onRotate: { type: 'restart' } }, [start]],
  ])('says "%s"', (detail, spec, happenings) => {
    expect(viewOf(after(spec, happenings)).detail).toBe(detail);
  });
});
