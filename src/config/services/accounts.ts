/** Looks up users and groups of this machine. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A user of this machine. */
export interface Account {
  readonly uid: number;
  /** The user's primary group. `null` for an id without an entry. */
  readonly gid: number | null;
  /** `USER`, `LOGNAME` and `HOME`, as far as they are known. */
  readonly env: Readonly<Record<string, string>>;
}

/** One entry of `passwd(5)` or `group(5)`, split at its colons. */
type Entry = readonly string[];

const ID = /^\d+$/;

/** A user by name or id. `null` if there is none. An id without an entry is accepted, with the home `/`. */
export function findUser(nameOrId: string): Account | null {
  if (nameOrId === '') return null;
  const entry = findEntry('passwd', nameOrId);
  if (entry !== null) {
    const [name = '', , uid, gid, , home = ''] = entry;
    return { uid: Number(uid), gid: Number(gid), env: { USER: name, LOGNAME: name, HOME: home } };
  }
  // HOME and USER of root must not stay: a program would look for its files there.
  if (ID.test(nameOrId))
    return { uid: Number(nameOrId), gid: null, env: { USER: nameOrId, LOGNAME: nameOrId, HOME: '/' } };
  const uid = ask('id', ['-u', nameOrId]);
  const gid = ask('id', ['-g', nameOrId]);
  if (uid === null || gid === null) return null;
  return { uid: Number(uid), gid: Number(gid), env: { USER: nameOrId, LOGNAME: nameOrId } };
}

/** The id of a group by name or id. `null` if there is none. */
export function findGroup(nameOrId: string): number | null {
  const entry = findEntry('group', nameOrId);
  if (entry !== null) return Number(entry[2]);
  return ID.test(nameOrId) ? Number(nameOrId) : null;
}

/** Reads the file first, because that starts no process. Only `getent` finds users of a directory service (LDAP). */
function findEntry(database: 'passwd' | 'group', nameOrId: string): Entry | null {
  const entries = readEntries(database);
  const found =
    entries.find(([name]) => name === nameOrId) ??
    entries.find(([, , id]) => ID.test(nameOrId) && id === nameOrId);
  if (found !== undefined) return found;
  const line = ask('getent', [database, nameOrId]);
  return line === null ? null : line.split(':');
}

function readEntries(database: 'passwd' | 'group'): Entry[] {
  let text: string;
  try {
    text = readFileSync(`/etc/${database}`, 'utf8');
  } catch {
    // Some systems have no such file. Then only the commands find users.
    return [];
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}

/** The first line that a program prints. `null` if it fails or is not installed. */
function ask(program: string, args: readonly string[]): string | null {
  // A name that looks like an option would be taken as one.
  if (args.at(-1)?.startsWith('-') ?? false) return null;
  try {
    const output = execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    });
    const [line = ''] = output.split('\n');
    return line === '' ? null : line;
  } catch {
    return null;
  }
}
