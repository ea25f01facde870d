/**
 * The list of instances on disk, for the manager that comes after this one: where this one is killed (KILL, the kernel
 * out of memory), nobody else knows which processes are its own.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { Parameter } from '../config/types.ts';
import { signalGroup } from './group.ts';
import { identityOf } from './identity.ts';

/** A process group that an earlier manager left behind. */
export interface Orphan {
  readonly service: string;
  readonly parameter: Parameter;
  /** Its leader, who may be gone. */
  readonly pid: number;
  /** It was the current instance. */
  readonly serves: boolean;
}

interface Entry extends Orphan {
  readonly identity: string | null;
}

interface Listed {
  readonly manager: { readonly pid: number; readonly identity: string | null };
  readonly instances: readonly Entry[];
}

export class Roster {
  readonly #file: string;
  readonly #entries = new Map<string, readonly Entry[]>();
  readonly #identity = identityOf(process.pid);
  #scheduled = false;
  #closed = false;

  constructor(file: string) {
    this.#file = file;
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
    const identities = new Map(known.map(({ pid, identity }) => [pid, identity]));
    const entries = instances.map(({ parameter, pid, serves }) => {
      const identity = identities.get(pid) ?? identityOf(pid);
      return { service, parameter, pid, serves, identity };
    });
    if (entries.length === 0) this.#entries.delete(service);
    else this.#entries.set(service, entries);
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#closed) this.#write();
    });
  }

  /** Everything is gone: there is nothing to be found. */
  close(): void {
    this.#closed = true;
    rmSync(this.#file, { force: true });
  }

  #write(): void {
    const listed: Listed = {
      manager: { pid: process.pid, identity: this.#identity },
      instances: [...this.#entries.values()].flat(),
    };
    const aside = `${this.#file}.new`;
    try {
      writeFileSync(aside, JSON.stringify(listed), { mode: 0o600 });
      renameSync(aside, this.#file);
    } catch {
      // A full disk, a cleaner of temporary folders: the instances matter more, and the next change tries again.
    }
  }
}

export type Opened =
  /** Those that served come first. */
  | { readonly ok: true; readonly roster: Roster; readonly orphans: readonly Orphan[] }
  /** The manager whose list it is lives. */
  | { readonly ok: false; readonly reason: string };

/**
 * Takes the list over: what stands in it and still lives was left behind by a manager that is gone. A list that is not
 * this user's own is not believed: whoever wrote it could have any process stopped.
 */
export function openRoster(file: string): Opened {
  const listed = readList(file);
  const { manager, instances } = listed ?? { manager: null, instances: [] };
  if (manager !== null && manager.identity !== null && identityOf(manager.pid) === manager.identity)
    return { ok: false, reason: `manager ${manager.pid} runs the same configuration` };
  const orphans = instances.filter(isAlive).sort((one, other) => Number(other.serves) - Number(one.serves));
  return { ok: true, roster: new Roster(file), orphans };
}

/** Null where there is none, or one that somebody else has put there. */
function readList(file: string): Listed | null {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    const { uid, mode } = fstatSync(descriptor);
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return null;
    return JSON.parse(readFileSync(descriptor, 'utf8')) as Listed;
  } catch {
    return null;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** A group without its leader keeps the number from being used again, but says nothing of whose it is: a later boot. */
function isAlive({ pid, identity }: Entry): boolean {
  if (identity === null) return false;
  const now = identityOf(pid);
  if (now !== null) return now === identity;
  return sameBoot(identity) && signalGroup(pid, 0);
}

/** Linux alone can tell. */
function sameBoot(identity: string): boolean {
  if (process.platform !== 'linux') return false;
  const own = identityOf(process.pid);
  return own !== null && own.split(' ')[0] === identity.split(' ')[0];
}
