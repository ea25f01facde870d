/** The listening sockets of one service. They live as long as the service, independent of its instances. */
import { chmodSync, closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { listenKey } from '../config/services/listen.ts';
import type { ListenSocket } from '../config/types.ts';
import type { InheritedSockets } from '../process/launch.ts';
import { failure, success, type Result } from '../util/result.ts';
import { bindFailure, bindSocket, type BoundSocket } from './bind.ts';
import { startListening } from './start-listening.ts';

/** The first inherited descriptor; sd_listen_fds(3), SD_LISTEN_FDS_START. */
const FIRST_DESCRIPTOR = 3;

/** open(2), Linux: a descriptor that only identifies a file, also a socket. Node.js has no constant for it. */
const O_PATH = 0o10000000;

interface OpenSocket {
  /** The current settings of the configuration. */
  spec: ListenSocket;
  readonly bound: BoundSocket;
}

/** The sockets that were not open before. After a failure, none of them is open; the reason is in words. */
export type Opening = Result<readonly ListenSocket[]>;

export interface SocketEvents {
  /** `limit`: the kernel's limit, if the backlog is longer; otherwise null. */
  listening(address: string, backlog: number, limit: number | null): void;
}

export class ServiceSockets {
  readonly #events: SocketEvents;
  readonly #open = new Map<string, OpenSocket>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(events: SocketEvents) {
    this.#events = events;
  }

  holds({ address }: ListenSocket): boolean {
    return this.#open.has(listenKey(address));
  }

  /** Null if one of them is not open: {@link open} it first. */
  inherited(listen: readonly ListenSocket[]): InheritedSockets | null {
    const sockets = listen.map((spec) => ({ spec, open: this.#open.get(listenKey(spec.address)) }));
    const descriptors = sockets.flatMap(({ open }) => (open === undefined ? [] : [open.bound.fd]));
    if (descriptors.length < listen.length) return null;
    const own = listen.map(({ address }, index) => {
      const key = address.type === 'unix' ? address.path : listenKey(address).replace(/^:/, '');
      return `${key}=${FIRST_DESCRIPTOR + index}`;
    });
    return {
      descriptors,
      env: {
        LISTEN_FDS: String(listen.length),
        LISTEN_FDNAMES: listen.map(({ name }) => name).join(':'),
        SERVER_STARTER_PORT: own.join(';'),
      },
    };
  }

  /** Opens the sockets that are not open yet. The others do not change. */
  open(listen: readonly ListenSocket[]): Promise<Opening> {
    const opening = this.#last.then(() => this.#openAll(listen));
    this.#last = opening;
    return opening;
  }

  /** Applies the backlog and mode of the current configuration to the open sockets. */
  async adjust(listen: readonly ListenSocket[]): Promise<void> {
    const toListen: OpenSocket[] = [];
    for (const spec of listen) {
      const known = this.#open.get(listenKey(spec.address));
      if (known === undefined) continue;
      const { address, backlog } = known.spec;
      known.spec = spec;
      if (backlog !== spec.backlog) toListen.push(known);
      if (address.type === 'unix' && spec.address.type === 'unix' && address.mode !== spec.address.mode)
        changeMode(spec.address.path, spec.address.mode);
    }
    if (toListen.length === 0) return;
    // The result is ignored: listen(2) never fails for a socket that listens already.
    await startListening(toListen.map(({ spec, bound }) => ({ fd: bound.fd, backlog: spec.backlog })));
    for (const { spec } of toListen) this.#report(spec);
  }

  /** Moves an open socket from a service that no longer needs it. No connection is refused meanwhile. */
  take({ address }: ListenSocket, from: ServiceSockets): void {
    const key = listenKey(address);
    const open = from.#open.get(key);
    if (open === undefined) return;
    from.#open.delete(key);
    this.#open.set(key, open);
  }

  /** After this, only instances that have inherited the sockets listen on them. */
  close(listen: readonly ListenSocket[]): void {
    for (const { address } of listen) {
      const key = listenKey(address);
      this.#open.get(key)?.bound.close();
      this.#open.delete(key);
    }
  }

  /** Closes all other sockets. */
  keep(listen: readonly ListenSocket[]): void {
    const wanted = new Set(listen.map(({ address }) => listenKey(address)));
    const open = [...this.#open].filter(([key]) => !wanted.has(key));
    this.close(open.map(([, { spec }]) => spec));
  }

  async #openAll(listen: readonly ListenSocket[]): Promise<Opening> {
    const opened: OpenSocket[] = [];
    const fail = (reason: string): Opening => {
      for (const { bound } of opened) bound.close();
      return failure(reason);
    };
    for (const spec of listen) {
      if (this.holds(spec)) continue;
      const bound = await bindSocket(spec.address);
      if (!bound.ok) return fail(bound.reason);
      opened.push({ spec, bound: bound.value });
    }
    if (opened.length === 0) return success([]);
    const listening = await startListening(
      opened.map(({ spec, bound }) => ({ fd: bound.fd, backlog: spec.backlog })),
    );
    if (!listening.ok) {
      const { index, code } = listening.reason;
      const address = opened[index]?.spec.address;
      return fail(address === undefined ? code : bindFailure(address, code));
    }
    for (const socket of opened) {
      this.#open.set(listenKey(socket.spec.address), socket);
      this.#report(socket.spec);
    }
    return success(opened.map(({ spec }) => spec));
  }

  #report({ address, backlog }: ListenSocket): void {
    this.#events.listening(listenKey(address), backlog, limitOf(backlog));
  }
}

/** Uses a descriptor, because chmod(2) would follow a symbolic link that another user has put in the socket's place. */
function changeMode(path: string, mode: number): void {
  let descriptor: number | undefined;
  try {
    if (process.platform !== 'linux') {
      if (lstatSync(path).isSocket()) chmodSync(path, mode);
      return;
    }
    descriptor = openSync(path, O_PATH | constants.O_NOFOLLOW);
    if (fstatSync(descriptor).isSocket()) chmodSync(`/proc/self/fd/${descriptor}`, mode);
  } catch {
    // The file is gone, so no client can connect with any mode.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The kernel reduces a longer backlog without an error; listen(2). */
function limitOf(backlog: number): number | null {
  try {
    const limit = Number(readFileSync('/proc/sys/net/core/somaxconn', 'latin1'));
    return limit < backlog ? limit : null;
  } catch {
    return null;
  }
}
