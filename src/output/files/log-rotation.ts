/** Rotates a log file by renaming. */
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { holdFolder } from '../../util/held-folder.ts';
import { DONE, failure, type Result } from '../../util/result.ts';
import { errnoName } from '../report-output.ts';

/**
 * Renames `file` to `file.1`, `file.1` to `file.2`, and so on; keeps `maxFiles` of them. A rename does not follow a
 * link with one of these names; for links in the path see `holdFolder`. A failure has the name of its errno; the
 * numbers may then have gaps.
 */
export async function rotateLogs(
  file: string,
  maxFiles: number,
  users: ReadonlySet<number>,
): Promise<Result<void>> {
  try {
    const folder = holdFolder(path.dirname(file), { users, make: null });
    try {
      const entry = folder.entry(path.basename(file));
      if (maxFiles === 0) await rm(entry, { force: true });
      else await moveOn(entry, maxFiles);
      return DONE;
    } finally {
      folder.close();
    }
  } catch (error) {
    return failure(errnoName(error));
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
