/**
 * Checks in advance whether a program can be executed. A shell that executes it would hide the error in its exit code.
 */
import { accessSync, closeSync, constants, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { openRegular } from '../util/regular-file.ts';

/** The execute bits for a user who is not the file's owner, and for the owner. One of them must be set. */
const NOT_THE_OWNERS = 0o011;
const THE_OWNERS = 0o100;
/** The part of the first line that Linux reads; execve(2). */
const FIRST_LINE_BYTES = 256;

/**
 * @param program a path, or a bare name that was not found in `PATH`
 * @param uid the user who will execute it; null: the user of this process
 * @returns the name of the errno with which execve(2) would fail if the file does not change; null if it would succeed
 */
export function execFailure(program: string, uid: number | null): string | null {
  if (!program.includes('/')) return 'ENOENT';
  try {
    if (!statSync(program).isFile() || !mayExecute(program, uid)) return 'EACCES';
    const start = startOf(program);
    const interpreter = /^#![ \t]*(\/[^\s\0]+)/.exec(start?.toString('utf8') ?? '')?.[1];
    if (interpreter !== undefined) accessSync(interpreter, constants.F_OK);
    // A shell would run the file line by line instead of refusing it.
    return start !== null && !isExecutableFormat(start) ? 'ENOEXEC' : null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? null;
  }
}

/**
 * The same for a program that a shell becomes, which may also change to the working directory: the errno with which
 * chdir(2) or execve(2) would fail.
 */
export function becomeFailure(program: string, cwd: string, uid: number | null): string | null {
  try {
    return statSync(cwd).isDirectory() ? execFailure(program, uid) : 'ENOTDIR';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? null;
  }
}

/** True if in doubt. Access control lists are not read, but the bits show the permissions that they grant. */
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

/** If other formats are registered with the kernel, every file counts as executable: the kernel decides. */
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

/** The first bytes; null if the file cannot be read. A program can be executable and not readable. */
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
