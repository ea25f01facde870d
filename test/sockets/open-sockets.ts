/** Sockets as the manager holds them, and what a client sees of them. */
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ListenAddress, ListenSocket } from '../../src/config/types.ts';
import { freePorts } from '../support/ports.ts';

export async function freeAddress(
  host: string | null = '127.0.0.1',
): Promise<ListenAddress & { type: 'tcp' }> {
  const [port = 0] = await freePorts(1);
  return { type: 'tcp', host, port };
}

export function unix(path: string, mode = 0o666): ListenAddress & { type: 'unix' } {
  return { type: 'unix', path, mode };
}

export function wanted(address: ListenAddress, given: Partial<ListenSocket> = {}): ListenSocket {
  return { name: 'api', address, backlog: 511, ...given };
}

/** `connected`, or the errno's name; the connection is closed when the test ends. */
export async function tryToConnect(address: ListenAddress): Promise<string> {
  const socket: Socket =
    address.type === 'unix'
      ? connect(address.path)
      : connect(address.port, address.host === null ? '127.0.0.1' : address.host);
  onTestFinished(() => {
    socket.destroy();
  });
  return await new Promise((resolve) => {
    socket.once('connect', () => {
      resolve('connected');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
  });
}

/** Somebody else who listens there. */
export async function stranger(address: ListenAddress): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => {
    if (address.type === 'unix') server.listen(address.path, resolve);
    else server.listen(address.port, address.host ?? '::', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
}

/** What the kernel knows of a socket that listens: how many wait, how many may, and its inode; null for none. */
export function listenerOn(port: number): { waiting: number; inode: string } | null {
  for (const table of ['tcp', 'tcp6'])
    for (const row of readFileSync(`/proc/net/${table}`, 'utf8').trim().split('\n').slice(1)) {
      const [, local = '', , state, queues = '', , , , , inode = ''] = row.trim().split(/\s+/);
      if (state === '0A' && Number.parseInt(local.split(':')[1] ?? '', 16) === port)
        return { waiting: Number.parseInt(queues.split(':')[1] ?? '', 16), inode };
    }
  return null;
}
