/** Services that inherit their sockets, clients that connect to them, and what the kernel says of both. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { RawService } from '../../src/config/generated/raw.ts';
import { until } from '../support/until.ts';

const server = path.resolve(import.meta.dirname, 'listening-server.mjs');

export const listeningCommand = `${process.execPath} ${server} %alt`;

/** A service of `listening-server.mjs`; ready when it says so. */
export function listening(
  listen: NonNullable<RawService['listen']>,
  given: Partial<RawService> = {},
): RawService {
  return { command: listeningCommand, ready: { notify: true }, listen, ...given };
}

/** One answer on a connection of its own; the errno's name where there is none. `to`: a port of 127.0.0.1, or a path. */
export async function ask(to: number | string, target = '/'): Promise<string> {
  const where = typeof to === 'number' ? { host: '127.0.0.1', port: to } : { socketPath: to };
  const answered = new Promise<string>((resolve) => {
    const asked = httpRequest({ ...where, path: target, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.once('end', () => {
        resolve(body);
      });
    });
    asked.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    asked.end();
  });
  return await until(`an answer from ${to}`, answered);
}

/** Connects, and waits for nothing more: `connected`, or the errno's name. */
export async function tryToConnect(to: number | string): Promise<string> {
  return (await knock(to)).outcome;
}

/** A connection that stays, until the test ends. */
export async function knock(to: number | string): Promise<{ outcome: string; socket: Socket }> {
  const socket = typeof to === 'number' ? connect(to, '127.0.0.1') : connect(to);
  onTestFinished(() => {
    socket.destroy();
  });
  const outcome = await new Promise<string>((resolve) => {
    socket.once('connect', () => {
      resolve('connected');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
  });
  return { outcome, socket };
}

/** What the descriptors of a process are, by their numbers: `socket:[inode]`, a file, a pipe. */
export function descriptorsOf(pid: number): Map<number, string> {
  const folder = `/proc/${pid}/fd`;
  const found = new Map<number, string>();
  for (const fd of readdirSync(folder)) {
    try {
      found.set(Number(fd), readlinkSync(path.join(folder, fd)));
    } catch {
      // Closed meanwhile: of this very process, the one that the folder was read by.
    }
  }
  return found;
}

/** The environment that a process was started with. */
export function environmentOf(pid: number): Record<string, string> {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(
    entries.map((entry) => {
      const end = entry.indexOf('=');
      return [entry.slice(0, end), entry.slice(end + 1)];
    }),
  );
}

/** The kernel's name of the socket that listens on a port, as descriptors show it; null where nobody listens. */
export function listenerOn(port: number): string | null {
  const rows = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1),
  );
  for (const row of rows) {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    if (state === '0A' && Number.parseInt(local.split(':')[1] ?? '', 16) === port) return `socket:[${inode}]`;
  }
  return null;
}

/** Until the shell has become the program, which has none of the shell's descriptors. */
export async function becomes(pid: number, program: string): Promise<void> {
  await until(`${pid} is ${program}`, () => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === program);
}
