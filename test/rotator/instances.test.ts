import { describe, expect, it } from 'vitest';
import { listedParameter, nextParameter } from '../../src/rotator/instances.ts';

describe('nextParameter', () => {
  it('goes round and round', () => {
    expect(nextParameter(['a', 'b', 'c'], 'a')).toBe('b');
    expect(nextParameter(['a', 'b', 'c'], 'c')).toBe('a');
  });

  it('begins with the first one', () => {
    expect(nextParameter(['a', 'b'], undefined)).toBe('a');
  });

  it('begins anew where the list no longer has the last one', () => {
    expect(nextParameter(['c', 'd'], 'b')).toBe('c');
    expect(nextParameter(['c', 'd'], null)).toBe('c');
  });

  it('keeps to the only one', () => {
    expect(nextParameter(['a'], 'a')).toBe('a');
    expect(nextParameter([null], null)).toBeNull();
  });
});

describe('listedParameter', () => {
  it('keeps what the list has', () => {
    expect(listedParameter(['a', 'b'], 'b')).toBe('b');
    expect(listedParameter([null], null)).toBeNull();
  });

  it('takes the first one otherwise', () => {
    expect(listedParameter(['a', 'b'], 'c')).toBe('a');
    expect(listedParameter(['a', 'b'], null)).toBe('a');
    expect(listedParameter([null], undefined)).toBeNull();
  });
});
