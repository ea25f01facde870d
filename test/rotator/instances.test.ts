import { describe, expect, test } from 'vitest';
import { listedPlace, nextPlace, positionIn } from '../../src/rotator/instances.ts';

const place = (parameter: string | null, position: number) => ({ parameter, position });

describe('nextPlace', () => {
  test('goes round and round', () => {
    expect(nextPlace(['a', 'b', 'c'], place('a', 0))).toEqual(place('b', 1));
    expect(nextPlace(['a', 'b', 'c'], place('c', 2))).toEqual(place('a', 0));
  });

  test('counts positions where a value occurs more than once', () => {
    expect(nextPlace(['a', 'b', 'a'], place('a', 0))).toEqual(place('b', 1));
    expect(nextPlace(['a', 'b', 'a'], place('a', 2))).toEqual(place('a', 0));
  });

  test('begins with the first one', () => {
    expect(nextPlace(['a', 'b'], null)).toEqual(place('a', 0));
  });

  test('goes on from the same value in another list, and from the first one if the list does not have it', () => {
    expect(nextPlace(['c', 'b', 'd'], place('b', 0))).toEqual(place('d', 2));
    expect(nextPlace(['c', 'd'], place('b', 1))).toEqual(place('c', 0));
    expect(nextPlace(['c', 'd'], place(null, 0))).toEqual(place('c', 0));
  });

  test('keeps to the only one', () => {
    expect(nextPlace(['a'], place('a', 0))).toEqual(place('a', 0));
    expect(nextPlace([null], place(null, 0))).toEqual(place(null, 0));
  });
});

describe('listedPlace', () => {
  test('keeps what the list has', () => {
    expect(listedPlace(['a', 'b'], place('b', 1))).toEqual(place('b', 1));
    expect(listedPlace(['b', 'a'], place('b', 1))).toEqual(place('b', 0));
    expect(listedPlace(['a', 'b', 'a'], place('a', 2))).toEqual(place('a', 2));
    expect(listedPlace([null], place(null, 0))).toEqual(place(null, 0));
  });

  test('takes the first one otherwise', () => {
    expect(listedPlace(['a', 'b'], place('c', 1))).toEqual(place('a', 0));
    expect(listedPlace(['a', 'b'], null)).toEqual(place('a', 0));
  });
});

describe('positionIn', () => {
  test('is -1 where the list does not have the parameter', () => {
    expect(positionIn(['a', 'b'], place('c', 0))).toBe(-1);
  });
});
