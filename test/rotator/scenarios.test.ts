/**
 * The readable specification: every file of `test/scenarios` is played and compared.
 * `UPDATE_SCENARIOS=1 npx vitest run test/rotator/scenarios.test.ts` writes what the machine does now.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { play, ScriptError } from './script.ts';

const folder = new URL('../scenarios/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));

describe('scenarios', () => {
  test.each(files)('%s', (name) => {
    const file = new URL(name, folder);
    const script = readFileSync(file, 'utf8');
    const played = play(script);
    if (process.env['UPDATE_SCENARIOS'] === '1') writeFileSync(file, played);
    else expect(script).toBe(played);
  });

  test('say on their first line what they show', () => {
    const silent = files.filter((name) => !readFileSync(new URL(name, folder), 'utf8').startsWith('# '));
    expect(silent).toEqual([]);
    expect(files.length).toBeGreaterThanOrEqual(22);
  });
});

describe('a scenario that is wrong', () => {
  test.each([
    ['> start r1', 'no service has been named yet'],
    ['service api\n> begin r1', 'is not of the form #1'],
    ['service api\n> begin #1', 'nothing is called "begin"'],
    ['service api sometimes\n> start r1', 'belongs to no setting'],
    [
      'service api\n> start r1\n> launch-failed #1 gone\n> timer #2\n> launch-failed #3 gone\n> timer #4',
      '250 ms later',
    ],
  ])('%s', (script, message) => {
    expect(() => play(script)).toThrow(ScriptError);
    expect(() => play(script)).toThrow(message);
  });
});
