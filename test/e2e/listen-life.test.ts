/** Sockets live as long as their service: connections wait while there is no instance, and are refused once it is over. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { processGone } from '../support/processes.ts';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { ask, listening, listenerOn, listeningCommand, tryToConnect } from './fixtures/listen-stand.ts';

async function stand(given: Parameters<typeof listening>[1] = {}) {
  const theatre = await Theatre.open();
  const port = await freePort();
  theatre.script('app', `[ -e broken ] && exit 3; exec ${listeningCommand.replace('%alt', '"$1"')}`);
  theatre.start({ web: listening(port, { command: './app %alt', ...given }) });
  const { current } = await theatre.running('web');
  return { theatre, port, pid: current?.pid ?? 0, broken: path.join(theatre.folder, 'broken') };
}

test('a rotation changes who answers, not the socket', async () => {
  const { theatre, port, pid } = await stand();
  const socket = listenerOn(port);
  expect(await ask(port)).toBe(`blue ${pid} ${pid}`);
  expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed', to: 'green' });
  const { current } = await theatre.service('web', ({ retiring }) => retiring.length === 0);
  expect(await ask(port)).toBe(`green ${current?.pid ?? 0} ${current?.pid ?? 0}`);
  expect(listenerOn(port)).toBe(socket);
});

test('the only instance is killed (KILL) under load: no connection is refused, only what it was answering is lost', async () => {
  const { theatre, port, pid } = await stand();
  const connections = 8;
  const load = startLoad({
    port,
    connections,
    workload: [{ name: 'get' }, { name: 'post', bodyBytes: 20_000 }, { name: 'fresh', fresh: true }],
    lateMs: 10_000,
  });
  onTestFinished(() => {
    load.discard();
  });
  await load.until(300);
  process.kill(pid, 'SIGKILL');
  await theatre.service('web', ({ state, current }) => state === 'running' && current?.pid !== pid);
  await load.until(300);
  const result = await load.stop();
  expect(result.failures).not.toHaveProperty('refused');
  expect(result.failures).not.toHaveProperty('unreachable');
  expect(result.failures).not.toHaveProperty('timeout');
  // Each client has one request under way.
  expect(result.failed).toBeLessThanOrEqual(connections);
  expect(result.answered).toBeGreaterThan(500);
});

test('a restart: what connects meanwhile waits', async () => {
  const { theatre, port, pid } = await stand();
  const socket = listenerOn(port);
  const load = startLoad({ port, connections: 4, workload: [{ name: 'fresh', fresh: true, pauseMs: 5 }] });
  onTestFinished(() => {
    load.discard();
  });
  await load.until(20);
  await theatre.ask('POST', '/v1/services/web/restart');
  const { current } = await theatre.running('web');
  expect(current?.pid).not.toBe(pid);
  await load.until(20);
  expect(await load.stop()).toMatchObject({ failed: 0, examples: [] });
  expect(listenerOn(port)).toBe(socket);
});

test('a long back-off: what connects waits, and the next instance answers it', async () => {
  const { theatre, port, pid, broken } = await stand({ restart: { delay: '1h', maxDelay: '1h' } });
  const socket = listenerOn(port);
  writeFileSync(broken, '');
  process.kill(pid, 'SIGKILL');
  await theatre.logged('starting blue again in 1h', 'stderr');
  expect(listenerOn(port)).toBe(socket);
  const answers = [ask(port), ask(port, '/slow')];
  expect(await tryToConnect(port)).toBe('connected');
  rmSync(broken);
  await theatre.ask('POST', '/v1/services/web/restart');
  expect(await Promise.all(answers)).toEqual([
    expect.stringMatching(/^blue /),
    expect.stringMatching(/^blue /),
  ]);
});

test('a service that has failed refuses; started again it listens again', async () => {
  const { theatre, port, pid, broken } = await stand({ restart: 'never' });
  theatre.configure({
    web: listening(port, { command: './app %alt', restart: 'never' }),
    other: { command: 'sleep 300' },
  });
  await theatre.ask('POST', '/v1/reload');
  writeFileSync(broken, '');
  process.kill(pid, 'SIGKILL');
  await theatre.service('web', ({ state }) => state === 'failed');
  expect(await tryToConnect(port)).toBe('ECONNREFUSED');
  rmSync(broken);
  await theatre.ask('POST', '/v1/services/web/start');
  await theatre.running('web');
  expect(await ask(port)).toMatch(/^blue /);
});

test('a stop closes the socket at once, the answers under way are given; a start opens it again', async () => {
  const { theatre, port, pid } = await stand();
  const slow = ask(port, '/slow');
  await until('it is accepted', async () => (await ask(port)).startsWith('blue'));
  await theatre.ask('POST', '/v1/services/web/stop');
  expect(await slow).toMatch(/^blue /);
  await processGone(pid);
  expect(await tryToConnect(port)).toBe('ECONNREFUSED');
  await theatre.ask('POST', '/v1/services/web/start');
  await theatre.running('web');
  expect(await ask(port)).toMatch(/^(blue|green) /);
});

test('a stopped service cannot be started where somebody has taken its address meanwhile, and says so', async () => {
  const { theatre, port } = await stand({ restart: 'never' });
  await theatre.ask('POST', '/v1/services/web/stop');
  await theatre.service('web', ({ state }) => state === 'stopped');
  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(port, resolve));
  onTestFinished(() => {
    stranger.close();
  });
  theatre.configure({
    web: listening(port, { command: './app %alt', restart: 'never' }),
    other: { command: 'sleep 300' },
  });
  await theatre.ask('POST', '/v1/reload');
  const { body } = await theatre.ask('POST', '/v1/services/web/start');
  expect(JSON.stringify(body)).toContain(`cannot listen on :${port}: `);
});

test('a manager that was killed (KILL): its orphans hold the sockets, so they end before the next one listens', async () => {
  const theatre = await Theatre.open();
  const port = await freePort();
  const services = { web: listening([port, 'unix:web.sock']), plain: { command: 'sleep 300' } };
  theatre.start(services);
  const pid = (await theatre.running('web')).current?.pid ?? 0;
  await until('it is listed', () =>
    theatre.read('control.sock.running').includes(`"pid":${pid},"serves":true`),
  );
  theatre.alternate.signal('SIGKILL');
  await until('the end of the manager', theatre.alternate.ended);
  expect(await ask(port)).toMatch(/^blue /);
  expect(existsSync(path.join(theatre.folder, 'web.sock'))).toBe(true);
  // Renamed: the orphan is nobody's, and holds the port all the same.
  theatre.start({ renamed: services.web, plain: services.plain });
  const { current } = await theatre.running('renamed');
  expect(current?.pid).not.toBe(pid);
  await processGone(pid);
  const answer = `blue ${current?.pid ?? 0} ${current?.pid ?? 0}`;
  expect(await ask(port)).toBe(answer);
  expect(await ask(path.join(theatre.folder, 'web.sock'))).toBe(answer);
});
