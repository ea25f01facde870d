/**
 * The list of instances on disk, for the next manager. If this manager is killed (KILL, or by the kernel when memory is
 * short), only the list tells which processes are its instances.
 */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Parameter, Route } from '../config/types.ts';
import { makeFolder } from '../util/make-folder.ts';
import { isGroupGone } from '../process/group.ts';
import { identityOf } from '../process/identity.ts';
import { readOwnFile } from './own-file.ts';

/** A process group that an earlier manager left behind. */
export interface Orphan {
  readonly service: string;
  readonly parameter: Parameter;
  /** The pid of its leader, which may be gone. */
  readonly pid: number;
  /** Whether it got the requests, through this route. */
  readonly serves: boolean;
  readonly route: Route | null;
}

interface Entry extends Orphan {
  readonly identity: string | null;
}

interface Listed {
  readonly manager: { readonly pid: number; readonly identity: string | null };
  readonly instances: readonly Entry[];
}

/** The time after which a failed write of the list is repeated, in ms. */
const AGAIN_AFTER_MS = 1_000;

export interface RosterEvents {
  /** The list on disk is out of date. Called once; the write is repeated every second until it succeeds. */
  stale(reason: string): void;
}

export class Roster {
  readonly #file: string;
  readonly #aside: string;
  readonly #events: RosterEvents;
  readonly #entries = new Map<string, readonly Omit<Orphan, 'service'>[]>();
  /** The identities of the listed processes, by pid. An identity that could not be read yet is missing. */
  #identities = new Map<number, string | null>();
  #scheduled = false;
  #written = false;
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(file: string, events: RosterEvents) {
    this.#file = file;
    this.#aside = `${file}.new`;
    this.#events = events;
  }

  /** Sets the running instances of a service. They are written in the next turn of the event loop. */
  update(service: string, instances: readonly Omit<Orphan, 'service'>[]): void {
    const known = this.#entries.get(service) ?? [];
    const same =
      known.length === instances.length &&
      known.every(
        ({ pid, serves }, index) => pid === instances[index]?.pid && serves === instances[index].serves,
      );
    if (same) return;
    if (instances.length === 0) this.#entries.delete(service);
    else this.#entries.set(service, [...instances]);
    try {
      // Read now, while each process exists.
      for (const { pid } of instances) this.#identify(pid);
    } catch {
      // The system gives no answer at this moment. The list is written only when all identities are known.
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#write();
    });
  }

  /** If the file was removed, creates its folder and writes the list again. Call this regularly. */
  look(): void {
    if (this.#closed || this.#scheduled || this.#again !== undefined || !this.#written) return;
    if (existsSync(this.#file)) return;
    try {
      makeFolder(path.dirname(this.#file), 0o700);
    } catch {
      // The write reports why.
    }
    this.#write();
  }

  /** Removes the list, because no instance is left. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    for (const file of [this.#file, this.#aside]) remove(file);
  }

  #write(): void {
    if (this.#closed) return;
    const failing = this.#again !== undefined;
    clearTimeout(this.#again);
    this.#again = undefined;
    try {
      const listed = this.#listed();
      // Removed and created again, so that a symbolic link with this name is not followed.
      remove(this.#aside);
      writeFileSync(this.#aside, JSON.stringify(listed), { mode: 0o600, flag: 'wx' });
      renameSync(this.#aside, this.#file);
      this.#written = true;
    } catch (error) {
      this.#again = setTimeout(() => {
        this.#write();
      }, AGAIN_AFTER_MS).unref();
      if (!failing) this.#events.stale((error as Error).message);
    }
  }

  /** @throws if the system gives no answer at this moment about one of the processes */
  #listed(): Listed {
    const instances = [...this.#entries].flatMap(([service, entries]) =>
      entries.map((entry) => ({ service, ...entry, identity: this.#identify(entry.pid) })),
    );
    this.#identities = new Map(instances.map(({ pid, identity }) => [pid, identity]));
    return { manager: { pid: process.pid, identity: identityOf(process.pid) }, instances };
  }

  #identify(pid: number): string | null {
    const known = this.#identities.get(pid);
    const identity = known === undefined ? identityOf(pid) : known;
    this.#identities.set(pid, identity);
    return identity;
  }
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // For instance a read-only file system, or a folder with this name: the next write reports it.
  }
}

export type Opened =
  /** Orphans that served come first. */
  | { readonly ok: true; readonly roster: Roster; readonly orphans: readonly Orphan[] }
  /** The manager that wrote the list is alive. */
  | { readonly ok: false; readonly pid: number };

/**
 * Takes over the list. Its processes that still live are orphans of a dead manager. A list that belongs to another user
 * is ignored: with it, that user could have any process stopped.
 */
export function openRoster(file: string, events: RosterEvents): Opened {
  const listed = readList(file);
  const { manager, instances } = listed ?? { manager: null, instances: [] };
  if (manager !== null && manager.identity !== null && identityOf(manager.pid) === manager.identity)
    return { ok: false, pid: manager.pid };
  const orphans = instances.filter(isAlive).sort((one, other) => Number(other.serves) - Number(one.serves));
  return { ok: true, roster: new Roster(file, events), orphans };
}

/** Null if there is no list, or if it belongs to another user. */
function readList(file: string): Listed | null {
  try {
    const list: unknown = JSON.parse(readOwnFile(file) ?? 'null');
    return isList(list) ? list : null;
  } catch {
    return null;
  }
}

/** Another version of alternate may have written another format. */
function isList(value: unknown): value is Listed {
  const { manager, instances } = (value ?? {}) as Partial<Listed>;
  return (
    typeof manager?.pid === 'number' &&
    Array.isArray(instances) &&
    instances.every((entry: Partial<Entry> | null) => typeof entry?.pid === 'number' && 'route' in entry)
  );
}

/**
 * While a group lives without its leader, its number is not used again. But after a reboot, the number can belong to
 * another program.
 */
function isAlive({ pid, identity }: Entry): boolean {
  if (identity === null) return false;
  const now = identityOf(pid);
  if (now !== null) return now === identity;
  return sameBoot(identity) && !isGroupGone(pid);
}

/** Always false outside Linux, where the boot is unknown. */
function sameBoot(identity: string): boolean {
  if (process.platform !== 'linux') return false;
  const own = identityOf(process.pid);
  return own !== null && own.split(' ')[0] === identity.split(' ')[0];
}
