import { existsSync } from 'node:fs';

/**
 * Why a program could not be started, in one line.
 * @param code the name of the errno that spawn gave (execve(2), chdir(2))
 * @param file as it was given to spawn: a bare name was not found in `PATH`
 * @returns null for a code about which nothing better is known than spawn's own message
 */
export function startFailure(code: string, file: string, cwd: string): string | null {
  switch (code) {
    case 'ENOENT':
      if (!existsSync(cwd)) return `the working directory ${cwd} does not exist`;
      if (!file.includes('/')) return `there is no program ${file} in PATH`;
      if (!existsSync(file)) return `${file} does not exist`;
      return `${file} names an interpreter in its first line that does not exist`;
    case 'ENOTDIR':
      if (!isFolder(cwd)) return `the working directory ${cwd} is not a folder`;
      return `${file} does not exist: a part of this path is not a folder`;
    case 'EACCES':
      // execvp(3) says so, too, when it may not look into one of the folders.
      if (!file.includes('/')) return `there is no program ${file} in PATH`;
      return `${file} is not an executable file for this user (chmod +x?)`;
    case 'ETXTBSY':
      return `${file} is still being written to by another process`;
    case 'ENOEXEC':
      return `${file} is not a program that this machine can run (is its first line "#!..." missing?)`;
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
