/** Creates the file of the control socket, creates it again if it is removed, and removes it at the end. */
import { lstatSync, renameSync, rmSync, watch, type FSWatcher } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import path from 'node:path';
import { DONE, failure, type Result } from '../util/result.ts';
import { ask } from './client.ts';
import { prepareSocketFolder } from './socket-path.ts';

/** At the end, a client has this time to take what was written for it, in ms. */
const LAST_WRITE_MS = 1_000;

export type ControlSocket =
  | {
      readonly ok: true;
      /**
       * Creates the socket and its folder again if the file is gone. Hints of the file system start this too. Call it
       * regularly, because there are no hints after the folder was removed.
       */
      look(): Promise<void>;
      close(): Promise<void>;
    }
  | { readonly ok: false; readonly reason: string };

export interface ListeningEvents {
  /** The file is gone and cannot be created again. Called once; it is tried again until `restored`. */
  lost(reason: string): void;
  /** Follows `lost`. */
  restored(): void;
}

/**
 * Listens on `socketPath` with these permissions. A stale socket, on which no process answers, is replaced. Any other
 * file is left alone. If the socket's file is removed while the server runs, it is created again: a cleaner of
 * temporary folders can remove it, or logind, which removes the runtime folder at logout.
 */
export async function listenOn(
  server: Server,
  socketPath: string,
  mode: number,
  events: ListeningEvents,
): Promise<ControlSocket> {
  const connections = new Set<Socket>();
  server.on('connection', (connection: Socket) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  const folder = prepareSocketFolder(socketPath);
  if (!folder.ok) return folder;
  const taken = await take(server, socketPath, mode);
  if (!taken.ok) return taken;
  const guard = new Guard(server, socketPath, mode, events);
  return {
    ok: true,
    look: () => guard.look(),
    close: () =>
      new Promise((resolve) => {
        guard.close();
        const putBack = setAside(socketPath);
        server.close(() => {
          clearTimeout(timer);
          putBack();
          resolve();
        });
        // The last event, and answers that are being written, still arrive: Node.js writes them at the end of this tick.
        setImmediate(() => {
          for (const connection of connections) connection.destroySoon();
        });
        const timer = setTimeout(() => {
          server.closeAllConnections();
        }, LAST_WRITE_MS);
      }),
  };
}

/**
 * Closing the server removes the file with the socket's name, so a file that replaced the socket is moved aside before.
 */
function setAside(socketPath: string): () => void {
  const found = lstatSync(socketPath, { throwIfNoEntry: false });
  if (found === undefined || found.isSocket()) return () => undefined;
  const aside = `${socketPath}.${process.pid}`;
  renameSync(socketPath, aside);
  return () => {
    renameSync(aside, socketPath);
  };
}

/** If another manager starts at the same moment and is faster, the second try reports this manager. */
async function take(server: Server, socketPath: string, mode: number): Promise<Result<void>> {
  let bound: Result<void> = DONE;
  for (let tries = 0; tries < 2; tries++) {
    const cleared = await removeStale(socketPath);
    if (!cleared.ok) return cleared;
    bound = await bind(server, socketPath, mode);
    if (bound.ok) return bound;
  }
  return bound;
}

/** Removes a stale socket. Fails if another file has the name, or if a process answers on the socket. */
async function removeStale(socketPath: string): Promise<Result<void>> {
  const before = lstatSync(socketPath, { throwIfNoEntry: false });
  if (before === undefined) return DONE;
  if (!before.isSocket())
    return failure(
      `${socketPath} exists and is not a socket, so it is left alone: move it away, or name another control.socket`,
    );
  const answer = await ask(socketPath, 'GET', '/v1/status', { timeoutMs: 5_000 });
  if (answer.ok) {
    const pid = (answer.body as { pid?: unknown } | null)?.pid;
    const who = typeof pid === 'number' ? `a manager with pid ${pid}` : 'another program';
    return failure(`${who} is running already: it answers on ${socketPath}`);
  }
  if (answer.code === 'ENOENT') return DONE;
  if (answer.code !== 'ECONNREFUSED') return failure(`${socketPath} is in use (${answer.reason})`);
  // Another manager that starts at the same moment may have replaced it. The time is compared too, because a new file
  // can get the inode of a removed one at once.
  const now = lstatSync(socketPath, { throwIfNoEntry: false });
  if (now?.ino !== before.ino || now.ctimeMs !== before.ctimeMs) return DONE;
  try {
    rmSync(socketPath, { force: true });
    return DONE;
  } catch (error) {
    return failure(`the stale control socket ${socketPath} cannot be removed: ${(error as Error).message}`);
  }
}

function bind(server: Server, socketPath: string, mode: number): Promise<Result<void>> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      resolve(failure(`the control socket ${socketPath} cannot be opened: ${error.code ?? error.message}`));
    };
    server.once('error', onError);
    // Node.js binds within this call, so with this umask the file never has other permissions.
    const mask = process.umask(0o777 & ~mode);
    try {
      server.listen(socketPath, () => {
        server.off('error', onError);
        resolve(DONE);
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
    const folder = prepareSocketFolder(this.#socketPath);
    if (!folder.ok) {
      this.#failed(folder.reason);
      return;
    }
    // Open connections continue. Only the listening socket is created again.
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      setImmediate(resolve);
    });
    const bound = this.#closed ? DONE : await bind(this.#server, this.#socketPath, this.#mode);
    if (!bound.ok) {
      this.#failed(bound.reason);
      return;
    }
    // The folder may be a new one, which is not watched yet.
    this.#watchFolder();
    if (this.#isLost) this.#events.restored();
    this.#isLost = false;
  }

  #failed(reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#events.lost(reason);
  }

  /** Without inotify there are no hints: the regular calls of `look` are enough. */
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
