import { rename, rm } from 'node:fs/promises';
import { errnoName } from './occurrences.ts';

/**
 * Makes room at `path`: it becomes `path.1`, what was `path.1` becomes `path.2`, and so on; `maxFiles` of them are
 * kept. Returns the errno name of what prevented it, or null; the numbers may then have gaps.
 */
export async function rotateLogs(path: string, maxFiles: number): Promise<string | null> {
  try {
    if (maxFiles === 0) {
      await rm(path, { force: true });
      return null;
    }
    for (let number = maxFiles - 1; number > 0; number--) {
      await renameIfThere(`${path}.${number}`, `${path}.${number + 1}`);
    }
    await renameIfThere(path, `${path}.1`);
    return null;
  } catch (error) {
    return errnoName(error);
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errnoName(error) !== 'ENOENT') throw error;
  }
}
