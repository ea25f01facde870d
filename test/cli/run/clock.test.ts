import { expect, test } from 'vitest';
import { createClock } from '../../../src/cli/run/clock.ts';

const HOUR_MS = 3_600_000;

/** Two clocks that a test moves. */
function clocks() {
  const times = { monotonic: 1_000, wall: 1_700_000_000_000 };
  const clock = createClock(
    () => times.monotonic,
    () => times.wall,
  );
  const pass = (ms: number): void => {
    times.monotonic += ms;
    times.wall += ms;
  };
  return { times, clock, pass };
}

test.each([HOUR_MS, -HOUR_MS])('a step of %d ms: durations stay, what is shown follows', (step) => {
  const { times, clock, pass } = clocks();
  const startedAt = clock.now();
  pass(5_000);
  expect(clock.wall(startedAt)).toBe(times.wall - 5_000);
  times.wall += step;
  pass(1_000);
  expect(clock.now() - startedAt).toBe(6_000);
  // The uptime, as a client reckons it.
  expect(times.wall - clock.wall(startedAt)).toBe(6_000);
  expect(clock.wall(clock.now())).toBe(times.wall);
});

test('what is shown twice is the same twice, though two clocks are never read at one moment', () => {
  const { times, clock, pass } = clocks();
  const startedAt = clock.now();
  const shown = clock.wall(startedAt);
  for (const jitter of [0.4, -0.7, 3]) {
    pass(1_000);
    times.wall += jitter;
    expect(clock.wall(startedAt)).toBe(shown);
  }
});

test('without a word of other clocks it is those of the machine', () => {
  const clock = createClock();
  expect(Math.abs(clock.wall(clock.now()) - Date.now())).toBeLessThan(1_000);
});
