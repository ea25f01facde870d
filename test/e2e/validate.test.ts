import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runAlternate } from '../support/alternate.ts';
import { Theatre } from '../support/theatre.ts';

const root = path.resolve(import.meta.dirname, '../..');
const DOUBTFUL = `services:
  one: { command: sleep 300 > out }
  two: { command: ./missing, restart: never }
`;

/** `alternate validate` in a folder with this configuration. */
async function validate(yaml: string, ...words: string[]): Promise<{ code: number | null; stderr: string }> {
  const theatre = await Theatre.open();
  theatre.configure(yaml);
  return await runAlternate(['validate', ...words], { cwd: theatre.folder });
}

describe('alternate validate', () => {
  test('warns with file:line:column and a code frame, of the file and of the host, and exits with 0', async () => {
    const { code, stderr } = await validate(DOUBTFUL);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^alternate\.config\.yaml:3:19: warning: services\.one\.command: > is passed to the program/,
    );
    expect(stderr).toMatch(
      /> 3 \| {3}one: \{ command: sleep 300 > out \}\n {4}\| {19}\^{15}\n {2}hint: no shell runs/,
    );
    expect(stderr).toMatch(
      /\nalternate\.config\.yaml:4:19: warning: services\.two\.command: \/.*\/missing does not exist\n/,
    );
    expect(stderr).toMatch(/\/alternate\.config\.yaml: 2 services, no errors, 2 warnings\n$/);
  });

  test('--strict: exits with 2 if there is a warning, and with 0 if there is none', async () => {
    expect(await validate(DOUBTFUL, '--strict')).toMatchObject({ code: 2 });
    const { code, stderr } = await validate('services: { one: { command: sleep 300 } }', '--strict');
    expect(code).toBe(0);
    expect(stderr).toMatch(/: 1 service, no errors\n$/);
  });

  test('errors and warnings come together, in the order of the file; errors exit with 2', async () => {
    const { code, stderr } = await validate(`${DOUBTFUL}  three: { comand: x }\n`);
    expect(code).toBe(2);
    expect(
      [...stderr.matchAll(/^alternate\.config\.yaml:(\d+):\d+: (warning)?/gm)].map(([, ...found]) => found),
    ).toEqual([
      ['3', 'warning'],
      ['5', undefined],
    ]);
    expect(stderr).toMatch(/\n1 error, 1 warning\n$/);
  });

  test("the repository's own configuration and the one of `alternate init` pass --strict", async () => {
    expect(await runAlternate(['validate', '--strict'], { cwd: root })).toMatchObject({ code: 0 });
    const theatre = await Theatre.open();
    expect(await runAlternate(['init'], { cwd: theatre.folder })).toMatchObject({ code: 0 });
    const { code, stderr } = await runAlternate(['validate', '--strict'], { cwd: theatre.folder });
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/no errors\n$/) as string,
    });
  });
});

describe('a manager', () => {
  test('logs each warning once, at its start or at the reload that brings it, and goes on', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start(DOUBTFUL);
    await theatre.running('one');
    expect(alternate.stderr).toMatch(
      /^alternate \| alternate\.config\.yaml:3:19: warning: services\.one\.command: > is passed to the program unchanged \(no shell runs the command; /m,
    );
    expect(alternate.stderr).toMatch(
      /^alternate \| .*:4:19: warning: services\.two\.command: .*missing does not exist$/m,
    );
    theatre.configure(`${DOUBTFUL}  three: { command: sleep 300 & }\n`);
    await theatre.alternate.command('--socket', theatre.socket, 'reload');
    await alternate.logged(/three\.command: & is passed/);
    await theatre.alternate.command('--socket', theatre.socket, 'reload');
    const told = alternate.stderr.match(/: warning: /g);
    expect(told).toHaveLength(3);
    expect((await alternate.stop()).code).toBe(0);
  });
});
