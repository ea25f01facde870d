import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { holdFolder } from '../../util/held-folder.ts';
import { errnoName } from '../report-output.ts';

/**
 * Makes room at `file`: it becomes `file.1`, what was `file.1` becomes `file.2`, and so on; `maxFiles` of them are
 * kept. Renaming follows no link that has one of these names; for those on the way see `holdFolder`. Returns the errno
 * name of what prevented it, or null; the numbers may then have gaps.
 */
export async function rotateLogs(
  file: string,
  maxFiles: number,
  users: ReadonlySet<number>,
): Promise<string | null> {
  try {
    const folder = holdFolder(path.dirname(file), { users, make: null });
    try {
      const entry = folder.entry(path.basename(file));
      if (maxFiles === 0) await rm(entry, { force: true });
      else await moveOn(entry, maxFiles);
      return null;
    } finally {
      folder.close();
    }
  } catch (error) {
    return errnoName(error);
  }
}

async function moveOn(entry: string, maxFiles: number): Promise<void> {
  for (let number = maxFiles - 1; number > 0; number--) {
    await renameIfThere(`${entry}.${number}`, `${entry}.${number + 1}`);
  }
  await renameIfThere(entry, `${entry}.1`);
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errnoName(error) !== 'ENOENT') throw error;
  }
}
