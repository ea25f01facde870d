/** Whether a configuration may be used by the user of this process: its commands are run, and so is its JavaScript. */
import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeHand, foreignHand, ownUsers } from '../../util/path-owners.ts';

/** What cosmiconfig looks for in the working directory as soon as it is constructed; it runs the JavaScript ones. */
export const SETTINGS_OF_COSMICONFIG = [
  'package.json',
  'package.yaml',
  ...['json', 'yaml', 'yml', 'js', 'ts', 'cjs', 'mjs'].map((ending) => `.config/config.${ending}`),
];

/**
 * Whether users other than root and the user of this process may write to a file, or put another one in its place.
 * @returns null if not; otherwise which file or folder lets them, with its owner and mode
 */
export function writableByOthers(path: string): string | null {
  const hand = foreignHand(path, ownUsers(), 'all');
  return hand === null ? null : describeHand(hand);
}

/**
 * Why a configuration that a search has found is not to be used; null if it may be. A search goes through folders that
 * other users may share, as git does for `.git` (CVE-2022-24765), and what it finds decides what runs.
 */
export function distrust(found: string): string | null {
  return process.getuid?.() === 0 ? handOfOthers(found) : strangerAt(found);
}

/** The same for the working directory, before cosmiconfig looks there for its own settings. */
export function distrustOfFolder(cwd: string): string | null {
  const settings = ['.', '.config', ...SETTINGS_OF_COSMICONFIG].map((name) => join(cwd, name));
  return settings.map(distrust).find((stranger) => stranger !== null) ?? null;
}

function handOfOthers(path: string): string | null {
  const hand = foreignHand(path, trusted(), 'all');
  return hand === null ? null : describeHand(hand);
}

/** For an ordinary user the owner decides, as for git: folders of a private group are open to that group everywhere. */
function strangerAt(path: string): string | null {
  for (const stat of [lstatSync, statSync]) {
    const found = stat(path, { throwIfNoEntry: false });
    if (found === undefined || trusted().has(found.uid)) continue;
    const { uid, gid, mode } = found;
    return describeHand({ path, uid, gid, mode, who: 'owner' });
  }
  return null;
}

/** With sudo also the user who called it: that user chose to run this command here. git does the same. */
function trusted(): ReadonlySet<number> {
  const caller = process.env['SUDO_UID'] ?? '';
  return process.getuid?.() === 0 && /^\d+$/.test(caller)
    ? new Set([...ownUsers(), Number(caller)])
    : ownUsers();
}
