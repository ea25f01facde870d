import { closeSync, copyFileSync, openSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const parameters: [string, string] = ['a', 'b'];

/** A service that runs on `a`, with `./app` as its program; then something happens to that. */
async function rotateAfter(happening: (theatre: Theatre, app: string) => void) {
  const theatre = await Theatre.open();
  const app = theatre.script('app', 'exec sleep 300');
  theatre.start({ web: { command: './app %alt', parameters, cwd: 'cwd' } });
  theatre.write('cwd/file', '');
  await theatre.running('web');
  happening(theatre, app);
  const outcome = await theatre.rotate('web');
  return { outcome, app, folder: theatre.folder, theatre };
}

describe('a program that cannot be started gives a reason of one line', () => {
  test('it is missing', async () => {
    const { outcome, app } = await rotateAfter((_theatre, file) => {
      rmSync(file);
    });
    expect(outcome).toMatchObject({ outcome: 'failed', reason: `${app} does not exist` });
  });

  test('a name is not in PATH', async () => {
    const theatre = await Theatre.open();
    const { ended } = theatre.start({ web: { command: 'no-such-program', parameters, restart: 'never' } });
    const { code, stderr } = await until('the end', ended);
    expect(code).toBe(1);
    expect(stderr).toContain('web: failed: there is no program no-such-program in PATH.');
  });

  test('it is not executable', async () => {
    const { outcome, app } = await rotateAfter((theatre) => theatre.write('app', '#!/bin/sh\n', 0o644));
    expect(outcome.reason).toBe(`${app} is not an executable file for this user (chmod +x?)`);
  });

  test('it is a folder', async () => {
    const { outcome, app } = await rotateAfter((theatre, file) => {
      rmSync(file);
      theatre.write('app/file', '');
    });
    expect(outcome.reason).toBe(`${app} is not an executable file for this user (chmod +x?)`);
  });

  test('its interpreter does not exist', async () => {
    const { outcome, app } = await rotateAfter((theatre) =>
      theatre.write('app', '#!/no/such/interpreter\n', 0o755),
    );
    expect(outcome.reason).toBe(`the interpreter in the first line of ${app} does not exist`);
  });

  test('its working directory is gone', async () => {
    const { outcome, folder } = await rotateAfter((theatre) => {
      rmSync(path.join(theatre.folder, 'cwd'), { recursive: true });
    });
    expect(outcome.reason).toBe(`the working directory ${folder}/cwd does not exist`);
  });

  test('its working directory is a file', async () => {
    const { outcome, folder } = await rotateAfter((theatre) => {
      rmSync(path.join(theatre.folder, 'cwd'), { recursive: true });
      theatre.write('cwd', '');
    });
    expect(outcome.reason).toBe(`the working directory ${folder}/cwd is not a folder`);
  });

  test('it leads round and round', async () => {
    const { outcome } = await rotateAfter((_theatre, app) => {
      rmSync(app);
      symlinkSync('app', app);
    });
    expect(outcome.outcome).toBe('failed');
    expect(outcome.reason).not.toContain('\n');
  });
});

describe('a program that is just being replaced', () => {
  test('open for writing (ETXTBSY): the launch waits until it is closed', async () => {
    const theatre = await Theatre.open();
    const app = path.join(theatre.folder, 'app');
    copyFileSync('/bin/sleep', app);
    theatre.start({ web: { command: './app 300', parameters } });
    await theatre.running('web');
    const copy = path.join(theatre.folder, 'copy');
    copyFileSync('/bin/sleep', copy);
    rmSync(app);
    symlinkSync('copy', app);
    const descriptor = openSync(copy, 'r+');
    const rotation = theatre.rotate('web');
    await theatre.service('web', ({ detail }) => detail === 'launching b');
    // The time for which somebody writes to it.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await theatre.service('web')).toMatchObject({ state: 'rotating', detail: 'launching b' });
    closeSync(descriptor);
    expect(await rotation).toMatchObject({ outcome: 'completed', to: 'b' });
  });

  test('a stop does not wait for it', async () => {
    const theatre = await Theatre.open();
    const app = path.join(theatre.folder, 'app');
    copyFileSync('/bin/sleep', app);
    const descriptor = openSync(app, 'r+');
    const alternate = theatre.start({ web: { command: './app 300', parameters } });
    await theatre.service('web', ({ detail }) => detail === 'launching a');
    expect(await alternate.stop()).toMatchObject({ code: 0 });
    closeSync(descriptor);
    expect(alternate.stderr).not.toContain('web: started a');
  });
});

test('a first service that fails at once leaves the manager to the next one', async () => {
  const theatre = await Theatre.open();
  theatre.write('bad.env', 'no assignment\n');
  theatre.start({
    bad: { command: 'sleep 300', envFile: 'bad.env', restart: 'never' },
    good: { command: 'sleep 300' },
  });
  await theatre.running('good');
  expect(await theatre.service('bad')).toMatchObject({ state: 'failed' });
});
