import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, type Memory } from '../../../src/triggers/watch/decide.ts';

describe('decide', () => {
  test('does nothing for the content that serves, and forgets what was tried', () => {
    expect(decide({ serving: 'a', attempted: 'b' }, 'a')).toEqual({ verdict: 'unchanged', attempted: null });
  });
  test('asks once for a content', () => {
    expect(decide({ serving: 'a', attempted: 'a' }, 'b')).toEqual({ verdict: 'rotate', attempted: 'b' });
    expect(decide({ serving: 'a', attempted: 'b' }, 'b')).toEqual({
      verdict: 'already-tried',
      attempted: 'b',
    });
  });
  test('takes an unknown past for a different one', () => {
    expect(decide({ serving: null, attempted: null }, 'a').verdict).toBe('rotate');
    expect(decide({ serving: null, attempted: 'a' }, 'a').verdict).toBe('already-tried');
  });
});

/** A service that launches whatever it is asked to; releases named bad never serve. */
function deployAll(releases: readonly string[]): { serving: string; launched: string[]; expected: string[] } {
  let memory: Memory = { serving: 'good-0', attempted: 'good-0' };
  const launched: string[] = [];
  const expected: string[] = [];
  let serving = 'good-0';
  let previous = 'good-0';
  for (const release of releases) {
    if (release !== previous && release !== serving) expected.push(release);
    previous = release;
    const { verdict, attempted } = decide(memory, release);
    memory = { ...memory, attempted };
    if (verdict === 'rotate') {
      launched.push(release);
      if (release.startsWith('good')) serving = release;
    }
    memory = { ...memory, serving };
  }
  return { serving, launched, expected };
}

const release = fc.constantFrom('good-0', 'good-1', 'good-2', 'bad-1', 'bad-2');

describe('a history of deployments', () => {
  test('launches a release exactly when it is another one than before and than the serving one', () => {
    fc.assert(
      fc.property(fc.array(release, { maxLength: 30 }), (releases) => {
        const { launched, expected } = deployAll(releases);
        expect(launched).toEqual(expected);
      }),
    );
  });
  test('ends with the last good release serving, however often each is seen', () => {
    fc.assert(
      fc.property(fc.array(release, { maxLength: 30 }), fc.nat(3), (releases, repeats) => {
        const seen = releases.flatMap((each) => Array.from({ length: repeats + 1 }, () => each));
        const lastGood = releases.findLast((each) => each.startsWith('good')) ?? 'good-0';
        expect(deployAll(seen).serving).toBe(lastGood);
        expect(deployAll(seen).launched).toEqual(deployAll(releases).launched);
      }),
    );
  });
  test('never asks twice in a row for one content, whatever serves meanwhile', () => {
    const step = fc.record({ observed: release, serving: fc.option(release) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let attempted: string | null = null;
        let lastAsked: string | null = null;
        for (const { observed, serving } of steps) {
          const decision = decide({ serving, attempted }, observed);
          attempted = decision.attempted;
          if (decision.verdict === 'rotate') {
            expect(observed).not.toBe(lastAsked);
            expect(observed).not.toBe(serving);
            lastAsked = observed;
          } else if (decision.verdict === 'unchanged') {
            lastAsked = null;
          }
        }
      }),
    );
  });
});
