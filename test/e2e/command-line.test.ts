import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { runAlternate, type Ended } from '../support/alternate.ts';
import { Theatre } from '../support/theatre.ts';

async function inFolder(): Promise<{ theatre: Theatre; run: (...words: string[]) => Promise<Ended> }> {
  const theatre = await Theatre.open();
  return { theatre, run: (...words) => runAlternate(words, { cwd: theatre.folder }) };
}

test('--version', async () => {
  const { run } = await inFolder();
  expect(await run('--version')).toMatchObject({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
});

test('--help on stdout, of the whole and of a command', async () => {
  const { run } = await inFolder();
  expect(await run('--help')).toMatchObject({ code: 0, stderr: '' });
  const { stdout } = await run('rotate', '--help');
  expect(stdout).toContain('--no-wait');
});

test.each([
  ['statsu', /^error: unknown command 'statsu'\n\(Did you mean status\?\)\n$/],
  ['rotat web', /^error: unknown command 'rotat'\n\(Did you mean rotate\?\)\n$/],
  ['--log-level debug statsu', /^error: unknown command 'statsu'\n\(Did you mean status\?\)\n$/],
  ['frobnicate', /^error: unknown command 'frobnicate'; see alternate --help\n$/],
  ['status --jsn', /^error: unknown option '--jsn'\n\(Did you mean --json\?\)\n$/],
  ['--bogus', /^error: unknown option '--bogus'\n/],
  ['--log-level loud', /^error: option '--log-level <level>' argument 'loud' is invalid\./],
  ['signal', /^error: missing required argument 'service'\n$/],
  ['run web', /^error: too many arguments for 'run'\./],
  ['--config nothing.yaml', /^nothing\.yaml: cannot be read: there is no such file\n$/],
  ['--config nothing.yaml status', /^alternate: nothing\.yaml does not exist\n$/],
  ['status', /^alternate: there is no configuration in this folder or above\. .*\n$/],
])('alternate %s: exit 2, said in a line or two', async (words, stderr) => {
  const { run } = await inFolder();
  const ended = await run(...words.split(' '));
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toMatch(stderr);
});

test('the classic form says its errors: exit 2', async () => {
  const { run } = await inFolder();
  const ended = await run('sleep "300', 'a', 'a', '5');
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toContain('ends inside a quote');
  expect(ended.stderr).toContain('overlap: "5" has no unit');
  expect((await run('sleep 300', '5s')).stderr).toContain('a parameter is missing');
});

test('init writes a file that is valid, and never overwrites', async () => {
  const { run, theatre } = await inFolder();
  expect(await run('init')).toMatchObject({ code: 0, stdout: '' });
  const file = path.join(theatre.folder, 'alternate.config.yaml');
  const written = readFileSync(file, 'utf8');
  expect(await run('validate')).toMatchObject({ code: 0, stdout: '' });
  const again = await run('init');
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toContain('already exists');
  expect(readFileSync(file, 'utf8')).toBe(written);
});

test('validate, and run, say every error with its place: exit 2', async () => {
  const { run, theatre } = await inFolder();
  theatre.write(
    'alternate.config.yaml',
    'services:\n  web:\n    comand: sleep 300\n    parameters: [1]\n    overlap: 5\n    ready: { htp: x }\n',
  );
  for (const words of [['validate'], []]) {
    const ended = await run(...words);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    for (const place of ['3:5', '4:', '5:14', '6:'])
      expect(ended.stderr).toMatch(new RegExp(`^alternate\\.config\\.yaml:${place}`, 'm'));
    expect(ended.stderr).toContain('command');
  }
});

test('no stack trace reaches a user, whatever the configuration is', async () => {
  const { run, theatre } = await inFolder();
  const configs: Record<string, string> = {
    'throws.mjs': 'throw new Error("from the file")',
    'syntax.cjs': 'module.exports = {',
    'nothing.mjs': 'export default undefined',
    'empty.yaml': '',
    'bytes.yaml': '\u0000\u0001',
    'list.json': '[]',
  };
  for (const [name, text] of Object.entries(configs)) {
    const ended = await run('--config', theatre.write(name, text), 'validate');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).not.toMatch(/^\s+at .*:\d+/m);
    expect(ended.stderr).not.toBe('');
  }
  const folder = await run('--config', theatre.folder);
  expect(folder).toMatchObject({ code: 2, stdout: '' });
});
