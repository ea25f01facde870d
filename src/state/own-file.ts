/** Reads a file that an earlier manager of the same user wrote. */
import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { openRegular } from '../util/regular-file.ts';

/**
 * The content. Null if the file belongs to another user, or if other users may write to it: that user could have any
 * process stopped. Throws the errors of `openRegular` and read(2).
 */
export function readOwnFile(file: string): string | null {
  const descriptor = openRegular(file, 'refuse');
  try {
    const { uid, mode } = fstatSync(descriptor);
    return uid === process.getuid?.() && (mode & 0o022) === 0 ? readFileSync(descriptor, 'utf8') : null;
  } finally {
    closeSync(descriptor);
  }
}
