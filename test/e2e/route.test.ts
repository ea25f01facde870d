/** The route by files: who gets new requests, in the right order. */
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Alternate } from '../support/alternate.ts';
import { freePorts } from '../support/ports.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const service = {
  command: Stage.command(),
  parameters: ['a', 'b'] as [string, string],
  route: { files: 'run/api' },
};

function routed(theatre: Theatre): string[] {
  const folder = path.join(theatre.folder, 'run/api');
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
}

test('the new instance is routed to when it is ready, the old one is stopped an overlap later', async () => {
  const theatre = await Theatre.open();
  theatre.start({ api: { ...service, ready: { output: 'ready' }, overlap: '300ms' } });
  const a = await theatre.puppet('a');
  expect(routed(theatre)).toEqual([]);
  await a.do('say', { text: 'ready\n' });
  await theatre.running('api');
  expect(routed(theatre)).toEqual(['a']);

  await theatre.followEvents();
  const rotation = theatre.rotate('api');
  const b = await theatre.puppet('b');
  expect(routed(theatre)).toEqual(['a']);
  await b.do('say', { text: 'ready\n' });
  await theatre.event('route-switched');
  expect(routed(theatre)).toEqual(['b']);
  expect(a.signals).toEqual([]);
  expect(await rotation).toMatchObject({ outcome: 'completed' });
  await until('TERM', () => a.signals.includes('SIGTERM'));
  const order = theatre.events.map(({ type }) => type);
  expect(order.indexOf('route-switched')).toBeGreaterThan(order.indexOf('instance-ready'));
  expect(order.indexOf('overlap-started')).toBeGreaterThan(order.indexOf('route-switched'));
  expect(order.indexOf('instance-stopping')).toBeGreaterThan(order.indexOf('overlap-started'));
});

test('the new one dies in the overlap: the route goes back before the rotation is called failed', async () => {
  const theatre = await Theatre.started({ api: { ...service, overlap: '1h' } });
  await theatre.followEvents();
  const rotation = theatre.rotate('api');
  await theatre.event('overlap-started');
  expect(routed(theatre)).toEqual(['b']);
  (await theatre.puppet('b')).tell('exit', { code: 1 });
  expect(await rotation).toMatchObject({ outcome: 'failed', reason: 'the instance exited with code 1' });
  expect(routed(theatre)).toEqual(['a']);
  await theatre.event('rotation-failed');
  const order = theatre.events.map(({ type }) => type);
  expect(order.lastIndexOf('route-switched')).toBeLessThan(order.indexOf('rotation-failed'));
});

test('a crash takes the file away until the instance is ready again', async () => {
  const theatre = await Theatre.open();
  theatre.start({ api: { ...service, ready: { output: 'ready' } } });
  const first = await theatre.puppet('a');
  await first.do('say', { text: 'ready\n' });
  await theatre.running('api');
  first.tell('exit', { code: 1 });
  const second = await theatre.puppet('a', 2);
  expect(routed(theatre)).toEqual([]);
  await second.do('say', { text: 'ready\n' });
  await theatre.running('api');
  expect(routed(theatre)).toEqual(['a']);
  await theatre.ask('POST', '/v1/services/api/stop');
  // The stop does not wait for it.
  await until('the file is gone', () => routed(theatre).length === 0);
  void theatre.ask('POST', '/v1/services/api/start');
  await (await theatre.puppet('a', 3)).do('say', { text: 'ready\n' });
  await theatre.running('api');
  expect(routed(theatre)).toEqual(['a']);
  await theatre.alternate.stop();
  expect(routed(theatre)).toEqual([]);
});

test('files that a dead manager left, and nothing else in the folder, are taken away at the start', async () => {
  const theatre = await Theatre.open();
  theatre.write('run/api/b', 'left behind');
  theatre.write('run/api/other', 'not ours');
  theatre.start({ api: { ...service, ready: { output: 'ready' } } });
  const a = await theatre.puppet('a');
  await until('the stale file is gone', () => routed(theatre).join() === 'other');
  await a.do('say', { text: 'ready\n' });
  await theatre.running('api');
  expect(routed(theatre)).toEqual(['a', 'other']);
});

test('a file that somebody removed is made again, and said', async () => {
  const theatre = await Theatre.started({ api: service });
  await theatre.followEvents();
  rmSync(path.join(theatre.folder, 'run/api/a'));
  await theatre.event('route-restored');
  expect(theatre.events.map(({ type }) => type)).toContain('route-lost');
  expect(routed(theatre)).toEqual(['a']);
});

test('a folder that cannot be written to fails the rotation with its reason; what served goes on', async () => {
  const theatre = await Theatre.started({ api: service });
  const a = await theatre.puppet('a');
  const folder = path.join(theatre.folder, 'run/api');
  // Root may write anywhere, but not put a file in the place of a folder.
  mkdirSync(path.join(folder, 'b'));
  writeFileSync(path.join(folder, 'b/x'), '');
  chmodSync(folder, 0o755);
  const outcome = await theatre.rotate('api');
  expect(outcome.outcome).toBe('failed');
  expect(outcome.reason).toMatch(/^requests cannot be routed to the new instance: .*run\/api\/b/);
  expect(routed(theatre)).toEqual(['a', 'b']);
  expect((await theatre.running('api')).current?.pid).toBe(a.pid);
  expect(a.signals).toEqual([]);
});

test('a reload that changes the folder takes the old file away', async () => {
  const theatre = await Theatre.started({ api: service });
  theatre.configure({ api: { ...service, route: { files: 'run/new' } } });
  await theatre.ask('POST', '/v1/reload');
  await theatre.service('api', ({ state, current }) => state === 'running' && current?.parameter === 'b');
  expect(routed(theatre)).toEqual([]);
  expect(existsSync(path.join(theatre.folder, 'run/new/b'))).toBe(true);
  theatre.configure({ api: { command: service.command, parameters: service.parameters } });
  await theatre.ask('POST', '/v1/reload');
  await theatre.service('api', ({ state, current }) => state === 'running' && current?.parameter === 'a');
  expect(existsSync(path.join(theatre.folder, 'run/new/b'))).toBe(false);
});

test('a second manager, whose instance finds its address taken, leaves the route of the first one alone', async () => {
  const [first = 0, second = 0] = await freePorts(2);
  const routedByPort = {
    ...service,
    parameters: [first, second] as [number, number],
    address: '127.0.0.1:%alt',
  };
  const theatre = await Theatre.open();
  theatre.start({ api: { ...routedByPort, ready: { tcp: '127.0.0.1:%alt' } } });
  await (await theatre.puppet(String(first))).do('listen', { port: first });
  await theatre.running('api');
  const seen: boolean[] = [];
  const other = theatre.write(
    'other.yaml',
    theatre.read('alternate.config.yaml').replace('control.sock', 'other.sock'),
  );
  const watcher = watch(path.join(theatre.folder, 'run/api'), () => {
    seen.push(existsSync(path.join(theatre.folder, 'run/api', String(first))));
  });
  const rival = new Alternate(['--config', other], { cwd: theatre.folder });
  await rival.logged(/another process already listens on/);
  await rival.discard();
  watcher.close();
  expect(seen).toEqual([]);
  expect(routed(theatre)).toEqual([String(first)]);
});
