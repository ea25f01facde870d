import { describe, expect, test } from 'vitest';
import { parseEnvFile } from '../../src/process/env-file.ts';

const env = (text: string) => {
  const parsed = parseEnvFile(text);
  return parsed.ok ? parsed.value : parsed.reason.map(({ line, reason }) => `${line} ${reason}`);
};

describe('parseEnvFile', () => {
  test.each([
    ['A=1\nB=2\n', { A: '1', B: '2' }],
    ['\uFEFFA=1\r\nB=2\r\n', { A: '1', B: '2' }],
    ['# a comment\n\n  \n  A=1', { A: '1' }],
    ['export A=1\nexport\tB=2', { A: '1', B: '2' }],
    ['A=\nB=""', { A: '', B: '' }],
    ['A = 1 ', { A: '1' }],
    ['A=x y # comment', { A: 'x y' }],
    ['A=x#y', { A: 'x#y' }],
    ['A="x # y" # comment', { A: 'x # y' }],
    [`A='$B \\n "'`, { A: '$B \\n "' }],
    ['A="a\\tb\\n\\"c\\" \\\\ \\$D \\q"', { A: 'a\tb\n"c" \\ $D \\q' }],
    ['A=$HOME', { A: '$HOME' }],
    ['A=b=c', { A: 'b=c' }],
    ['A="one\ntwo"\nB=3', { A: 'one\ntwo', B: '3' }],
    [`A='one\n# two\n'\nB=3`, { A: 'one\n# two\n', B: '3' }],
    ['A=1\nA=2', { A: '2' }],
    [`A=it's`, { A: "it's" }],
    ['', {}],
  ])('reads %j', (text, expected) => {
    expect(env(text)).toEqual(expected);
  });

  test.each([
    ['A=1\nnonsense\nB=2\n=x', ['2 not-an-assignment', '4 not-an-assignment']],
    ['1A=x', ['1 bad-name']],
    ['A="x\nB=2', ['1 unclosed-quote']],
    ['A="x" y', ['1 text-after-quote']],
    ['A=\0', ['1 nul']],
  ])('says what is wrong with %j', (text, expected) => {
    expect(env(text)).toEqual(expected);
  });

  test('does not touch the prototype', () => {
    expect(Object.getOwnPropertyNames(env('__proto__=x'))).toEqual(['__proto__']);
  });
});
