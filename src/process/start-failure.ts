/** Explains why a program could not be started. */
import { existsSync } from 'node:fs';

/**
 * Why a program could not be started, in one line.
 * @param code the name of the errno from spawn (execve(2), chdir(2))
 * @param file as given to spawn. A bare name means that it was not found in `PATH`
 * @returns null for a code that has no better explanation than the message of spawn
 */
export function startFailure(code: string, file: string, cwd: string): string | null {
  switch (code) {
    case 'ENOENT':
      if (!existsSync(cwd)) return `the working directory ${cwd} does not exist`;
      if (!file.includes('/')) return `there is no program ${file} in PATH`;
      if (!existsSync(file)) return `${file} does not exist`;
      return `the interpreter in the first line of ${file} does not exist`;
    case 'ENOTDIR':
      if (!isFolder(cwd)) return `the working directory ${cwd} is not a folder`;
      return `${file} does not exist: a part of this path is not a folder`;
    case 'EACCES':
      // execvp(3) also fails with EACCES if it may not search one of the folders of PATH.
      if (!file.includes('/')) return `there is no program ${file} in PATH`;
      return `${file} is not an executable file for this user (chmod +x?)`;
    case 'ETXTBSY':
      return `another process is still writing to ${file}`;
    case 'ENOEXEC':
      return `${file} is not a program that this machine can run (is its first line "#!..." missing?)`;
    case 'E2BIG':
      return 'the command and its environment are larger than the system allows (E2BIG, execve(2))';
    case 'EMFILE':
    case 'ENFILE':
      return `too many open files (${code}): raise "ulimit -n"`;
    default:
      return null;
  }
}

function isFolder(path: string): boolean {
  return existsSync(`${path}/.`);
}
