import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFailure } from '../../src/process/start-failure.ts';
import { temporaryFolder } from '../support/alternate.ts';

test.each([
  ['ENOENT', 'app', '/', 'there is no program app in PATH'],
  ['EACCES', 'app', '/', 'there is no program app in PATH'],
  ['ENOENT', '/no/app', '/', '/no/app does not exist'],
  ['ENOENT', '/bin/sh', '/no/folder', 'the working directory /no/folder does not exist'],
  ['ENOENT', '/bin/sh', '/', 'the interpreter in the first line of /bin/sh does not exist'],
  ['ENOTDIR', '/bin/sh', '/etc/passwd', 'the working directory /etc/passwd is not a folder'],
  ['ENOTDIR', '/etc/passwd/app', '/', '/etc/passwd/app does not exist: a part of this path is not a folder'],
  ['EACCES', '/etc/passwd', '/', '/etc/passwd is not an executable file for this user (chmod +x?)'],
  ['ETXTBSY', '/app', '/', 'another process is still writing to /app'],
  ['EMFILE', '/app', '/', 'too many open files (EMFILE): raise "ulimit -n"'],
  ['EPERM', '/app', '/', null],
  [
    'E2BIG',
    '/app',
    '/',
    'the command and its environment are larger than the system allows (E2BIG, execve(2))',
  ],
])('%s for %s in %s', (code, file, cwd, reason) => {
  expect(startFailure(code, file, cwd)).toBe(reason);
});

test('an interpreter that is missing is told from a program that is', () => {
  const folder = temporaryFolder();
  onTestFinished(() => {
    folder.remove();
  });
  const file = path.join(folder.path, 'app');
  expect(startFailure('ENOENT', file, '/')).toBe(`${file} does not exist`);
  writeFileSync(file, '#!/no/such/interpreter\n');
  chmodSync(file, 0o755);
  expect(startFailure('ENOENT', file, '/')).toContain('the interpreter in the first line');
});
