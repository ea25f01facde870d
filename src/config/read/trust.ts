/** Decides whether the user of this process can trust a configuration: its commands and its JavaScript are run. */
import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeAccess, findForeignAccess, ownUsers } from '../../util/path-owners.ts';

/** The files that cosmiconfig reads in the working directory when it is constructed. It runs those with JavaScript. */
export const SETTINGS_OF_COSMICONFIG = [
  'package.json',
  'package.yaml',
  ...['json', 'yaml', 'yml', 'js', 'ts', 'cjs', 'mjs'].map((ending) => `.config/config.${ending}`),
];

/**
 * Whether other users than `users` can write to a file, or replace it. By default, `users` are root and the user of this
 * process.
 * @returns null if not; otherwise the file or folder that allows it, with its owner and mode
 */
export function foreignWriteAccess(path: string, users: ReadonlySet<number> = ownUsers()): string | null {
  const access = findForeignAccess(path, users, 'all');
  return access === null ? null : describeAccess(access);
}

/**
 * Why a configuration that the search found must not be used. Null if it may be used. The search goes through folders
 * that other users may share, and the file that it finds decides what runs. git has the same rule for `.git`
 * (CVE-2022-24765).
 */
export function reasonToDistrust(found: string): string | null {
  return process.getuid?.() === 0 ? foreignWriteAccess(found, trusted()) : foreignOwner(found);
}

/** As `reasonToDistrust`, for the working directory, before cosmiconfig reads its own settings there. */
export function reasonToDistrustFolder(cwd: string): string | null {
  const settings = ['.', '.config', ...SETTINGS_OF_COSMICONFIG].map((name) => join(cwd, name));
  return settings.map(reasonToDistrust).find((reason) => reason !== null) ?? null;
}

/** For an ordinary user, only the owner counts, as in git: folders are often writable by the user's private group. */
function foreignOwner(path: string): string | null {
  for (const stat of [lstatSync, statSync]) {
    const found = stat(path, { throwIfNoEntry: false });
    if (found === undefined || trusted().has(found.uid)) continue;
    const { uid, gid, mode } = found;
    return describeAccess({ path, uid, gid, mode, who: 'owner' });
  }
  return null;
}

/** With sudo, the user who called it is trusted too: that user chose to run this command here. git does the same. */
function trusted(): ReadonlySet<number> {
  const caller = process.env['SUDO_UID'] ?? '';
  return process.getuid?.() === 0 && /^\d+$/.test(caller)
    ? new Set([...ownUsers(), Number(caller)])
    : ownUsers();
}
