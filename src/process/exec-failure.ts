/** Whether a program can be executed, asked beforehand: a shell that becomes it gives the failure an exit code of its own. */
import { accessSync, closeSync, constants, readSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { openRegular } from '../util/regular-file.ts';

/** Root as root: access(2) tells. For another user one of these bits has to be set, whichever of them counts. */
const NOT_THE_OWNERS = 0o011;
const THE_OWNERS = 0o100;
/** What Linux reads of a first line; execve(2). */
const FIRST_LINE_BYTES = 256;

/**
 * @param program a path, or a bare name that `PATH` does not have
 * @param uid who is going to execute it; null: this process's user
 * @returns the name of the errno that execve(2) would end in, for a file that is not being changed; null for none
 */
export function execFailure(program: string, uid: number | null): string | null {
  if (!program.includes('/')) return 'ENOENT';
  try {
    if (!statSync(program).isFile() || !mayExecute(program, uid)) return 'EACCES';
    const interpreter = interpreterOf(program);
    if (interpreter !== null) accessSync(interpreter, constants.F_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? null;
  }
}

/** Rather yes than no: access control lists are not read, but what they grant shows in the bits. */
function mayExecute(program: string, uid: number | null): boolean {
  accessSync(program, constants.X_OK);
  if (uid === null || uid === 0) return true;
  const permits = (file: string): boolean => {
    const { mode, uid: owner } = statSync(file);
    return (mode & (owner === uid ? THE_OWNERS : NOT_THE_OWNERS)) !== 0;
  };
  const file = realpathSync(program);
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if (!permits(folder)) return false;
    if (folder === '/') return permits(file);
  }
}

/** The path after `#!`; null where there is none, or where the file cannot be read. */
function interpreterOf(program: string): string | null {
  const start = Buffer.alloc(FIRST_LINE_BYTES);
  let file: number;
  try {
    file = openRegular(program);
  } catch {
    return null;
  }
  try {
    const length = readSync(file, start);
    return /^#![ \t]*(\/[^\s\0]+)/.exec(start.toString('utf8', 0, length))?.[1] ?? null;
  } finally {
    closeSync(file);
  }
}
