import { realpathSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { followPath } from '../../../src/triggers/watch/path-chain.ts';
import { put, replace, temporaryFolder } from './folder.ts';

describe('followPath', () => {
  test('lists every link on the way, relative and absolute ones, and ends where the kernel does', () => {
    const folder = temporaryFolder();
    put(`${folder}/releases/42/bin/app-1`, '');
    symlinkSync('app-1', `${folder}/releases/42/bin/app`);
    symlinkSync('../releases/./42', `${folder}/releases/newest`);
    symlinkSync(`${folder}/releases/newest`, `${folder}/current`);
    const chain = followPath(`${folder}/current/bin/../bin/app`);
    expect(chain.links).toEqual([
      `${folder}/current`,
      `${folder}/releases/newest`,
      `${folder}/releases/42/bin/app`,
    ]);
    expect(chain.end).toBe(realpathSync(`${folder}/current/bin/app`));
  });

  test('ends at the first thing that is missing, also behind a link', () => {
    const folder = temporaryFolder();
    symlinkSync('releases/42', `${folder}/current`);
    expect(followPath(`${folder}/current/bin/app`)).toEqual({
      links: [`${folder}/current`],
      end: `${folder}/releases`,
      inode: 'missing',
    });
  });

  test('ends for a loop of links', () => {
    const folder = temporaryFolder();
    symlinkSync('b', `${folder}/a`);
    symlinkSync('a', `${folder}/b`);
    expect(followPath(`${folder}/a/app`).links).toContain(`${folder}/b`);
  });

  test('tells a file from the one that replaced it', () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const before = followPath(path).inode;
    expect(followPath(path).inode).toBe(before);
    replace(path, 'one');
    expect(followPath(path).inode).not.toBe(before);
  });
});
