import { expect, test } from 'vitest';
import { printable, printableLines } from '../../src/util/printable.ts';

test.each([
  ['plain text, ä, 日本, 🙂', 'plain text, ä, 日本, 🙂'],
  ['one\ntwo\r\n\tthree', String.raw`one\ntwo\r\n\tthree`],
  ['\u001b[2J\u001b]0;title\u0007', String.raw`\x1b[2J\x1b]0;title\x07`],
  ['\u0000\u007f\u009b31m', String.raw`\x00\x7f\x9b31m`],
  ['a\u2028b\u2029c', String.raw`a\u2028b\u2029c`],
  ['\u202egnp.exe\u2066', String.raw`\u202egnp.exe\u2066`],
])('%j is printed as %s', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('line ends and tabs stay where lines are meant', () => {
  expect(printableLines('> 1 |\ta\n\r\u001b[A')).toBe('> 1 |\ta\n\\r\\x1b[A');
});
