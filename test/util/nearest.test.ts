import { describe, expect, test } from 'vitest';
import { nearest } from '../../src/util/nearest.ts';

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
    // A swap of neighbours counts once: one letter of four may differ.
    ['sotp', 'stop'],
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
