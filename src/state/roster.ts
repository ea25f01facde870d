/**
 * The list of instances on disk, for the manager that comes after this one: where this one is killed (KILL, the kernel
 * out of memory), nobody else knows which processes are its own.
 */
import { closeSync, existsSync, fstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Parameter, Route } from '../config/types.ts';
import { makeFolder } from '../util/make-folder.ts';
import { openRegular } from '../util/regular-file.ts';
import { isGroupGone } from '../process/group.ts';
import { identityOf } from '../process/identity.ts';

/** A process group that an earlier manager left behind. */
export interface Orphan {
  readonly service: string;
  readonly parameter: Parameter;
  /** Its leader, who may be gone. */
  readonly pid: number;
  /** Requests went to it, by this route. */
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

/** How long after a list that could not be written it is tried again, in ms. */
const AGAIN_AFTER_MS = 1_000;

export interface RosterEvents {
  /** The list on disk is not what runs; it is tried again every second. Said once, until it could be written. */
  stale(reason: string): void;
}

export class Roster {
  readonly #file: string;
  readonly #aside: string;
  readonly #events: RosterEvents;
  readonly #entries = new Map<string, readonly Omit<Orphan, 'service'>[]>();
  /** Of what runs, by pid. One that could not be read yet is missing. */
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

  /** What runs of this service now; written at the next turn of the event loop. */
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
      // Now, while each of them is there.
      for (const { pid } of instances) this.#identify(pid);
    } catch {
      // Not at this moment: the list is not written before it is known.
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#write();
    });
  }

  /** Writes the list again if its file was removed, and makes its folder again. To be called now and then. */
  look(): void {
    if (this.#closed || this.#scheduled || this.#again !== undefined || !this.#written) return;
    if (existsSync(this.#file)) return;
    try {
      makeFolder(path.dirname(this.#file), 0o700);
    } catch {
      // Writing says why.
    }
    this.#write();
  }

  /** Everything is gone: there is nothing to be found. */
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
      // Made anew: whatever has the name, a link that leads elsewhere for instance, is not written through.
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

  /** @throws when the system cannot tell at this moment which processes these are */
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
    // A read-only file system, a folder in its place: the next write says so.
  }
}

export type Opened =
  /** Those that served come first. */
  | { readonly ok: true; readonly roster: Roster; readonly orphans: readonly Orphan[] }
  /** The manager whose list it is lives. */
  | { readonly ok: false; readonly pid: number };

/**
 * Takes the list over: what stands in it and still lives was left behind by a manager that is gone. A list that is not
 * this user's own is not believed: whoever wrote it could have any process stopped.
 */
export function openRoster(file: string, events: RosterEvents): Opened {
  const listed = readList(file);
  const { manager, instances } = listed ?? { manager: null, instances: [] };
  if (manager !== null && manager.identity !== null && identityOf(manager.pid) === manager.identity)
    return { ok: false, pid: manager.pid };
  const orphans = instances.filter(isAlive).sort((one, other) => Number(other.serves) - Number(one.serves));
  return { ok: true, roster: new Roster(file, events), orphans };
}

/** Null where there is none, or one that somebody else has put there. */
function readList(file: string): Listed | null {
  let descriptor: number | undefined;
  try {
    descriptor = openRegular(file, 'refuse');
    const stat = fstatSync(descriptor);
    if (stat.uid !== process.getuid?.() || (stat.mode & 0o022) !== 0) return null;
    const list: unknown = JSON.parse(readFileSync(descriptor, 'utf8'));
    return isList(list) ? list : null;
  } catch {
    return null;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Another version of this program may have written something else. */
function isList(value: unknown): value is Listed {
  const { manager, instances } = (value ?? {}) as Partial<Listed>;
  return (
    typeof manager?.pid === 'number' &&
    Array.isArray(instances) &&
    instances.every((entry: Partial<Entry> | null) => typeof entry?.pid === 'number' && 'route' in entry)
  );
}

/** A group without its leader keeps the number from being used again, but says nothing of whose it is: a later boot. */
function isAlive({ pid, identity }: Entry): boolean {
  if (identity === null) return false;
  const now = identityOf(pid);
  if (now !== null) return now === identity;
  return sameBoot(identity) && !isGroupGone(pid);
}

/** Linux alone can tell. */
function sameBoot(identity: string): boolean {
  if (process.platform !== 'linux') return false;
  const own = identityOf(process.pid);
  return own !== null && own.split(' ')[0] === identity.split(' ')[0];
}
