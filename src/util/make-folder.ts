import { chmodSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a folder and those above it, with these permissions whatever the umask is; one that is there is left as it is.
 * Throws the error of mkdir(2). By hand: Node's own `recursive` goes round for ever where making a folder says ENOENT
 * although the one above exists, as in `/proc` (a TMPDIR that makes no sense must not hang the start).
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

/** Through a symbolic link, too. */
function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
