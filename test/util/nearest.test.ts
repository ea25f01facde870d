import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../src/util/nearest.ts';

const KEYS = ['command', 'parameters', 'overlap', 'env', 'envFile', 'stop', 'restart'];

describe('nearest', () => {
  it.each([
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

  it.each(['zzz', 'port', '', 'parent'])('has no idea what %s is', (word) => {
    expect(nearest(word, KEYS)).toBeNull();
  });

  it('does not try at all with a word that nobody can have meant', () => {
    expect(nearest('command'.repeat(100), KEYS)).toBeNull();
  });
});

describe('editDistance', () => {
  it('is 0 for equal words only, and the same in both directions', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (one, other) => {
        const distance = editDistance(one, other);
        expect(distance === 0).toBe(one === other);
        expect(distance).toBe(editDistance(other, one));
        expect(distance).toBeLessThanOrEqual(Math.max(one.length, other.length));
      }),
    );
  });

  it('counts a swap of neighbours once', () => {
    expect(editDistance('SIGTREM', 'SIGTERM')).toBe(1);
  });
});
