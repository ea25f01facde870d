import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { execFailure } from '../../src/process/exec-failure.ts';
import { temporaryFolder } from '../support/alternate.ts';

const NOBODY = 65_534;

/** A folder that everybody may enter, with one file. */
function withFile(text: string, mode: number) {
  const folder = temporaryFolder();
  onTestFinished(() => {
    folder.remove();
  });
  chmodSync(folder.path, 0o755);
  mkdirSync(path.join(folder.path, 'bin'));
  const app = path.join(folder.path, 'bin/app');
  writeFileSync(app, text);
  chmodSync(app, mode);
  return { folder: folder.path, bin: path.dirname(app), app };
}

test.each([
  ['a program', '\x7fELF', 0o755, null],
  ['a script without its first line', 'echo hello\n', 0o755, 'ENOEXEC'],
  ['a script', '#!/bin/sh\n', 0o755, null],
  ['a script with a word for its interpreter', '#! \t/usr/bin/env node\n', 0o755, null],
  ['a script without a known interpreter', '#!/no/such/interpreter -x\n', 0o755, 'ENOENT'],
  ['an empty file', '', 0o755, 'ENOEXEC'],
  ['a file that nobody may execute', '#!/bin/sh\n', 0o644, 'EACCES'],
  // Executing needs no reading.
  ['a file that cannot be read', '\x7fELF', 0o111, null],
])('%s', (_what, text, mode, failure) => {
  expect(execFailure(withFile(text, mode).app, null)).toBe(failure);
});

test('a name, a missing file, a folder, a file in the way, a link to nowhere, one to itself', () => {
  const { app, bin } = withFile('#!/bin/sh\n', 0o755);
  symlinkSync('nowhere', path.join(bin, 'dangling'));
  symlinkSync('round', path.join(bin, 'round'));
  expect(execFailure('app', null)).toBe('ENOENT');
  expect(execFailure(path.join(bin, 'other'), null)).toBe('ENOENT');
  expect(execFailure(bin, null)).toBe('EACCES');
  expect(execFailure(path.join(app, 'x'), null)).toBe('ENOTDIR');
  expect(execFailure(path.join(bin, 'dangling'), null)).toBe('ENOENT');
  expect(execFailure(path.join(bin, 'round'), null)).toBe('ELOOP');
});

test.skipIf(process.getuid?.() !== 0)(
  'for another user: the bits of the file, and of the folders before it',
  () => {
    const { app, bin, folder } = withFile('#!/bin/sh\n', 0o755);
    expect(execFailure(app, NOBODY)).toBeNull();
    // To a group that nobody may be in; only the kernel knows.
    chmodSync(app, 0o710);
    expect(execFailure(app, NOBODY)).toBeNull();
    chmodSync(app, 0o700);
    expect(execFailure(app, NOBODY)).toBe('EACCES');
    expect(execFailure(app, 0)).toBeNull();
    chmodSync(app, 0o755);
    chmodSync(bin, 0o700);
    expect(execFailure(app, NOBODY)).toBe('EACCES');
    symlinkSync('bin/app', path.join(folder, 'link'));
    expect(execFailure(path.join(folder, 'link'), NOBODY)).toBe('EACCES');
  },
);
