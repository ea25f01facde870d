import { describe, expect, test } from 'vitest';
import type { Restart } from '../../src/config/types.ts';
import { decideRestart } from '../../src/rotator/restart.ts';

const always: Restart = {
  policy: 'always',
  delayMs: 250,
  maxDelayMs: 1_500,
  maxAttempts: 5,
  resetAfterMs: 60_000,
};
const onFailure: Restart = { ...always, policy: 'on-failure' };
const never: Restart = { ...always, policy: 'never' };

describe('decideRestart', () => {
  test.each([
    [0, 0],
    [1, 250],
    [2, 500],
    [3, 1_000],
    [4, 1_500],
  ])('after %i crashes in a row waits %i ms', (crashesBefore, delayMs) => {
    expect(decideRestart(always, crashesBefore, false, 100)).toEqual({
      next: 'restart',
      crashes: crashesBefore + 1,
      delayMs,
    });
  });

  test('gives up after maxAttempts restarts', () => {
    expect(decideRestart(always, 5, false, 100)).toEqual({ next: 'failed', crashes: 6 });
    expect(decideRestart({ ...always, maxAttempts: 0 }, 0, false, 100)).toEqual({
      next: 'failed',
      crashes: 1,
    });
  });

  test('begins a new row after resetAfter of running, not a millisecond earlier', () => {
    expect(decideRestart(always, 4, false, 60_000)).toMatchObject({ crashes: 1, delayMs: 0 });
    expect(decideRestart(always, 4, false, 59_999)).toMatchObject({ crashes: 5 });
    expect(decideRestart(always, 5, false, 60_000)).toMatchObject({ next: 'restart' });
  });

  test('restarts after a clean exit as well where the policy is always', () => {
    expect(decideRestart(always, 0, true, 100)).toEqual({ next: 'restart', crashes: 1, delayMs: 0 });
  });

  test('tells a clean exit from a failure where the policy is on-failure', () => {
    expect(decideRestart(onFailure, 3, true, 100)).toEqual({ next: 'stopped' });
    expect(decideRestart(onFailure, 1, false, 100)).toEqual({ next: 'restart', crashes: 2, delayMs: 250 });
  });

  test('never restarts where the policy is never', () => {
    expect(decideRestart(never, 0, true, 100)).toEqual({ next: 'stopped' });
    expect(decideRestart(never, 0, false, 100)).toEqual({ next: 'failed', crashes: 1 });
  });

  test('waits a number of milliseconds however long the row is', () => {
    const patient: Restart = { ...always, delayMs: 0, maxAttempts: 1_000_000 };
    expect(decideRestart(patient, 5_000, false, 100)).toMatchObject({ delayMs: 0 });
    expect(decideRestart({ ...patient, delayMs: 1 }, 5_000, false, 100)).toMatchObject({ delayMs: 1_500 });
  });
});
