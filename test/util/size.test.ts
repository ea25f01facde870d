import { expect, test } from 'vitest';
import { parseSize } from '../../src/util/size.ts';

test.each([
  ['10MB', 10_000_000],
  ['512KiB', 524_288],
  ['100B', 100],
  ['1.5kb', 1500],
  ['2 GiB', 2_147_483_648],
  ['1GB', 1_000_000_000],
])('reads %s', (text, bytes) => {
  expect(parseSize(text)).toEqual({ ok: true, value: bytes });
});

test.each([
  ['10', 'missing-unit'],
  ['10M', 'unknown-unit'],
  ['10TB', 'unknown-unit'],
  ['', 'not-a-size'],
  ['-5MB', 'not-a-size'],
  ['MB', 'not-a-size'],
  ['1,5MB', 'not-a-size'],
  ['0B', 'zero'],
  ['0.5B', 'zero'],
  ['99999999999GB', 'too-large'],
])('refuses %j: %s', (text, reason) => {
  expect(parseSize(text)).toEqual({ ok: false, reason });
});
