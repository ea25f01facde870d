/** Finds the program file of a command. */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/**
 * The program file that a command's first word names. A word with a slash is relative to `baseDir`, or to `cwd` if the
 * file is executable only there. A bare name is searched for in `PATH`, as in execvp(3).
 * @returns an absolute path, which may not exist; null if a bare name is not in `PATH`
 */
export function programFile(
  word: string,
  from: { readonly baseDir: string; readonly cwd: string; readonly searchPath: string | undefined },
): string | null {
  if (word.includes('/')) {
    const base = path.resolve(from.baseDir, word);
    const local = path.resolve(from.cwd, word);
    return !isExecutable(base) && isExecutable(local) ? local : base;
  }
  for (const folder of (from.searchPath ?? '/usr/local/bin:/usr/bin:/bin').split(':')) {
    const candidate = path.resolve(from.cwd, folder, word);
    if (isExecutable(candidate)) return candidate;
  }
  return null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
