import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ListenAddress } from '../../src/config/types.ts';
import { bindSocket } from '../../src/sockets/bind.ts';
import { freeAddress, listenerOn, stranger, tryToConnect, unix } from './open-sockets.ts';
import { temporaryFolder } from '../routing/service.ts';

/** The reason, or nothing; a socket that was bound is closed again at the end. */
async function reasonOf(address: ListenAddress): Promise<string | null> {
  const bound = await bindSocket(address);
  if (!bound.ok) return bound.reason;
  onTestFinished(() => {
    bound.value.close();
  });
  return null;
}

const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

describe('a TCP address', () => {
  test('is taken and not listened on yet', async () => {
    const address = await freeAddress();
    expect(await reasonOf(address)).toBeNull();
    expect(listenerOn(address.port)).toBeNull();
    expect(await tryToConnect(address)).toBe('ECONNREFUSED');
  });

  test.each(['localhost', null])('of the host %s', async (host) => {
    expect(await reasonOf(await freeAddress(host))).toBeNull();
  });

  test.skipIf(!hasIpv6)('of IPv6', async () => {
    expect(await reasonOf(await freeAddress('::1'))).toBeNull();
  });

  test('that somebody listens on: says who', async () => {
    const address = await freeAddress();
    const code = `require('net').createServer().listen(${address.port}, '127.0.0.1', () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await once(child.stdout, 'data');
    const who = process.platform === 'linux' ? `node (pid ${child.pid ?? 0})` : 'another process';
    const where = `127.0.0.1:${address.port}`;
    expect(await reasonOf(address)).toBe(`cannot listen on ${where}: ${who} listens there already`);
    expect(await reasonOf({ ...address, host: null })).toContain(who);
  });

  test('that this very process listens on', async () => {
    const address = await freeAddress();
    await stranger(address);
    expect(await reasonOf(address)).toMatch(/: this manager listens there already$/);
  });

  test('that this machine does not have', async () => {
    expect(await reasonOf({ type: 'tcp', host: '192.0.2.1', port: 8080 })).toBe(
      'cannot listen on 192.0.2.1:8080: this machine does not have that address',
    );
  });

  test('of a host that there is not', async () => {
    expect(await reasonOf({ type: 'tcp', host: 'no-such-host.invalid', port: 8080 })).toBe(
      'cannot listen on no-such-host.invalid:8080: there is no host no-such-host.invalid',
    );
  });
});

describe('a unix socket', () => {
  test.each([0o666, 0o660, 0o600])('has its mode from the first moment on: %o', async (mode) => {
    const place = path.join(temporaryFolder(), 'a.sock');
    const before = process.umask(0o022);
    expect(await reasonOf(unix(place, mode))).toBeNull();
    expect(statSync(place).mode & 0o777).toBe(mode);
    expect(process.umask(before)).toBe(0o022);
  });

  test('goes with its handle', async () => {
    const place = path.join(temporaryFolder(), 'a.sock');
    const bound = await bindSocket(unix(place));
    expect(existsSync(place)).toBe(true);
    if (bound.ok) bound.value.close();
    expect(existsSync(place)).toBe(false);
  });

  test('takes the place of a stale one', async () => {
    const place = path.join(temporaryFolder(), 'a.sock');
    const code = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', code, place], { stdio: 'ignore' }), 'exit');
    expect(existsSync(place)).toBe(true);
    expect(await reasonOf(unix(place, 0o610))).toBeNull();
    expect(statSync(place).mode & 0o777).toBe(0o610);
  });

  test('does not take the place of a live one', async () => {
    const address = unix(path.join(temporaryFolder(), 'a.sock'));
    await stranger(address);
    expect(await reasonOf(address)).toBe(
      `cannot listen on unix:${address.path}: ${process.platform === 'linux' ? 'this manager' : 'another process'} listens there already`,
    );
    expect(await tryToConnect(address)).toBe('connected');
  });

  test('does not take the place of a file', async () => {
    const place = path.join(temporaryFolder(), 'a.sock');
    writeFileSync(place, 'precious');
    expect(await reasonOf(unix(place))).toBe(
      `cannot listen on unix:${place}: this file is not a socket: move it away, or choose another path`,
    );
    expect(readFileSync(place, 'utf8')).toBe('precious');
  });

  test('does not take the place of a link, whatever it leads to', async () => {
    const place = path.join(temporaryFolder(), 'a.sock');
    symlinkSync('nowhere', place);
    expect(await reasonOf(unix(place))).toBe(
      `cannot listen on unix:${place}: this file is not a socket: move it away, or choose another path`,
    );
  });

  test.each([
    ['missing/a.sock', 'the folder does not exist'],
    ['file/a.sock', 'the folder does not exist'],
    ['round/a.sock', 'ELOOP'],
  ])('at %s: %s', async (name, reason) => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'file'), '');
    symlinkSync('round', path.join(folder, 'round'));
    const place = path.join(folder, name);
    expect(await reasonOf(unix(place))).toBe(`cannot listen on unix:${place}: ${reason}`);
  });

  test.skipIf(process.getuid?.() === 0)('in a folder that cannot be written to, or not entered', async () => {
    const folder = temporaryFolder();
    for (const mode of [0o500, 0o600]) {
      chmodSync(folder, mode);
      expect(await reasonOf(unix(path.join(folder, 'a.sock')))).toMatch(
        /: this user may not write to the folder$/,
      );
    }
    chmodSync(folder, 0o700);
  });
});
