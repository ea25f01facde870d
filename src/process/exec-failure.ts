/** Whether a program can be executed, asked beforehand: a shell that becomes it gives the failure an exit code of its own. */
import { accessSync, closeSync, constants, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
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
    const start = startOf(program);
    const interpreter = /^#![ \t]*(\/[^\s\0]+)/.exec(start?.toString('utf8') ?? '')?.[1];
    if (interpreter !== undefined) accessSync(interpreter, constants.F_OK);
    // A shell would run it line by line instead of refusing it.
    return start !== null && !isExecutableFormat(start) ? 'ENOEXEC' : null;
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

/** Other formats may be registered with the kernel: then it decides. */
function isExecutableFormat(start: Buffer): boolean {
  if (start.toString('latin1', 0, 2) === '#!') return true;
  if (process.platform !== 'linux') return start.includes(0);
  return start.toString('latin1', 0, 4) === '\x7fELF' || hasRegisteredFormats();
}

/** Linux: Documentation/admin-guide/binfmt-misc. */
function hasRegisteredFormats(): boolean {
  try {
    return readdirSync('/proc/sys/fs/binfmt_misc').some((name) => name !== 'register' && name !== 'status');
  } catch {
    return false;
  }
}

/** The first bytes; null where the file cannot be read, which executing it does not need. */
function startOf(program: string): Buffer | null {
  const start = Buffer.alloc(FIRST_LINE_BYTES);
  let file: number;
  try {
    file = openRegular(program);
  } catch {
    return null;
  }
  try {
    const length = readSync(file, start);
    return start.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
