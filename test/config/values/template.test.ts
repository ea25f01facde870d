import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasPlaceholder, substitute, substituteInPattern } from '../../../src/config/values/template.ts';

describe('substitute', () => {
  test.each([
    ['127.0.0.1:%alt', '3000', '127.0.0.1:3000'],
    ['%alt%alt', 'a', 'aa'],
    ['%%alt', 'a', '%alt'],
    ['%%alt-%alt', 'a', '%alt-a'],
    ['%%%alt', 'a', '%%alt'],
    ['%al', 'a', '%al'],
    ['%alt', null, ''],
    ['x%alty', null, 'xy'],
    ['%alt', '$& $1 %alt', '$& $1 %alt'],
  ])('%j with %j is %j', (template, parameter, expected) => {
    expect(substitute(template, parameter)).toBe(expected);
  });

  test('leaves text without a placeholder alone, and puts the parameter in whole', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (before, parameter, after) => {
        fc.pre(!before.includes('%') && !after.includes('%'));
        expect(substitute(before + after, parameter)).toBe(before + after);
        expect(substitute(`${before}%alt${after}`, parameter)).toBe(before + parameter + after);
        expect(substitute(`${before}%%alt${after}`, parameter)).toBe(`${before}%alt${after}`);
      }),
    );
  });
});

describe('substituteInPattern', () => {
  test('makes the parameter stand for itself, with and without the flags u and v', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (parameter) => {
        const source = `^<${substituteInPattern('%alt', parameter)}>$`;
        for (const flags of ['', 'u', 'v']) {
          expect(new RegExp(source, flags).test(`<${parameter}>`)).toBe(true);
          expect(new RegExp(source, flags).test(`<${parameter}x>`)).toBe(false);
        }
      }),
    );
  });

  test('keeps the pattern a pattern', () => {
    expect(new RegExp(substituteInPattern('on .*:%alt$', '1.2')).test('listening on host:1.2')).toBe(true);
    expect(new RegExp(substituteInPattern('on .*:%alt$', '1.2')).test('listening on host:1x2')).toBe(false);
  });
});

test.each([
  ['%alt', true],
  ['a%altb', true],
  ['%%alt', false],
  ['%%alt %alt', true],
  ['alt', false],
])('hasPlaceholder(%j) is %s', (template, expected) => {
  expect(hasPlaceholder(template)).toBe(expected);
});
