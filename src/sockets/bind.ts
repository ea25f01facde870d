/** A socket that has its address and does not accept: the manager only holds it, and hands it on. */
import net from 'node:net';
import { lstatSync, rmSync, statSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { dirname } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { listenKey } from '../config/services/listen.ts';
import type { ListenAddress } from '../config/types.ts';
import { holderOf } from './holder.ts';

/** libuv's handle of a bound socket; it is never polled, so that nothing is accepted here. */
export interface BoundSocket {
  readonly fd: number;
  close(): void;
}

/**
 * What `net.Server` binds with before it listens, and what Node's cluster module takes to hand sockets on. It is not
 * documented, but exported for that purpose since Node 0.8; an errno (negative) is returned for a failure.
 */
interface Net {
  _createServerHandle(
    host: string,
    port: number,
    family: 4 | 6 | -1,
    fd?: undefined,
    flags?: number,
  ): Handle | number;
}

interface Handle extends BoundSocket {
  getsockname?(found: { port?: number }): number;
}

const createHandle: Net['_createServerHandle'] = (...args) =>
  (net as unknown as Net)._createServerHandle(...args);
const WITHOUT_IPV6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'];

export type Bound =
  { readonly ok: true; readonly socket: BoundSocket } | { readonly ok: false; readonly reason: string };

/** A failure is a line for people: which address, why, who holds it where that can be found out, what to do. */
export async function bindSocket(address: ListenAddress): Promise<Bound> {
  return address.type === 'unix' ? await bindUnix(address) : await bindTcp(address);
}

async function bindTcp(address: ListenAddress & { type: 'tcp' }): Promise<Bound> {
  const { host, port } = address;
  if (host === null) {
    const everywhere = tryBind('::', port, 6);
    if (typeof everywhere === 'object') return { ok: true, socket: everywhere };
    if (!WITHOUT_IPV6.includes(everywhere)) return failed(address, everywhere);
  }
  let found: { address: string; family: number };
  try {
    found = host === null ? { address: '0.0.0.0', family: 4 } : await lookup(host);
  } catch {
    return { ok: false, reason: `cannot listen on ${listenKey(address)}: there is no host ${host ?? ''}` };
  }
  const bound = tryBind(found.address, port, found.family === 6 ? 6 : 4);
  return typeof bound === 'object'
    ? { ok: true, socket: bound }
    : failed(address, bound, host === null ? null : found.address);
}

/** The handle, or the name of the errno. libuv keeps EADDRINUSE to itself until listen(2) is called: the port tells. */
function tryBind(host: string, port: number, family: 4 | 6): Handle | string {
  const handle = createHandle(host, port, family, undefined, 0);
  if (typeof handle === 'number') return getSystemErrorName(handle);
  const name: { port?: number } = {};
  handle.getsockname?.(name);
  if (name.port === port) return handle;
  handle.close();
  return 'EADDRINUSE';
}

/** A file that is no socket, or one that somebody answers on, is left alone. */
async function bindUnix(address: ListenAddress & { type: 'unix' }): Promise<Bound> {
  const { path, mode } = address;
  try {
    // libuv says EACCES where there is no folder.
    statSync(dirname(path));
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there !== undefined) {
      if (!there.isSocket())
        return { ok: false, reason: `cannot listen on ${listenKey(address)}: that file is no socket` };
      if (await isAnswered(path)) return failed(address, 'EADDRINUSE');
      rmSync(path, { force: true });
    }
  } catch (error) {
    return failed(address, (error as NodeJS.ErrnoException).code ?? String(error));
  }
  const before = process.umask(0o777 & ~mode);
  try {
    const handle = createHandle(path, -1, -1);
    return typeof handle === 'number'
      ? failed(address, getSystemErrorName(handle))
      : { ok: true, socket: handle };
  } finally {
    process.umask(before);
  }
}

/** Only a refused connection shows that a socket is stale; connect(2). */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

function failed(address: ListenAddress, code: string, ip: string | null = null): Bound {
  return { ok: false, reason: bindFailure(address, code, ip) };
}

/** Why nobody can listen there, from the errno's name of bind(2) or listen(2). `ip`: what the host stands for, if known. */
export function bindFailure(address: ListenAddress, code: string, ip: string | null = null): string {
  return `cannot listen on ${listenKey(address)}: ${describe(address, code, ip)}`;
}

function describe(address: ListenAddress, code: string, ip: string | null): string {
  switch (code) {
    case 'EADDRINUSE': {
      const holder = holderOf(address.type === 'tcp' ? { ip, port: address.port } : { path: address.path });
      if (holder?.pid === process.pid) return 'this manager listens there already';
      const who = holder === null ? 'somebody else' : `${holder.name} (pid ${holder.pid})`;
      return `${who} listens there already`;
    }
    case 'EACCES':
    case 'EPERM':
      return address.type === 'tcp'
        ? 'ports below 1024 are for root, or for a node with CAP_NET_BIND_SERVICE'
        : 'the folder cannot be written to';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such folder';
    default:
      return code;
  }
}
