/** Looks for the shortest story that breaks a rule, and tells it in the words of the scenario files. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { live, type Story } from './drive.ts';
import { effectText, inputText, stateText } from './notation.ts';
import type { Rule } from './rules.ts';
import { specText } from './spec-text.ts';
import type { Trace } from './world.ts';

const { PROPERTY_RUNS: runs, PROPERTY_SEED: given } = process.env;
const numRuns = Number(runs ?? 3_000);
/** The suite tells the same stories each time; whoever asks for more of them gets new ones. */
const seed = given ?? (runs === undefined ? '1' : undefined);

export function mustHold(rule: Rule, story: fc.Arbitrary<Story>): void {
  const holds = fc.property(story, (told) => rule(live(told)) === null);
  const outcome = fc.check(holds, { numRuns, ...(seed !== undefined && { seed: Number(seed) }) });
  if (!outcome.failed) {
    expect(outcome.numRuns).toBe(numRuns);
    return;
  }
  const [told] = outcome.counterexample ?? [];
  if (told === undefined) throw new Error(`no story was found (seed ${outcome.seed})`);
  throw new Error(`${tell(live(told), rule)}\n(seed ${outcome.seed})`, { cause: outcome.errorInstance });
}

function tell(trace: Trace, rule: Rule): string {
  const verdict = rule(trace);
  const lines = [specText(trace.first.spec)];
  for (const { input, stale, after, effects } of trace.steps.slice(0, (verdict?.step ?? 0) + 1)) {
    lines.push(`> ${inputText(input, specText)}${stale ? '   (stale)' : ''}`);
    lines.push(...effects.map((effect) => `  ${effectText(effect)}`), `  = ${stateText(after)}`);
  }
  return [`broken: ${verdict?.fault ?? '?'}`, ...lines].join('\n');
}
