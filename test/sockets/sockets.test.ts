import { existsSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ListenSocket } from '../../src/config/types.ts';
import { ServiceSockets } from '../../src/sockets/sockets.ts';
import { freeAddress, listenerOn, stranger, tryToConnect, unix, wanted } from './open-sockets.ts';
import { temporaryFolder } from '../routing/service.ts';

function serviceSockets() {
  const said: [address: string, backlog: number, limit: number | null][] = [];
  const sockets = new ServiceSockets({
    listening: (...fact) => said.push(fact),
  });
  onTestFinished(() => {
    sockets.keep([]);
  });
  return { sockets, said };
}

/** What an instance inherits of these. */
const inodes = (listen: readonly ListenSocket[]): (string | undefined)[] =>
  listen.map(({ address }) => (address.type === 'tcp' ? listenerOn(address.port)?.inode : undefined));

test('what an instance is told of them', async () => {
  const { sockets, said } = serviceSockets();
  const [one, two] = [await freeAddress(), await freeAddress(null)];
  const place = path.join(temporaryFolder(), 'a.sock');
  const listen = [
    wanted(one, { name: 'http' }),
    wanted(two, { name: 'all' }),
    wanted(unix(place), { name: 'admin' }),
  ];
  expect(sockets.inherited(listen)).toBeNull();
  expect(await sockets.open(listen)).toEqual({ ok: true, value: listen });
  const inherited = sockets.inherited(listen);
  expect(inherited?.descriptors).toHaveLength(3);
  expect(inherited?.env).toEqual({
    LISTEN_FDS: '3',
    LISTEN_FDNAMES: 'http:all:admin',
    SERVER_STARTER_PORT: `127.0.0.1:${one.port}=3;${two.port}=4;${place}=5`,
  });
  expect(said.map(([address]) => address)).toEqual([
    `127.0.0.1:${one.port}`,
    `:${two.port}`,
    `unix:${place}`,
  ]);
  const [first, ...others] = listen;
  expect(sockets.inherited(others)?.descriptors).toEqual(inherited?.descriptors.slice(1));
  expect(first && sockets.holds(first)).toBe(true);
});

test('opening them again leaves them, and says nothing', async () => {
  const { sockets, said } = serviceSockets();
  const listen = [wanted(await freeAddress())];
  await sockets.open(listen);
  const before = inodes(listen);
  expect(await sockets.open(listen)).toEqual({ ok: true, value: [] });
  expect(inodes(listen)).toEqual(before);
  expect(said).toHaveLength(1);
});

test('two that open the same at once open it once', async () => {
  const { sockets } = serviceSockets();
  const listen = [wanted(await freeAddress())];
  const openings = await Promise.all([sockets.open(listen), sockets.open(listen)]);
  expect(openings).toEqual([
    { ok: true, value: listen },
    { ok: true, value: [] },
  ]);
});

test('one that cannot be opened closes those that were opened with it, and no others; then it can be tried again', async () => {
  const { sockets } = serviceSockets();
  const [kept, fresh, taken] = [await freeAddress(), await freeAddress(), await freeAddress()];
  await sockets.open([wanted(kept)]);
  const before = inodes([wanted(kept)]);
  await stranger(taken);
  const opening = await sockets.open([wanted(kept), wanted(fresh), wanted(taken)]);
  expect(opening).toMatchObject({
    ok: false,
    reason: expect.stringContaining(`cannot listen on 127.0.0.1:${taken.port}: `) as unknown,
  });
  expect(await tryToConnect(fresh)).toBe('ECONNREFUSED');
  expect(inodes([wanted(kept)])).toEqual(before);
  expect(await sockets.open([wanted(kept), wanted(fresh)])).toMatchObject({ ok: true });
});

test('two names of one address: the second is told who has it', async () => {
  const { sockets } = serviceSockets();
  const address = await freeAddress();
  const opening = await sockets.open([wanted(address), wanted({ ...address, host: 'localhost' })]);
  expect(opening).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^cannot listen on localhost:\d+: .* already$/) as unknown,
  });
});

test('keeps what is wanted and closes the rest', async () => {
  const { sockets } = serviceSockets();
  const [one, two] = [await freeAddress(), await freeAddress()];
  const place = path.join(temporaryFolder(), 'a.sock');
  await sockets.open([wanted(one), wanted(two), wanted(unix(place))]);
  sockets.keep([wanted(two, { name: 'other', backlog: 1 })]);
  expect(await tryToConnect(one)).toBe('ECONNREFUSED');
  expect(await tryToConnect(two)).toBe('connected');
  expect(existsSync(place)).toBe(false);
});

test('goes over to another service without being closed', async () => {
  const { sockets: from } = serviceSockets();
  const { sockets: to } = serviceSockets();
  const listen = [wanted(await freeAddress()), wanted(unix(path.join(temporaryFolder(), 'a.sock')))];
  await from.open(listen);
  const before = inodes(listen);
  for (const socket of listen) to.take(socket, from);
  from.keep([]);
  expect(to.inherited(listen)?.descriptors).toHaveLength(2);
  expect(inodes(listen)).toEqual(before);
  for (const { address } of listen) expect(await tryToConnect(address)).toBe('connected');
});

test('a mode is not changed where a link leads that has taken the place of the socket', async () => {
  const { sockets } = serviceSockets();
  const folder = temporaryFolder();
  const [place, victim] = [path.join(folder, 'a.sock'), path.join(folder, 'victim')];
  writeFileSync(victim, '', { mode: 0o600 });
  await sockets.open([wanted(unix(place, 0o600))]);
  rmSync(place);
  symlinkSync(victim, place);
  await sockets.adjust([wanted(unix(place, 0o666))]);
  expect(statSync(victim).mode & 0o777).toBe(0o600);
});

test('a mode is changed there and back; that the file is gone is no failure', async () => {
  const { sockets } = serviceSockets();
  const place = path.join(temporaryFolder(), 'a.sock');
  await sockets.open([wanted(unix(place, 0o600))]);
  for (const mode of [0o660, 0o600]) {
    await sockets.adjust([wanted(unix(place, mode))]);
    expect(statSync(place).mode & 0o777).toBe(mode);
  }
  rmSync(place);
  await sockets.adjust([wanted(unix(place, 0o666))]);
});

test('a backlog is changed and said; what waits goes on waiting', async () => {
  const { sockets, said } = serviceSockets();
  const address = await freeAddress();
  await sockets.open([wanted(address, { backlog: 1 })]);
  await tryToConnect(address);
  const before = listenerOn(address.port);
  await sockets.adjust([wanted(address, { backlog: 5 })]);
  await sockets.adjust([wanted(address, { backlog: 5 })]);
  expect(said.map(([, backlog]) => backlog)).toEqual([1, 5]);
  expect(listenerOn(address.port)).toEqual(before);
});

test.skipIf(process.platform !== 'linux')(
  'so many wait as the backlog says, and one; then as the new one says',
  async () => {
    const { sockets } = serviceSockets();
    const address = unix(path.join(temporaryFolder(), 'a.sock'));
    /** A unix socket says at once that it takes no more. */
    const fill = async (): Promise<number> => {
      for (let count = 0; ; count++) if ((await tryToConnect(address)) !== 'connected') return count;
    };
    await sockets.open([wanted(address, { backlog: 2 })]);
    expect(await fill()).toBe(3);
    await sockets.adjust([wanted(address, { backlog: 6 })]);
    expect(await fill()).toBe(4);
  },
);

test.skipIf(process.platform !== 'linux')('a backlog that the kernel cuts down is said', async () => {
  const { sockets, said } = serviceSockets();
  const address = await freeAddress();
  await sockets.open([wanted(address, { backlog: 65535 })]);
  expect(said).toEqual([[`127.0.0.1:${address.port}`, 65535, expect.any(Number)]]);
});
