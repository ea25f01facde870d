import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitWords } from '../../../src/config/values/words.ts';

const words = (text: string): readonly string[] | string => {
  const split = splitWords(text);
  return split.ok ? split.value.words : `${split.reason.fault} at ${split.reason.offset}`;
};

const singleQuoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
const doubleQuoted = (word: string): string => `"${word.replace(/[\\$`"]/g, '\\$&')}"`;
const backslashed = (word: string): string =>
  word === '' ? "''" : word.replace(/[^\w]/g, (char) => (char === '\n' ? "'\n'" : `\\${char}`));

describe('splitWords', () => {
  test.each([
    ['nginx -g "daemon off;"', ['nginx', '-g', 'daemon off;']],
    ['  a\t b\nc  ', ['a', 'b', 'c']],
    [`a'b c'd"e f"g`, ['ab cde fg']],
    [`'' ""`, ['', '']],
    ['a\\ b', ['a b']],
    ['a\\\nb', ['ab']],
    ['a \\\n b', ['a', 'b']],
    ['"a\\\nb"', ['ab']],
    [`"\\$x \\" \\\\ \\n \\'"`, [`$x " \\ \\n \\'`]],
    [`'a\\'`, ['a\\']],
    ['echo $HOME | wc > x; y & (z) *', ['echo', '$HOME', '|', 'wc', '>', 'x;', 'y', '&', '(z)', '*']],
    ['a # b\nc', ['a', 'c']],
    ['a#b "#c" \\#d', ['a#b', '#c', '#d']],
    ['# nothing else', []],
    ['', []],
    ['127.0.0.1:%alt', ['127.0.0.1:%alt']],
  ])('splits %j', (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  test.each([
    ['a "b', 'unclosed-quote at 2'],
    [`it's`, 'unclosed-quote at 2'],
    [`"a' b`, 'unclosed-quote at 0'],
    ['a\\', 'dangling-backslash at 1'],
    ['"a\\"', 'unclosed-quote at 0'],
  ])('refuses %j', (text, expected) => {
    expect(words(text)).toBe(expected);
  });

  test('gives the words back that were quoted, in each of the ways', () => {
    const quoted = fc
      .tuple(fc.string({ unit: 'binary' }), fc.constantFrom(singleQuoted, doubleQuoted, backslashed))
      .map(([word, quote]) => ({ word, text: quote(word) }));
    const blank = fc.constantFrom(' ', '\t', '\n', '  ', ' \\\n ', ' # a comment\n');
    fc.assert(
      fc.property(fc.array(fc.tuple(quoted, blank)), (parts) => {
        const text = parts.map(([{ text: word }, between]) => word + between).join('');
        expect(words(text)).toEqual(parts.map(([{ word }]) => word));
      }),
    );
  });

  test('splits as the shell of this machine does', () => {
    // Nothing that a shell would expand or take as an operator, and no unclosed quote.
    const piece = fc.constantFrom(
      'a',
      'b1',
      '%alt',
      ' ',
      '\t',
      `'x y'`,
      `"x  y"`,
      '\\ ',
      `\\'`,
      '"\\\\"',
      "''",
      'c#d',
      ' #e ',
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, (command) => {
        const script = `for word in ${command}\ndo printf '%s\\0' "$word"; done`;
        const shell = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
        expect(words(command)).toEqual(shell.split('\0').slice(0, -1));
      }),
      { numRuns: 50 },
    );
  });
});
