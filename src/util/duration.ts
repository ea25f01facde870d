/** Reads and formats durations such as `1m30s`. Pure. */
import { failure, success, type Result } from './result.ts';

/** Why a text is not a duration. */
export type DurationFault =
  'empty' | 'negative' | 'missing-unit' | 'unknown-unit' | 'not-a-duration' | 'too-long';

/** The longest delay of a Node.js timer in milliseconds, about 24.8 days. A timer with a longer delay fires at once. */
export const LONGEST_MS = 2 ** 31 - 1;

const MS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
  ['us', 1e-3],
  // U+00B5 (micro sign) and U+03BC (Greek letter mu): Go accepts both.
  ['\u00b5s', 1e-3],
  ['\u03bcs', 1e-3],
  ['ns', 1e-6],
]);

const NUMBER = /(?:\d+\.?\d*|\.\d+)/y;
const UNIT = /[^\d.]+/y;

/**
 * Reads a duration in the syntax of Go's `time.ParseDuration`: `15s`, `1m30s`, `1.5h`, `0`. Unlike Go, it refuses
 * negative durations and durations longer than {@link LONGEST_MS}. The result is in ms, and can have a fraction, down to nanoseconds.
 */
export function parseDuration(text: string): Result<number, DurationFault> {
  if (text.trim() === '') return failure('empty');
  if (text.startsWith('-')) return failure('negative');
  const body = text.startsWith('+') ? text.slice(1) : text;
  if (body === '0') return success(0);
  if (body === '') return failure('not-a-duration');

  let ms = 0;
  let at = 0;
  while (at < body.length) {
    const number = matchAt(NUMBER, body, at);
    if (number === null) return failure('not-a-duration');
    at += number.length;
    const unit = matchAt(UNIT, body, at);
    if (unit === null) return failure(at === body.length ? 'missing-unit' : 'not-a-duration');
    const factor = MS_PER_UNIT.get(unit);
    if (factor === undefined) return failure('unknown-unit');
    at += unit.length;
    ms += Number(number) * factor;
  }
  if (ms > LONGEST_MS) return failure('too-long');
  return success(Math.round(ms * 1e6) / 1e6);
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/**
 * A duration for people: `250ms`, `1.5s`, `1m30s`, `2h`. Whole milliseconds are exact. A fraction is rounded to
 * milliseconds, or to microseconds below one millisecond. {@link parseDuration} accepts the result.
 */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 1) return `${Math.round(ms * 1000)}us`;
  const whole = Math.round(ms);
  if (whole < 1000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const seconds = (whole % 60_000) / 1000;
  const parts = [
    hours > 0 ? `${hours}h` : '',
    minutes > 0 ? `${minutes}m` : '',
    seconds > 0 ? `${seconds}s` : '',
  ];
  return parts.join('');
}
