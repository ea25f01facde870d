import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExecCheck } from '../support/exec-check.ts';
import { processFacts } from '../support/processes.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const parameters: [string, string] = ['a', 'b'];
const services = {
  web: { command: Stage.command('web-%alt'), parameters },
  api: { command: Stage.command('api-%alt'), parameters },
};

describe.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)('%s', (signal) => {
  test('stops everything, then the manager exits with 0', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start(services);
    const puppets = [await theatre.puppet('web-a'), await theatre.puppet('api-a')];
    await theatre.running('web');
    await theatre.running('api');
    alternate.signal(signal);
    expect(await until('the end', alternate.ended)).toMatchObject({ code: 0, signal: null });
    expect(puppets.map(({ pid }) => processFacts(pid))).toEqual([null, null]);
    // Whatever the manager was told, the instances get their own stop signal.
    for (const { signals } of puppets)
      expect(signals.filter((heard) => heard !== 'SIGCONT')).toEqual(['SIGTERM']);
    expect(existsSync(path.join(theatre.folder, 'control.sock'))).toBe(false);
  });

  test('a second one kills what is left', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web: { ...services.web, stop: { timeout: 'never' } } });
    const puppet = await theatre.puppet('web-a');
    await puppet.do('ignore', { signal: 'SIGTERM' });
    await theatre.running('web');
    alternate.signal('SIGTERM');
    await until('TERM for the instance', () => puppet.signals.includes('SIGTERM'));
    expect(processFacts(puppet.pid)).not.toBeNull();
    alternate.signal(signal);
    expect(await until('the end', alternate.ended)).toMatchObject({ code: 0 });
    expect(processFacts(puppet.pid)).toBeNull();
    expect(alternate.stderr).toMatch(/killed the process group of a \(pid \d+\)\n/);
  });
});

test('TERM during a rotation stops the old, the new and the one that is on its way out', async () => {
  const theatre = await Theatre.open();
  const health = new ExecCheck(theatre.folder);
  for (const parameter of ['a', 'b']) health.healthy(parameter);
  const alternate = theatre.start({
    web: {
      command: Stage.command(),
      parameters: ['a', 'b', 'c'],
      ready: { exec: health.exec, interval: '20ms' },
      stop: { timeout: 'never' },
    },
  });
  const a = await theatre.puppet('a');
  await a.do('ignore', { signal: 'SIGTERM' });
  await theatre.running('web');
  await theatre.rotate('web');
  const b = await theatre.puppet('b');
  void theatre.rotate('web').catch(() => undefined);
  const c = await theatre.puppet('c');
  alternate.signal('SIGTERM');
  await until('b and c are gone', () => b.gone && c.gone);
  expect(alternate.child.exitCode).toBeNull();
  a.tell('exit');
  expect(await until('the end', alternate.ended)).toMatchObject({ code: 0 });
  expect([b.signals, c.signals].map((signals) => signals.includes('SIGTERM'))).toEqual([true, true]);
});

test('TERM while a service waits for its next restart, or has nothing running, ends at once', async () => {
  const theatre = await Theatre.open();
  const alternate = theatre.start({
    web: { command: 'false', parameters, restart: { delay: '1h', maxDelay: '1h' } },
    once: { command: 'true', parameters, restart: 'on-failure' },
  });
  await theatre.service('web', ({ state }) => state === 'backoff');
  await theatre.service('once', ({ state }) => state === 'stopped');
  expect((await alternate.stop()).code).toBe(0);
});
