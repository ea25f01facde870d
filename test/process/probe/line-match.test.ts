import { expect, onTestFinished, test } from 'vitest';
import { LineMatch } from '../../../src/process/probe/line-match.ts';
import { until } from '../../support/until.ts';

/** Takes time that doubles with each character of a line that does not match. */
const HOSTILE = String.raw`^(\w+\s?)*ready$`;
const HOSTILE_LINE = `${'a'.repeat(42)}!`;

function matching(pattern: string) {
  const calls: string[] = [];
  const controller = new AbortController();
  const events = {
    matched: () => calls.push('matched'),
    overran: (reason: string) => calls.push(reason),
  };
  const match = new LineMatch(pattern, events, controller.signal);
  onTestFinished(() => {
    controller.abort();
  });
  return { match, calls };
}

test('a pattern that never ends is given up after half a second, for good', () => {
  const { match, calls } = matching(HOSTILE);
  const start = performance.now();
  for (let count = 0; count < 1_000; count++) match.push(HOSTILE_LINE);
  const tookMs = performance.now() - start;
  expect(calls).toEqual([
    String.raw`the pattern /^(\w+\s?)*ready$/ takes longer than 500ms for a line of its output`,
  ]);
  // Once, not for each line; on a busy machine the interruption comes late.
  expect(tookMs).toBeLessThan(20_000);
});

test('the next instance gets far less time for a pattern that was given up', () => {
  const pattern = `${HOSTILE}|never`;
  const first = matching(pattern);
  for (let count = 0; count < 2; count++) first.match.push(HOSTILE_LINE);
  const next = matching(pattern);
  for (let count = 0; count < 2; count++) next.match.push(HOSTILE_LINE);
  expect(first.calls).toEqual([expect.stringContaining('takes longer than 500ms')]);
  expect(next.calls).toEqual([expect.stringMatching(/takes longer than 2\dms/)]);
});

test('so are lines of which each takes a while, but all together too long', async () => {
  const { match, calls } = matching(`${HOSTILE}|nothing`);
  // Some milliseconds each.
  const line = `${'a'.repeat(22)}!`;
  const end = performance.now() + 30_000;
  while (calls.length === 0 && performance.now() < end) {
    match.push(line);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(calls).toEqual([expect.stringContaining('takes longer than 500ms')]);
});

test('what the pattern does match is found all the same', async () => {
  const { match, calls } = matching(HOSTILE);
  match.push('server is ready');
  await until('the match', () => calls.length > 0);
  expect(calls).toEqual(['matched']);
});

test('all of the syntax of JavaScript', async () => {
  const { match, calls } = matching(String.raw`(?<=on )(?<host>[\d.]+):(?!80)\d+ \k<host>`);
  for (const line of ['on 1.2.3.4:80 1.2.3.4', 'on 1.2.3.4:99 1.2.3.5', 'on 1.2.3.4:99 1.2.3.4'])
    match.push(line);
  await until('the match', () => calls.length > 0);
  expect(calls).toEqual(['matched']);
});

test('25,000 lines at once lose none, and nothing is tested after the match', async () => {
  const { match, calls } = matching('^line 24999$');
  for (let count = 0; count < 25_000; count++) match.push(`line ${count}`);
  await until('the match', () => calls.length > 0);
  match.push('line 24999');
  expect(calls).toEqual(['matched']);
});

test('a line is tested up to 4,096 characters', async () => {
  const { match, calls } = matching('end$|here');
  match.push(`${'x'.repeat(4_096)}end`);
  expect(calls).toEqual([]);
  match.push(`${'x'.repeat(4_092)}here`);
  await until('the match', () => calls.length > 0);
});
