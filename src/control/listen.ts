/** Takes the control socket's place in the file system, keeps it, and gives it back. */
import { lstatSync, renameSync, rmSync, watch, type FSWatcher } from 'node:fs';
import type { Server } from 'node:http';
import path from 'node:path';
import { ask } from './client.ts';
import { prepareSocketFolder } from './socket-path.ts';

export type Listening =
  | { readonly ok: true; close(): Promise<void> }
  /** `taken`: another manager answers there, or something that is no socket is in the way. */
  | { readonly ok: false; readonly reason: string };

/**
 * Listens on `socketPath` with these permissions. A stale socket, one that nobody answers on, is replaced; anything
 * else in the way is left alone. When the file is removed while the server runs (a cleaner of temporary folders), it
 * is made again; `lost` is told where that fails.
 */
export async function listenOn(
  server: Server,
  socketPath: string,
  mode: number,
  lost: (reason: string) => void,
): Promise<Listening> {
  const folderProblem = prepareSocketFolder(socketPath);
  if (folderProblem !== null) return { ok: false, reason: folderProblem };
  const failure = await take(server, socketPath, mode);
  if (failure !== null) return { ok: false, reason: failure };
  const guard = guardFile(server, socketPath, mode, lost);
  return {
    ok: true,
    close: () =>
      new Promise((resolve) => {
        guard?.close();
        const putBack = setAside(socketPath);
        server.close(() => {
          putBack();
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Closing removes whatever has the socket's name. Something else that took its place meanwhile is kept. */
function setAside(socketPath: string): () => void {
  const found = lstatSync(socketPath, { throwIfNoEntry: false });
  if (found === undefined || found.isSocket()) return () => undefined;
  const aside = `${socketPath}.${process.pid}`;
  renameSync(socketPath, aside);
  return () => {
    renameSync(aside, socketPath);
  };
}

/** Where another manager starts at the same moment and is quicker, the second try says who it is. */
async function take(server: Server, socketPath: string, mode: number): Promise<string | null> {
  let failure: string | null = null;
  for (let tries = 0; tries < 2; tries++) {
    const taken = await clearTheWay(socketPath);
    if (taken !== null) return taken;
    failure = await bind(server, socketPath, mode);
    if (failure === null) return null;
  }
  return failure;
}

/** Removes a stale socket. @returns who or what is in the way; null when the place is free */
async function clearTheWay(socketPath: string): Promise<string | null> {
  const before = lstatSync(socketPath, { throwIfNoEntry: false });
  if (before === undefined) return null;
  if (!before.isSocket())
    return `${socketPath} exists and is not a socket; it is left alone (another control.socket?)`;
  const answer = await ask(socketPath, 'GET', '/v1/status', { timeoutMs: 5_000 });
  if (answer.ok) {
    const pid = (answer.body as { pid?: unknown } | null)?.pid;
    const who = typeof pid === 'number' ? `a manager with pid ${pid}` : 'something else';
    return `${who} is running already: it answers on ${socketPath}`;
  }
  if (answer.code === 'ENOENT') return null;
  if (answer.code !== 'ECONNREFUSED') return `${socketPath} is in use (${answer.reason})`;
  // Another manager that starts at the same moment may have replaced it meanwhile, and inodes are used again at once.
  const now = lstatSync(socketPath, { throwIfNoEntry: false });
  if (now?.ino !== before.ino || now.ctimeMs !== before.ctimeMs) return null;
  try {
    rmSync(socketPath, { force: true });
    return null;
  } catch (error) {
    return `the stale control socket ${socketPath} cannot be removed: ${(error as Error).message}`;
  }
}

function bind(server: Server, socketPath: string, mode: number): Promise<string | null> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      resolve(`the control socket ${socketPath} cannot be opened: ${error.code ?? error.message}`);
    };
    server.once('error', onError);
    // Node binds within this call: the mask leaves no moment in which the file has other permissions.
    const mask = process.umask(0o777 & ~mode);
    try {
      server.listen(socketPath, () => {
        server.off('error', onError);
        resolve(null);
      });
    } finally {
      process.umask(mask);
    }
  });
}

function guardFile(
  server: Server,
  socketPath: string,
  mode: number,
  lost: (reason: string) => void,
): FSWatcher | null {
  let rebinding = false;
  const look = async (): Promise<void> => {
    if (rebinding || lstatSync(socketPath, { throwIfNoEntry: false }) !== undefined) return;
    rebinding = true;
    // Connections that are open go on; only the listening end is made anew.
    await new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
      setImmediate(resolve);
    });
    const failure = await bind(server, socketPath, mode);
    if (failure !== null) lost(failure);
    rebinding = false;
  };
  try {
    const guard = watch(path.dirname(socketPath), { persistent: false }, (_event, name) => {
      if (name === path.basename(socketPath)) void look();
    });
    guard.on('error', () => undefined);
    return guard;
  } catch {
    // Without inotify the file is simply not guarded.
    return null;
  }
}
