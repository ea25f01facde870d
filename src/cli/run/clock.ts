/**
 * The manager's clock. Durations are measured with one that never steps; what people and programs are shown follows the
 * machine's wall clock, which an administrator or NTP may set at any moment.
 */
import type { Millis } from '../../rotator/machine.ts';

/** Reading both clocks takes a moment, and one counts whole milliseconds: less than this is no step. */
const STEP_MS = 50;

export interface Clock {
  /** For inputs: only the difference of two means something. */
  readonly now: () => Millis;
  /** The moment that `now` was `at`, in ms since the epoch as the wall clock counts at present. */
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
      // Kept otherwise, so that what is shown twice is the same twice.
      if (Math.abs(current - offset) > STEP_MS) offset = current;
      return at + offset;
    },
  };
}
