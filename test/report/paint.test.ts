import { expect, test } from 'vitest';
import { isLively, painter } from '../../src/report/paint.ts';

test.each([
  [true, { TERM: 'xterm' }, true],
  [true, {}, true],
  [true, { NO_COLOR: '' }, true],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '0' }, false],
  [true, { TERM: 'dumb' }, false],
  [false, { TERM: 'xterm' }, false],
])('a terminal: %s, with %o: lively %s', (isTTY, env, lively) => {
  expect(isLively({ isTTY }, env)).toBe(lively);
  expect(isLively({}, env)).toBe(false);
});

test('paint is nothing at all where it does not suit', () => {
  expect(painter(false)('red', 'text')).toBe('text');
  expect(painter(true)('bold', 'text')).toBe('\u001b[1mtext\u001b[22m');
});
