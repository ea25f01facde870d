import { chmod, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Others may look into it, whatever the umask is. */
const MODE = 0o755;

/**
 * Makes a folder and those above it; one that is there is left as it is. Throws the error of mkdir(2). By hand: Node's
 * own `recursive` goes round for ever where making a folder says ENOENT although the one above exists, as in `/proc`.
 */
export async function makeFolder(folder: string, mayMakeParent = true): Promise<void> {
  try {
    await mkdir(folder, MODE);
    await chmod(folder, MODE);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await isFolder(folder))) return;
    if (code !== 'ENOENT' || !mayMakeParent) throw error;
    await makeFolder(path.dirname(folder));
    await makeFolder(folder, false);
  }
}

/** Through a symbolic link, too. */
async function isFolder(folder: string): Promise<boolean> {
  return await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
