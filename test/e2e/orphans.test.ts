/** A manager that is killed leaves its instances behind: the next one finds them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { groupMembers, processGone } from '../support/processes.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const web = { command: Stage.command(), parameters: ['a', 'b'] as [string, string], route: { files: 'run' } };

/** Once its list is what runs: it is written a moment after each change. */
async function killManager(theatre: Theatre): Promise<void> {
  const { services } = await theatre.alternate.status();
  const listed = services.flatMap(({ state, current }) =>
    current === null ? [] : `"pid":${current.pid ?? 0}${state === 'running' ? ',"serves":true' : ''}`,
  );
  await until('the list of what runs', () => {
    const list = existsSync(theatre.socket + '.running') ? theatre.read('control.sock.running') : '';
    return listed.every((entry) => list.includes(entry));
  });
  theatre.alternate.signal('SIGKILL');
  await until('the end of the manager', theatre.alternate.ended);
}

test('what served goes on serving until its successor is ready, and is stopped after the overlap', async () => {
  const theatre = await Theatre.started({ web });
  const old = await theatre.puppet('a');
  await until('it is listed', () =>
    theatre.read('control.sock.running').includes(`"pid":${old.pid},"serves":true`),
  );
  await killManager(theatre);
  expect(old.gone).toBe(false);
  expect(existsSync(path.join(theatre.folder, 'run/a'))).toBe(true);

  theatre.start({ web: { ...web, ready: { output: 'ready' }, overlap: '200ms' } });
  const next = await theatre.puppet('b');
  const meanwhile = await theatre.service('web', ({ state }) => state === 'rotating');
  expect(meanwhile).toMatchObject({ current: { parameter: 'a', pid: old.pid }, next: { parameter: 'b' } });
  expect(old.signals).toEqual([]);
  expect(existsSync(path.join(theatre.folder, 'run/a'))).toBe(true);
  await next.do('say', { text: 'ready\n' });
  const after = await theatre.service('web', ({ state }) => state === 'running');
  expect(after.current).toMatchObject({ parameter: 'b', pid: next.pid });
  await processGone(old.pid);
  await until('its word of SIGTERM', () => old.signals.includes('SIGTERM'));
  await theatre.service('web', ({ retiring }) => retiring.length === 0);
  expect(existsSync(path.join(theatre.folder, 'run/a'))).toBe(false);
  expect(existsSync(path.join(theatre.folder, 'run/b'))).toBe(true);
});

test('one that ignores TERM is killed in the end, and its parameter is free again', async () => {
  const service = { ...web, stop: { timeout: '300ms' } };
  const theatre = await Theatre.started({ web: service });
  const old = await theatre.puppet('a');
  await old.do('ignore', { signal: 'SIGTERM' });
  await killManager(theatre);
  theatre.start({ web: service });
  await theatre.service(
    'web',
    ({ current, retiring }) => current?.parameter === 'b' && retiring.length === 0,
  );
  await processGone(old.pid);
  expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed', to: 'a' });
});

test('both instances of a rotation are found; one serves in the end, on its own parameter', async () => {
  const service = { ...web, ready: { output: 'ready' }, overlap: '1h' };
  const theatre = await Theatre.open();
  theatre.start({ web: service });
  const old = await theatre.puppet('a');
  await old.do('say', { text: 'ready\n' });
  await theatre.running('web');
  theatre.alternate.signal('SIGUSR1');
  const next = await theatre.puppet('b');
  await until('both are listed', () => theatre.read('control.sock.running').includes(`"pid":${next.pid}`));
  await killManager(theatre);
  theatre.start({ web });
  await theatre.service(
    'web',
    ({ state, current, retiring }) =>
      state === 'running' &&
      ![old.pid, next.pid, undefined].includes(current?.pid ?? undefined) &&
      retiring.length === 0,
  );
  await processGone(old.pid);
  await processGone(next.pid);
});

test('a service without parameters is stopped before it is started again', async () => {
  const edge = { command: Stage.command('edge') };
  const theatre = await Theatre.started({ edge });
  const old = await theatre.puppet('edge');
  await killManager(theatre);
  theatre.start({ edge });
  const again = await theatre.puppet('edge', 2);
  expect(groupMembers(old.pid)).toEqual([]);
  const status = await theatre.service('edge', ({ state }) => state === 'running');
  expect(status.current?.pid).toBe(again.pid);
});

test('one of a service that is no longer declared is ended', async () => {
  const theatre = await Theatre.started({ web, gone: { command: Stage.command('gone') } });
  const left = await theatre.puppet('gone');
  await killManager(theatre);
  theatre.start({ web });
  await processGone(left.pid);
  await until('its word of SIGTERM', () => left.signals.includes('SIGTERM'));
});

test('a list about other processes with the same numbers, or of somebody else, ends nobody', async () => {
  const theatre = await Theatre.started({ web });
  const old = await theatre.puppet('a');
  await killManager(theatre);
  const file = `${theatre.socket}.running`;
  const list = JSON.parse(readFileSync(file, 'utf8')) as { instances: { identity: string }[] };
  for (const instance of list.instances) instance.identity = instance.identity.replace(/\d+$/, '1');
  writeFileSync(file, JSON.stringify(list));
  onTestFinished(() => {
    old.tell('exit', { code: 0 });
  });
  theatre.start({ web });
  const first = await theatre.puppet('a', 2);
  await theatre.service('web', ({ current }) => current?.pid === first.pid);
  expect(old.signals).toEqual([]);
});

test('the list is gone after an end in peace', async () => {
  const theatre = await Theatre.started({ web });
  await until('the list of what runs', () => existsSync(`${theatre.socket}.running`));
  await theatre.alternate.stop();
  expect(existsSync(`${theatre.socket}.running`)).toBe(false);
});

test('parameters and route changed meanwhile: what serves is rolled out of, as by a reload', async () => {
  const theatre = await Theatre.started({ web });
  const old = await theatre.puppet('a');
  await killManager(theatre);
  const changed = { ...web, parameters: ['c', 'd'] as [string, string], route: { files: 'new' } };
  theatre.start({ web: { ...changed, ready: { output: 'ready' } } });
  const next = await theatre.puppet('c');
  expect(old.signals).toEqual([]);
  expect(existsSync(path.join(theatre.folder, 'run/a'))).toBe(true);
  await next.do('say', { text: 'ready\n' });
  await theatre.service('web', ({ state, current }) => state === 'running' && current?.parameter === 'c');
  await processGone(old.pid);
  expect(existsSync(path.join(theatre.folder, 'run/a'))).toBe(false);
  expect(existsSync(path.join(theatre.folder, 'new/c'))).toBe(true);
});

test('killed in the overlap: the one that requests go to goes on, and they are not sent elsewhere meanwhile', async () => {
  const service = { ...web, overlap: '1h' };
  const theatre = await Theatre.started({ web: service });
  const old = await theatre.puppet('a');
  theatre.alternate.signal('SIGUSR1');
  const routed = await theatre.puppet('b');
  await theatre.service('web', ({ next }) => next?.state === 'ready');
  await until('it is listed as the one that serves', () =>
    theatre.read('control.sock.running').includes(`"pid":${routed.pid},"serves":true`),
  );
  await killManager(theatre);
  theatre.start({ web: { ...service, ready: { output: 'ready' } } });
  await processGone(old.pid);
  expect(existsSync(path.join(theatre.folder, 'run/b'))).toBe(true);
  const status = await theatre.service('web', ({ state }) => state === 'rotating');
  expect(status).toMatchObject({ current: { parameter: 'b', pid: routed.pid }, next: { parameter: 'a' } });
  expect(routed.signals).toEqual([]);
});
