/**
 * The manager's clock. A monotonic clock measures durations. Times that are shown follow the wall clock of the machine,
 * which an administrator or NTP may set at any moment.
 */
import type { Millis } from '../../rotator/machine.ts';

/** A smaller difference is not a step of the clock: reading both clocks takes time, and one has whole milliseconds. */
const STEP_MS = 50;

export interface Clock {
  /** For inputs. Only the difference between two of these times has a meaning. */
  readonly now: () => Millis;
  /** Converts `at`, a time of `now`, to the present wall clock, in ms since the epoch. */
  readonly wall: (at: Millis) => Millis;
}

export function createClock(
  monotonic: () => Millis = () => performance.timeOrigin + performance.now(),
  wallClock: () => Millis = () => Date.now(),
): Clock {
  let offset = wallClock() - monotonic();
  return {
    now: monotonic,
    wall(at) {
      const current = wallClock() - monotonic();
      // Otherwise the offset stays, so that the same time is always shown in the same way.
      if (Math.abs(current - offset) > STEP_MS) offset = current;
      return at + offset;
    },
  };
}
