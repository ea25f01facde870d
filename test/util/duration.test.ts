import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, LONGEST_MS, parseDuration } from '../../src/util/duration.ts';

describe('parseDuration', () => {
  test.each([
    ['15s', 15_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    ['0', 0],
    ['+0', 0],
    ['0s', 0],
    ['+2s', 2000],
    ['.5s', 500],
    ['1.s', 1000],
    ['1h2m3s4ms5us6ns', 3_723_004.005006],
    ['250us', 0.25],
    ['250\u00b5s', 0.25],
    ['250\u03bcs', 0.25],
    ['1s1s', 2000],
    ['596h31m23.647s', LONGEST_MS],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ms });
  });

  test.each([
    ['', 'empty'],
    ['  ', 'empty'],
    ['5', 'missing-unit'],
    ['1.5', 'missing-unit'],
    ['00', 'missing-unit'],
    ['1m30', 'missing-unit'],
    ['-5s', 'negative'],
    ['-0', 'negative'],
    ['5d', 'unknown-unit'],
    ['5 s', 'unknown-unit'],
    ['5S', 'unknown-unit'],
    ['1e3s', 'unknown-unit'],
    ['s', 'not-a-duration'],
    ['+', 'not-a-duration'],
    ['.s', 'not-a-duration'],
    ['1..5s', 'not-a-duration'],
    ['abc', 'not-a-duration'],
    [' 5s', 'not-a-duration'],
    ['596h31m23.648s', 'too-long'],
    ['9999999999999999999999h', 'too-long'],
  ])('refuses %j: %s', (text, reason) => {
    expect(parseDuration(text)).toEqual({ ok: false, reason });
  });
});

describe('formatDuration', () => {
  test.each([
    [0, '0s'],
    [0.25, '250us'],
    [250, '250ms'],
    [1500, '1.5s'],
    [30_000, '30s'],
    [90_000, '1m30s'],
    [7_200_000, '2h'],
    [3_601_000, '1h1s'],
    [1234.56, '1.235s'],
  ])('%d is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('is read back as it was, for whole milliseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LONGEST_MS }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toEqual({ ok: true, value: ms });
      }),
    );
  });
});
