/** Binds sockets that the manager holds and passes on. The manager never accepts connections on them. */
import net from 'node:net';
import { lstatSync, rmSync, statSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { dirname } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { listenKey } from '../config/services/listen.ts';
import type { ListenAddress } from '../config/types.ts';
import { failure, success, type Result } from '../util/result.ts';
import { holderOf } from './holder.ts';

/** libuv's handle of a bound socket. It is never polled, so the manager accepts no connection. */
export interface BoundSocket {
  readonly fd: number;
  close(): void;
}

/**
 * The function with which `net.Server` binds before it listens. The cluster module of Node.js uses it to pass sockets
 * on. It is not documented, but has been exported for that purpose since Node 0.8. It returns a negative errno for a
 * failure.
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

/** The reason of a failure is one line for people: the address, the cause, and the process that has it, if known. */
export async function bindSocket(address: ListenAddress): Promise<Result<BoundSocket>> {
  return address.type === 'unix' ? await bindUnix(address) : await bindTcp(address);
}

async function bindTcp(address: ListenAddress & { type: 'tcp' }): Promise<Result<BoundSocket>> {
  const { host, port } = address;
  if (host === null) {
    const everywhere = tryBind('::', port, 6);
    if (everywhere.ok) return everywhere;
    if (!WITHOUT_IPV6.includes(everywhere.reason)) return failure(bindFailure(address, everywhere.reason));
  }
  let found: { address: string; family: number };
  try {
    found = host === null ? { address: '0.0.0.0', family: 4 } : await lookup(host);
  } catch {
    return failure(`cannot listen on ${listenKey(address)}: there is no host ${host ?? ''}`);
  }
  const bound = tryBind(found.address, port, found.family === 6 ? 6 : 4);
  return bound.ok ? bound : failure(bindFailure(address, bound.reason, host === null ? null : found.address));
}

/** A failure has the name of its errno. libuv hides EADDRINUSE until listen(2) is called, but then the port differs. */
function tryBind(host: string, port: number, family: 4 | 6): Result<Handle> {
  const handle = createHandle(host, port, family, undefined, 0);
  if (typeof handle === 'number') return failure(getSystemErrorName(handle));
  const name: { port?: number } = {};
  handle.getsockname?.(name);
  if (name.port === port) return success(handle);
  handle.close();
  return failure('EADDRINUSE');
}

/** Leaves a file alone if it is not a socket, or if another process answers on it. */
async function bindUnix(address: ListenAddress & { type: 'unix' }): Promise<Result<BoundSocket>> {
  const { path, mode } = address;
  try {
    // Without a folder, libuv would report EACCES.
    statSync(dirname(path));
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there !== undefined) {
      if (!there.isSocket())
        return failure(
          `cannot listen on ${listenKey(address)}: this file is not a socket: move it away, or choose another path`,
        );
      if (await isAnswered(path)) return failure(bindFailure(address, 'EADDRINUSE'));
      rmSync(path, { force: true });
    }
  } catch (error) {
    return failure(bindFailure(address, (error as NodeJS.ErrnoException).code ?? String(error)));
  }
  const before = process.umask(0o777 & ~mode);
  try {
    const handle = createHandle(path, -1, -1);
    return typeof handle === 'number'
      ? failure(bindFailure(address, getSystemErrorName(handle)))
      : success(handle);
  } finally {
    process.umask(before);
  }
}

/** Only a refused connection proves that a socket is stale; connect(2). */
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

/** Explains the errno of bind(2) or listen(2). `ip`: the IP address of the host, if known. */
export function bindFailure(address: ListenAddress, code: string, ip: string | null = null): string {
  return `cannot listen on ${listenKey(address)}: ${describe(address, code, ip)}`;
}

function describe(address: ListenAddress, code: string, ip: string | null): string {
  switch (code) {
    case 'EADDRINUSE': {
      const holder = holderOf(address.type === 'tcp' ? { ip, port: address.port } : { path: address.path });
      if (holder?.pid === process.pid) return 'this manager listens there already';
      const who = holder === null ? 'another process' : `${holder.name} (pid ${holder.pid})`;
      return `${who} listens there already`;
    }
    case 'EACCES':
    case 'EPERM':
      return address.type === 'tcp'
        ? 'a port below 1024 needs root, or a node with CAP_NET_BIND_SERVICE'
        : 'this user may not write to the folder';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'the folder does not exist';
    default:
      return code;
  }
}
