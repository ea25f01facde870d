/** A reload leaves sockets that do not change, opens new ones before the rotation, and closes old ones after it. */
import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { ask, listening, listenerOn, tryToConnect } from './fixtures/listen-stand.ts';

type Services = Readonly<Record<string, RawService>>;

async function reload(theatre: Theatre, services: Services): Promise<unknown> {
  theatre.configure(services);
  return (await theatre.ask('POST', '/v1/reload')).body;
}

/** Until the one of this parameter serves, alone. */
async function serves(theatre: Theatre, name: string, parameter: string): Promise<void> {
  await theatre.service(
    name,
    ({ state, current, retiring }) =>
      state === 'running' && current?.parameter === parameter && retiring.length === 0,
  );
}

async function strangerOn(port: number): Promise<void> {
  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    stranger.close();
  });
}

/** Fresh connections to a port; 0 may fail. */
function knocking(port: number) {
  const workload = [{ name: 'fresh', fresh: true, pauseMs: 5 }];
  const load = startLoad({ port, connections: 4, workload, lateMs: 10_000 });
  onTestFinished(() => {
    load.discard();
  });
  return load;
}

test('sockets that stay the same are the same, whatever else changes', async () => {
  const port = await freePort();
  const theatre = await Theatre.started({ web: listening(port) });
  const socket = listenerOn(port);
  const load = knocking(port);
  await load.until(20);
  await reload(theatre, { web: listening(port, { env: { NEW: '1' } }) });
  await serves(theatre, 'web', 'green');
  await reload(theatre, { web: listening({ address: port, backlog: 7 }, { env: { NEW: '1' } }) });
  await serves(theatre, 'web', 'blue');
  await load.until(20);
  expect(await load.stop()).toMatchObject({ failed: 0, examples: [] });
  expect(listenerOn(port)).toBe(socket);
});

test('a changed one is opened before the rotation, the old one closed after it', async () => {
  const [before, after] = [await freePort(), await freePort()];
  const theatre = await Theatre.started({ web: listening(before) });
  const slowly = listening(after, { ready: { exec: 'test -e go' } });
  const reloaded = reload(theatre, { web: slowly });
  await theatre.service('web', ({ state }) => state === 'rotating');
  expect(await ask(before)).toMatch(/^blue /);
  expect(await ask(after)).toMatch(/^green /);
  theatre.write('go', '');
  expect(await reloaded).toMatchObject({ changed: ['web'], failed: [] });
  await serves(theatre, 'web', 'green');
  expect(await tryToConnect(before)).toBe('ECONNREFUSED');
  expect(await ask(after)).toMatch(/^green /);
});

test('one more, and one less: the one that stays is the same', async () => {
  const [stays, goes, comes] = [await freePort(), await freePort(), await freePort()];
  const theatre = await Theatre.started({ web: listening([goes, stays]) });
  const socket = listenerOn(stays);
  await reload(theatre, { web: listening([stays, comes]) });
  await serves(theatre, 'web', 'green');
  expect(listenerOn(stays)).toBe(socket);
  expect(await ask(comes)).toMatch(/^green /);
  expect(await tryToConnect(goes)).toBe('ECONNREFUSED');
});

test('an address in use: the reload is refused whole and changes nothing', async () => {
  const [port, other, taken] = [await freePort(), await freePort(), await freePort()];
  await strangerOn(taken);
  const unix = (mode: string) => ({ address: 'unix:web.sock', mode });
  const services = { web: listening([port, unix('0600')]), idle: { command: 'sleep 300' } };
  const theatre = await Theatre.started(services);
  const pid = (await theatre.running('web')).current?.pid;
  const answer = await reload(theatre, {
    web: listening([{ address: port, backlog: 3 }, other, unix('0666')]),
    more: listening(`127.0.0.1:${taken}`),
  });
  expect(JSON.stringify(answer)).toContain(`more: cannot listen on 127.0.0.1:${taken}: `);
  expect(await tryToConnect(other)).toBe('ECONNREFUSED');
  expect(statSync(path.join(theatre.folder, 'web.sock')).mode & 0o777).toBe(0o600);
  await theatre.running('idle');
  expect(await theatre.running('web')).toMatchObject({ current: { pid }, rotations: { completed: 0 } });
  expect(theatre.alternate.stderr).not.toContain('backlog of 3');
});

test('a failed rotation keeps the old socket and closes the new one', async () => {
  const [before, after] = [await freePort(), await freePort()];
  const theatre = await Theatre.started({ web: listening(before) });
  await reload(theatre, { web: listening(after, { command: 'false' }) });
  await theatre.service('web', ({ state, rotations }) => state === 'running' && rotations.failed === 1);
  expect(await ask(before)).toMatch(/^blue /);
  expect(await tryToConnect(after)).toBe('ECONNREFUSED');
});

test('a service that is renamed keeps its sockets: what connects meanwhile waits', async () => {
  const port = await freePort();
  const web = listening([`127.0.0.1:${port}`, 'unix:web.sock']);
  const theatre = await Theatre.started({ before: web });
  const socket = listenerOn(port);
  const load = knocking(port);
  await load.until(20);
  await reload(theatre, { after: web });
  await theatre.running('after');
  await load.until(20);
  expect(await load.stop()).toMatchObject({ failed: 0, examples: [] });
  expect(listenerOn(port)).toBe(socket);
  expect(await ask(path.join(theatre.folder, 'web.sock'))).toMatch(/^blue /);
});

test('an address that moves between two services that stay is refused, and nothing changes', async () => {
  const [one, two] = [await freePort(), await freePort()];
  const service = (name: string, port: number): RawService =>
    listening(port, { parameters: [`${name}-1`, `${name}-2`] });
  const theatre = await Theatre.started({ a: service('a', one), b: service('b', two) });
  theatre.configure({ a: service('a', two), b: service('b', one) });
  const refused = await theatre.ask('POST', '/v1/reload');
  expect(refused.status).toBe(422);
  expect(JSON.stringify(refused.body)).toContain(`:${two}: remove it there and reload`);
  expect([await ask(one), await ask(two)]).toEqual([
    expect.stringMatching(/^a-1 /),
    expect.stringMatching(/^b-1 /),
  ]);
});

test('a service that begins to listen, and one that no longer does', async () => {
  const port = await freePort();
  const alone: RawService = { command: 'sleep 300', parameters: ['blue', 'green'] };
  const theatre = await Theatre.started({ web: alone });
  await reload(theatre, { web: listening([port, 'unix:web.sock']) });
  await serves(theatre, 'web', 'green');
  expect(await ask(port)).toMatch(/^green /);
  await reload(theatre, { web: alone });
  await serves(theatre, 'web', 'blue');
  expect(await tryToConnect(port)).toBe('ECONNREFUSED');
  expect(existsSync(path.join(theatre.folder, 'web.sock'))).toBe(false);
});

test('a service that is removed lets its address go', async () => {
  const port = await freePort();
  const idle = { command: 'sleep 300' };
  const theatre = await Theatre.started({ web: listening(port), idle });
  await reload(theatre, { idle });
  await until(`nobody on ${port}`, () => listenerOn(port) === null);
});

test('a reload during the start waits for it', async () => {
  const theatre = await Theatre.open();
  const port = await freePort();
  const manager = theatre.start({ web: listening(port) });
  await theatre.ask('GET', '/v1/status');
  manager.signal('SIGHUP');
  await theatre.logged('configuration read again: unchanged web', 'stderr');
  await theatre.running('web');
  expect(manager.stderr.match(/: started blue/g)).toHaveLength(1);
});
