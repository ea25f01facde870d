/** Creates a folder with exact permissions. */
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Creates a folder and the missing folders above it, with these permissions, independent of the umask. A folder that
 * exists keeps its permissions. Throws the error of mkdir(2). `recursive` of Node.js is not used: it loops forever if
 * mkdir(2) fails with ENOENT although the parent folder exists, as in `/proc`. A wrong TMPDIR must not hang the start.
 */
export function makeFolder(folder: string, mode: number, mayMakeParent = true): void {
  try {
    mkdirSync(folder, { mode });
    chmodSync(folder, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && isFolder(folder)) return;
    if (code !== 'ENOENT' || !mayMakeParent) throw error;
    makeFolder(path.dirname(folder), mode);
    makeFolder(folder, mode, false);
  }
}

/** Follows symbolic links. */
function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
