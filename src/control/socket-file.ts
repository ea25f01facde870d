/** Takes the control socket's place in the file system, keeps it, and gives it back. */
import { lstatSync, renameSync, rmSync, watch, type FSWatcher } from 'node:fs';
import type { Server } from 'node:http';
import path from 'node:path';
import { ask } from './client.ts';
import { prepareSocketFolder } from './socket-path.ts';

export type ControlSocket =
  | {
      readonly ok: true;
      /**
       * Makes the socket again if its file is gone, with its folder. Called at hints of the file system; to be called now
       * and then, too, since a folder that is removed takes the hints along.
       */
      look(): Promise<void>;
      close(): Promise<void>;
    }
  /** `taken`: another manager answers there, or something that is no socket is in the way. */
  | { readonly ok: false; readonly reason: string };

export interface ListeningEvents {
  /** The file is gone and cannot be made again; said once, and tried again until `restored`. */
  lost(reason: string): void;
  /** Follows `lost`. */
  restored(): void;
}

/**
 * Listens on `socketPath` with these permissions. A stale socket, one that nobody answers on, is replaced; anything
 * else in the way is left alone. If the file is removed while the server runs (a cleaner of temporary folders; logind,
 * which removes the runtime folder at logout), it is made again.
 */
export async function listenOn(
  server: Server,
  socketPath: string,
  mode: number,
  events: ListeningEvents,
): Promise<ControlSocket> {
  const folderProblem = prepareSocketFolder(socketPath);
  if (folderProblem !== null) return { ok: false, reason: folderProblem };
  const failure = await take(server, socketPath, mode);
  if (failure !== null) return { ok: false, reason: failure };
  const guard = new Guard(server, socketPath, mode, events);
  return {
    ok: true,
    look: () => guard.look(),
    close: () =>
      new Promise((resolve) => {
        guard.close();
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

class Guard {
  readonly #server: Server;
  readonly #socketPath: string;
  readonly #mode: number;
  readonly #events: ListeningEvents;
  #hints: FSWatcher | null = null;
  #looking = false;
  #isLost = false;
  #closed = false;

  constructor(server: Server, socketPath: string, mode: number, events: ListeningEvents) {
    this.#server = server;
    this.#socketPath = socketPath;
    this.#mode = mode;
    this.#events = events;
    this.#watchFolder();
  }

  async look(): Promise<void> {
    if (this.#closed || this.#looking) return;
    this.#looking = true;
    try {
      if (lstatSync(this.#socketPath, { throwIfNoEntry: false }) === undefined) await this.#makeAgain();
    } catch (error) {
      this.#failed((error as Error).message);
    } finally {
      this.#looking = false;
    }
  }

  close(): void {
    this.#closed = true;
    this.#hints?.close();
  }

  async #makeAgain(): Promise<void> {
    const folderProblem = prepareSocketFolder(this.#socketPath);
    if (folderProblem !== null) {
      this.#failed(folderProblem);
      return;
    }
    // Connections that are open go on; only the listening end is made again.
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      setImmediate(resolve);
    });
    const failure = this.#closed ? null : await bind(this.#server, this.#socketPath, this.#mode);
    if (failure !== null) {
      this.#failed(failure);
      return;
    }
    // The folder may be another one than the one that was watched.
    this.#watchFolder();
    if (this.#isLost) this.#events.restored();
    this.#isLost = false;
  }

  #failed(reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#events.lost(reason);
  }

  /** Without inotify, looking now and then does. */
  #watchFolder(): void {
    this.#hints?.close();
    this.#hints = null;
    if (this.#closed) return;
    try {
      this.#hints = watch(path.dirname(this.#socketPath), { persistent: false }, (_event, name) => {
        if (name === path.basename(this.#socketPath)) void this.look();
      });
      this.#hints.on('error', () => undefined);
    } catch {
      this.#hints = null;
    }
  }
}
