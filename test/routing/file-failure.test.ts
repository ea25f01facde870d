import { expect, test } from 'vitest';
import { fileFailure } from '../../src/routing/file-failure.ts';

test.each(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST', 'ENOENT', 'ELOOP'])(
  '%s is said with the folder and the code, in one line',
  (code) => {
    const error = Object.assign(new Error(`${code}: what Node says, rename 'x'`), { code });
    const reason = fileFailure(error, '/run/api');
    expect(reason).toMatch(new RegExp(`/run/api.*\\(${code}\\)`));
    expect(reason).not.toMatch(/\n|what Node says/);
  },
);

test('others are said as Node says them', () => {
  const error = Object.assign(new Error("EIO: i/o error, rename 'x'"), { code: 'EIO' });
  expect(fileFailure(error, '/run/api')).toBe(
    "the files in /run/api cannot be changed: EIO: i/o error, rename 'x'",
  );
});
