import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { holderOf } from '../../src/sockets/holder.ts';
import { temporaryFolder } from '../routing/service.ts';

async function listening(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test.skipIf(process.platform !== 'linux').each([
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.1', null, true],
  ['0.0.0.0', '127.0.0.1', true],
  ['::', '127.0.0.1', true],
  ['::1', '::1', true],
  ['127.0.0.2', '127.0.0.1', false],
])('whoever listens on %s is found for %s: %s', async (host, ip, found) => {
  const port = await listening(host);
  expect(holderOf({ ip, port })?.pid).toBe(found ? process.pid : undefined);
});

test('a connection from a port does not hold it', async () => {
  const client = connect(await listening('127.0.0.1'), '127.0.0.1');
  onTestFinished(() => {
    client.destroy();
  });
  await once(client, 'connect');
  expect(holderOf({ ip: '127.0.0.1', port: client.localPort ?? 0 })).toBeNull();
});

test.skipIf(process.platform !== 'linux')(
  'a unix socket, also with a blank in its path, and by the name of the program',
  async () => {
    const folder = temporaryFolder();
    const place = path.join(folder, 'a b.sock');
    const code = `require('net').createServer().listen(process.argv[1], () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', code, place], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await once(child.stdout, 'data');
    expect(holderOf({ path: place })).toEqual({
      pid: child.pid,
      name: path.basename(realpathSync(process.execPath)),
    });
    expect(holderOf({ path: `${place}2` })).toBeNull();
  },
);
