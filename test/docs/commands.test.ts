import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isClassicForm } from '../../src/cli/classic-form.ts';
import { describe as describeCommands } from '../../src/cli/main.ts';
import { splitWords } from '../../src/config/values/words.ts';
import { fences, onlyFence, root } from './pages.ts';

const program = describeCommands(
  { handOver: () => new Set<never>(), stepBack: () => undefined },
  () => undefined,
);
const known = program.commands.map((command) => command.name());
const scripts = (
  JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
).scripts;

/** The commands of shell lines, without comments. */
function commandsOf(text: string): string[][] {
  return text
    .split('\n')
    .flatMap((line) => line.replace(/\s# .*$|^#.*$/, '').split(/&&|\|/))
    .map((line) => splitWords(line.trim()))
    .flatMap((split) => (split.ok && split.value.words.length > 0 ? [[...split.value.words]] : []));
}

const lines = fences('sh').flatMap((fence) =>
  commandsOf(fence.text).map((words) => [`${fence.page}:${fence.line}`, words] as const),
);

describe('what the pages say to type exists', () => {
  test('there is something', () => {
    expect(lines.length).toBeGreaterThan(5);
  });

  test.each(lines)('%s: %j', (_place, words) => {
    const [program, ...rest] = words[0] === 'npx' ? words.slice(1) : words;
    if (program === 'npm' && ['start', 'test'].includes(rest[0] ?? ''))
      expect(scripts).toHaveProperty(rest[0] ?? '');
    if (program === 'npm' && rest[0] === 'run') expect(scripts).toHaveProperty(rest[1] ?? '');
    if (program !== 'alternate' || isClassicForm(rest, known)) return;
    const [name] = rest.filter((word) => !word.startsWith('-'));
    if (name !== undefined) expect(known).toContain(name);
  });
});

/** Each form of `alternate …` in docs/cli.md: the command's names, and the options that it has there. */
const documented = new Map(
  [...onlyFence('text', 'docs/cli.md').matchAll(/^alternate (\[run\]|[a-z|]+)(.*(?:\n {10,}.*)*)/gm)].flatMap(
    ([, names = '', rest = '']) =>
      names
        .replace(/[[\]]/g, '')
        .split('|')
        .map((name) => [name, new Set([...rest.matchAll(/--[a-z-]+/g)].map(([option]) => option))] as const),
  ),
);

describe('docs/cli.md', () => {
  test('has exactly the commands of --help', () => {
    expect([...documented.keys()]).toEqual(known);
    const help = program.helpInformation();
    for (const name of known) expect(help).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
  });

  test('has the options of each, and those of all', () => {
    const text = readFileSync(path.join(root, 'docs/cli.md'), 'utf8');
    for (const { long } of program.options) if (long !== '--version') expect(text).toContain(long);
    for (const command of program.commands) {
      const own = command.options.map(({ long }) => long).sort();
      const told = [...(documented.get(command.name()) ?? [])]
        .filter((option) => option !== '--config')
        .sort();
      expect({ [command.name()]: told }).toEqual({ [command.name()]: own });
    }
  });

  test('every command of --help says what it does', () => {
    for (const command of program.commands) expect(command.description()).not.toBe('');
  });
});
