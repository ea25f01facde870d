import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance, nearest } from '../../src/util/nearest.ts';

const KEYS = ['command', 'parameters', 'overlap', 'env', 'envFile', 'stop', 'restart'];

describe('nearest', () => {
  test.each([
    ['overlp', 'overlap'],
    ['ovrelap', 'overlap'],
    ['Overlap', 'overlap'],
    ['params', 'parameters'],
    ['environment', 'env'],
    ['env_file', 'envFile'],
    ['comand', 'command'],
    ['stopp', 'stop'],
  ])('%s is meant to be %s', (word, meant) => {
    expect(nearest(word, KEYS)).toBe(meant);
  });

  test.each(['zzz', 'port', '', 'parent'])('has no idea what %s is', (word) => {
    expect(nearest(word, KEYS)).toBeNull();
  });

  test('does not try at all with a word that nobody can have meant', () => {
    expect(nearest('command'.repeat(100), KEYS)).toBeNull();
  });
});

describe('editDistance', () => {
  test('is 0 for equal words only, and the same in both directions', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (one, other) => {
        const distance = editDistance(one, other);
        expect(distance === 0).toBe(one === other);
        expect(distance).toBe(editDistance(other, one));
        expect(distance).toBeLessThanOrEqual(Math.max(one.length, other.length));
      }),
    );
  });

  test('counts a swap of neighbours once', () => {
    expect(editDistance('SIGTREM', 'SIGTERM')).toBe(1);
  });
});
