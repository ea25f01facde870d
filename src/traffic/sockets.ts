/** The listening sockets of one service: they live as long as the service, whatever becomes of its instances. */
import { chmodSync, readFileSync } from 'node:fs';
import { listenKey } from '../config/listen.ts';
import type { ListenSocket } from '../config/types.ts';
import { bindSocket, type BoundSocket } from './bind.ts';
import { startListening } from './start-listening.ts';

/** The first descriptor that is handed on; sd_listen_fds(3), SD_LISTEN_FDS_START. */
const FIRST_DESCRIPTOR = 3;

/** What an instance inherits, but for `LISTEN_PID`, which only the new process knows. */
export interface InheritedSockets {
  /** The manager's own numbers, in the order in which the instance has them from 3 on. */
  readonly descriptors: readonly number[];
  readonly env: Readonly<Record<string, string>>;
}

interface OpenSocket {
  readonly spec: ListenSocket;
  readonly bound: BoundSocket;
}

export interface SocketEvents {
  /** `limit`: what the kernel makes of a backlog that is longer; null where it is taken as it is. */
  listening(address: string, backlog: number, limit: number | null): void;
}

export class ServiceSockets {
  readonly #events: SocketEvents;
  #open: ReadonlyMap<string, OpenSocket> = new Map();
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

  /**
   * Opens those that are not open yet; the others stay, with their backlog and mode as they are wanted now.
   * @returns null, or why it cannot be, in words; then those that were opened are closed again
   */
  open(listen: readonly ListenSocket[]): Promise<string | null> {
    const opened = this.#last.then(() => this.#openAll(listen));
    this.#last = opened;
    return opened;
  }

  /** Closes all but these: nobody but the instances that have inherited them listens there any more. */
  keep(listen: readonly ListenSocket[]): void {
    const wanted = new Set(listen.map(({ address }) => listenKey(address)));
    const kept = new Map<string, OpenSocket>();
    for (const [key, open] of this.#open) {
      if (wanted.has(key)) kept.set(key, open);
      else open.bound.close();
    }
    this.#open = kept;
  }

  async #openAll(listen: readonly ListenSocket[]): Promise<string | null> {
    const opened: OpenSocket[] = [];
    const fail = (reason: string): string => {
      for (const { bound } of opened) bound.close();
      return reason;
    };
    for (const spec of listen) {
      const known = this.#open.get(listenKey(spec.address));
      if (known !== undefined) continue;
      const bound = await bindSocket(spec.address);
      if (!bound.ok) return fail(bound.reason);
      opened.push({ spec, bound: bound.socket });
    }
    const adjusted = listen.flatMap((spec) => this.#adjusted(spec));
    const toListen = [...opened, ...adjusted];
    if (toListen.length === 0) return null;
    const failure = await startListening(
      toListen.map(({ spec, bound }) => ({ fd: bound.fd, backlog: spec.backlog })),
    );
    if (failure !== null) {
      const address = toListen[failure.index]?.spec.address;
      const where = address === undefined ? '' : ` on ${listenKey(address)}`;
      return fail(`cannot listen${where}: ${failure.code}`);
    }
    const now = new Map(this.#open);
    for (const socket of toListen) now.set(listenKey(socket.spec.address), socket);
    this.#open = now;
    for (const { spec } of opened)
      this.#events.listening(listenKey(spec.address), spec.backlog, limitOf(spec.backlog));
    return null;
  }

  /** An open one whose backlog is another one now; its mode is put right at once. */
  #adjusted(spec: ListenSocket): readonly OpenSocket[] {
    const { address, backlog } = spec;
    const known = this.#open.get(listenKey(address));
    if (known === undefined) return [];
    const before = known.spec.address;
    if (address.type === 'unix' && before.type === 'unix' && address.mode !== before.mode)
      changeMode(address.path, address.mode);
    return backlog === known.spec.backlog ? [] : [{ spec, bound: known.bound }];
  }
}

function changeMode(path: string, mode: number): void {
  try {
    chmodSync(path, mode);
  } catch {
    // Somebody has removed the file: nobody can connect by it whatever its mode.
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
