/** The listening sockets of one service: they live as long as the service, whatever becomes of its instances. */
import { chmodSync, closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { listenKey } from '../config/services/listen.ts';
import type { ListenSocket } from '../config/types.ts';
import type { InheritedSockets } from '../process/launch.ts';
import { bindFailure, bindSocket, type BoundSocket } from './bind.ts';
import { startListening } from './start-listening.ts';

/** The first descriptor that is handed on; sd_listen_fds(3), SD_LISTEN_FDS_START. */
const FIRST_DESCRIPTOR = 3;

/** open(2), Linux: a descriptor that only names a file, a socket too. Node has no constant for it. */
const O_PATH = 0o10000000;

interface OpenSocket {
  /** As it is wanted now. */
  spec: ListenSocket;
  readonly bound: BoundSocket;
}

/** `opened`: those that were not open before. A failure is in words, and then nothing has been opened. */
export type Opening =
  | { readonly ok: true; readonly opened: readonly ListenSocket[] }
  | { readonly ok: false; readonly reason: string };

export interface SocketEvents {
  /** `limit`: what the kernel makes of a backlog that is longer; null where it is taken as it is. */
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

  /** Null where one of them is not open: {@link open} it first. */
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

  /** Opens those that are not open yet; the others stay as they are. */
  open(listen: readonly ListenSocket[]): Promise<Opening> {
    const opening = this.#last.then(() => this.#openAll(listen));
    this.#last = opening;
    return opening;
  }

  /** Gives those that are open the backlog and the mode that they are wanted with now. */
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
    // Who listens already is not refused by listen(2), whatever the backlog.
    await startListening(toListen.map(({ spec, bound }) => ({ fd: bound.fd, backlog: spec.backlog })));
    for (const { spec } of toListen) this.#say(spec);
  }

  /** Takes an open socket over from a service that gives it up; nobody who connects meanwhile is refused. */
  take({ address }: ListenSocket, from: ServiceSockets): void {
    const key = listenKey(address);
    const open = from.#open.get(key);
    if (open === undefined) return;
    from.#open.delete(key);
    this.#open.set(key, open);
  }

  /** Nobody but the instances that have inherited them listens there any more. */
  close(listen: readonly ListenSocket[]): void {
    for (const { address } of listen) {
      const key = listenKey(address);
      this.#open.get(key)?.bound.close();
      this.#open.delete(key);
    }
  }

  /** Closes all but these. */
  keep(listen: readonly ListenSocket[]): void {
    const wanted = new Set(listen.map(({ address }) => listenKey(address)));
    const open = [...this.#open].filter(([key]) => !wanted.has(key));
    this.close(open.map(([, { spec }]) => spec));
  }

  async #openAll(listen: readonly ListenSocket[]): Promise<Opening> {
    const opened: OpenSocket[] = [];
    const fail = (reason: string): Opening => {
      for (const { bound } of opened) bound.close();
      return { ok: false, reason };
    };
    for (const spec of listen) {
      if (this.holds(spec)) continue;
      const bound = await bindSocket(spec.address);
      if (!bound.ok) return fail(bound.reason);
      opened.push({ spec, bound: bound.socket });
    }
    if (opened.length === 0) return { ok: true, opened: [] };
    const failure = await startListening(
      opened.map(({ spec, bound }) => ({ fd: bound.fd, backlog: spec.backlog })),
    );
    if (failure !== null) {
      const address = opened[failure.index]?.spec.address;
      return fail(address === undefined ? failure.code : bindFailure(address, failure.code));
    }
    for (const socket of opened) {
      this.#open.set(listenKey(socket.spec.address), socket);
      this.#say(socket.spec);
    }
    return { ok: true, opened: opened.map(({ spec }) => spec) };
  }

  #say({ address, backlog }: ListenSocket): void {
    this.#events.listening(listenKey(address), backlog, limitOf(backlog));
  }
}

/** chmod(2) follows a symbolic link that another user has put in the socket's place; a descriptor does not. */
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
    // The file is gone: nobody can connect by it whatever its mode.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The kernel cuts a longer backlog down without a word; listen(2). */
function limitOf(backlog: number): number | null {
  try {
    const limit = Number(readFileSync('/proc/sys/net/core/somaxconn', 'latin1'));
    return limit < backlog ? limit : null;
  } catch {
    return null;
  }
}
