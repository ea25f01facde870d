import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { inspect } from '../../../src/triggers/watch/stat-identity.ts';
import { put, replace, temporaryFolder } from './folder.ts';

describe('inspect', () => {
  test('keeps its identity until the file is touched', () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const before = inspect([path]);
    expect(before.complete).toBe(true);
    expect(inspect([path]).identity).toBe(before.identity);
    replace(path, 'one');
    expect(inspect([path]).identity).not.toBe(before.identity);
  });

  test('is incomplete while anything is missing, empty, no file, or a folder without files', () => {
    const folder = temporaryFolder();
    const good = put(`${folder}/good`, 'x');
    mkdirSync(`${folder}/bare/inner`, { recursive: true });
    const bad = [
      `${folder}/none`,
      `${good}/below-a-file`,
      put(`${folder}/empty`, ''),
      '/dev/null',
      `${folder}/bare`,
    ];
    expect(inspect([good]).complete).toBe(true);
    for (const path of bad) expect(inspect([good, path]).complete, path).toBe(false);
  });

  test('collects a folder by sorted names, without following links to folders', () => {
    const folder = temporaryFolder();
    put(`${folder}/outside/secret`, 'x');
    put(`${folder}/dist/b.js`, 'x');
    put(`${folder}/dist/a/c.js`, '');
    symlinkSync('../outside', `${folder}/dist/link-out`);
    symlinkSync('..', `${folder}/dist/loop`);
    symlinkSync('../outside/secret', `${folder}/dist/z.js`);
    symlinkSync('nowhere', `${folder}/dist/dangling`);
    symlinkSync('dist', `${folder}/newest`);
    const inspection = inspect([`${folder}/newest`]);
    expect(inspection.files.map((file) => file.label)).toEqual(['0/a/c.js', '0/b.js', '0/z.js']);
    expect(inspection.folders.map((each) => each.path)).toEqual([`${folder}/dist`, `${folder}/dist/a`]);
    expect(inspection.complete).toBe(true);
    chmodSync(`${folder}/dist/a/c.js`, 0o600);
    expect(inspect([`${folder}/newest`]).identity).not.toBe(inspection.identity);
  });

  test('stops at 10,000 entries and says so', () => {
    const folder = temporaryFolder();
    for (let index = 0; index < 10_001; index += 1) symlinkSync('nowhere', `${folder}/${index}`);
    expect(inspect([folder]).truncated).toBe(true);
  });
});
