import { expect, test } from 'vitest';
import { isClassicForm, unknownCommand } from '../../src/cli/classic-form.ts';

const commands = ['help', 'run', 'status', 'rotate'];

test.each([
  [['/srv/app 127.0.0.1:%alt', '3000', '3001', '15s']],
  [['./app', '3000', '3001', '15s']],
  [['app', '3000', '3001', '15s']],
  [['sleep 300', 'a', '0']],
  // Incomplete or wrong, but meant: its own errors are said.
  [['sleep 300']],
  [['/srv/app']],
  [['app', '3000', '3001', '5']],
  [['app', '3000', '3001', '-5s']],
  [['app', '3000', '3001', '.5']],
  [['/srv/app', '3000', 'soon']],
])('%j is the classic form', (words) => {
  expect(isClassicForm(words, commands)).toBe(true);
});

test.each([
  [[]],
  [['status']],
  [['rotate', 'web', '15s']],
  [['help', 'status']],
  [['--config', '/srv/x.yaml', '15s']],
  [['-c', 'a b']],
  [['statsu']],
  [['rotat', 'web']],
  [['']],
])('%j is not', (words) => {
  expect(isClassicForm(words, commands)).toBe(false);
});

test('an unknown command is answered with the nearest one, if any is near', () => {
  expect(unknownCommand('statsu', commands)).toBe("error: unknown command 'statsu'\n(Did you mean status?)");
  expect(unknownCommand('frobnicate', commands)).toBe(
    "error: unknown command 'frobnicate'; see alternate --help",
  );
});
