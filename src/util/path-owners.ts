/**
 * Finds users who can change the file that a path leads to. The owner of a folder can replace everything in it, so a
 * path is only as safe as the least safe folder in it.
 */
import { lstatSync, readFileSync, readlinkSync, statSync, type Stats } from 'node:fs';
import path from 'node:path';
import { MOST_LINKS, partsOf } from './path-parts.ts';

/** A file, folder or symbolic link, and the users that its permissions allow to change it. */
export interface ForeignAccess {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly who: 'owner' | 'group' | 'everyone';
}

/** `way`: only the folders and links that lead to the file. `all`: the file at the end too. */
export type Extent = 'way' | 'all';

const STICKY = 0o1000;

/** Root, and the user of this process. */
export function ownUsers(): ReadonlySet<number> {
  return new Set([0, process.getuid?.() ?? 0]);
}

/**
 * The first part of an absolute path that users other than `trusted` can change or replace; null if there is none. The
 * search ends at a part that does not exist. In a sticky folder (`/tmp`) only the owner of an entry can replace it.
 * Access control lists are not read. Throws the error of lstat(2).
 */
export function findForeignAccess(
  target: string,
  trusted: ReadonlySet<number>,
  extent: Extent,
): ForeignAccess | null {
  const parts = partsOf(target);
  let links = 0;
  let reached = '/';
  let stat: Stats | undefined = lstatSync(reached);
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const folder = { path: reached, stat };
    const sticky = (stat.mode & STICKY) !== 0;
    const access = accessOn(folder.path, folder.stat, trusted);
    if (access !== null && (access.who === 'owner' || !sticky)) return access;
    reached = part === '..' ? path.dirname(reached) : path.join(reached, part);
    stat = lstatSync(reached, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    // In a sticky folder only the entry's owner can replace it. A symbolic link can be replaced by its owner anywhere.
    const owner = trusted.has(stat.uid) ? null : describeOwner(reached, stat);
    if (owner !== null && (access !== null || stat.isSymbolicLink())) return owner;
    if (!stat.isSymbolicLink()) continue;
    links += 1;
    if (links > MOST_LINKS) return null;
    const leadsTo = readlinkSync(reached);
    parts.unshift(...partsOf(leadsTo));
    reached = leadsTo.startsWith('/') ? '/' : path.dirname(reached);
    stat = lstatSync(reached);
  }
  return extent === 'way' ? null : accessOn(reached, stat, trusted);
}

/** Permissions as in the last digit of a mode; stat(2). */
export const READ = 0o4;
const SEARCH = 0o1;

/**
 * Whether the mode bits permit this to a user. `gid`: the user's group; null: unknown. Supplementary groups and access
 * control lists are not read.
 */
export function mayDo({ mode, uid, gid }: Stats, what: number, user: number, group: number | null): boolean {
  if (uid === user) return (mode & (what << 6)) !== 0;
  return (mode & (gid === group ? what << 3 : what)) !== 0;
}

/** Whether a user may search a folder and every folder above it. Throws the error of stat(2). */
export function maySearch(folder: string, user: number, group: number | null): boolean {
  if (!mayDo(statSync(folder), SEARCH, user, group)) return false;
  return folder === '/' || maySearch(path.dirname(folder), user, group);
}

/** For instance `/srv/app belongs to app (mode 0755)`. */
export function describeAccess({ path: where, uid, gid, mode, who }: ForeignAccess): string {
  const bits = (mode & 0o7777).toString(8).padStart(4, '0');
  const owner = nameOf('passwd', uid) ?? `user ${uid}`;
  if (who === 'owner') return `${where} belongs to ${owner} (mode ${bits})`;
  const writers = who === 'everyone' ? 'every user' : `the group ${nameOf('group', gid) ?? gid}`;
  return `${where} can be written to by ${writers} (owner ${owner}, mode ${bits})`;
}

function accessOn(where: string, stat: Stats, trusted: ReadonlySet<number>): ForeignAccess | null {
  if (!trusted.has(stat.uid)) return describeOwner(where, stat);
  const { uid, gid, mode } = stat;
  if ((mode & 0o002) !== 0) return { path: where, uid, gid, mode, who: 'everyone' };
  // Members of root's group count as root.
  if ((mode & 0o020) !== 0 && gid !== 0) return { path: where, uid, gid, mode, who: 'group' };
  return null;
}

function describeOwner(where: string, { uid, gid, mode }: Stats): ForeignAccess {
  return { path: where, uid, gid, mode, who: 'owner' };
}

/** Reads only the file. Other sources of names (NSS) would need a process, which is too much for a message. */
function nameOf(database: 'passwd' | 'group', id: number): string | null {
  try {
    const lines = readFileSync(`/etc/${database}`, 'utf8').split('\n');
    return lines.map((line) => line.split(':')).find(([, , found]) => found === String(id))?.[0] ?? null;
  } catch {
    return null;
  }
}
