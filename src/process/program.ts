import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/**
 * The file that a command's first word stands for. A word with a slash starts from `baseDir`, or from `cwd` where it is
 * only found there; a bare name is looked up in `PATH`, as execvp(3) does.
 * @returns an absolute path, which need not exist; null for a bare name that `PATH` does not have
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
