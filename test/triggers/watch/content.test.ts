import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../src/triggers/watch/content.ts';
import { fileIdentity, inspect, type WatchedFile } from '../../../src/triggers/watch/stat-identity.ts';
import { put, temporaryFolder } from './folder.ts';

const contentAt = (...paths: string[]): Promise<string | null> => contentOf(inspect(paths));

describe('contentOf', () => {
  test('is the same for the same bytes, whatever the file, and another one for others', async () => {
    const folder = temporaryFolder();
    const big = 'x'.repeat(1_000_000);
    const [one, copy, other] = [
      await contentAt(put(`${folder}/one`, big)),
      await contentAt(put(`${folder}/copy`, big)),
      await contentAt(put(`${folder}/other`, `${big}y`)),
    ];
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(copy).toBe(one);
    expect(other).not.toBe(one);
  });

  test('tells which of several files holds what, and the names below a folder', async () => {
    const folder = temporaryFolder();
    const [a, b] = [put(`${folder}/a`, '1'), put(`${folder}/b`, '2')];
    expect(await contentAt(a, b)).not.toBe(await contentAt(b, a));
    put(`${folder}/x/name`, '1');
    put(`${folder}/y/other-name`, '1');
    expect(await contentAt(`${folder}/x`)).not.toBe(await contentAt(`${folder}/y`));
  });

  test('does not count when the file changed since it was looked at, or while it is read', async () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const inspection = inspect([path]);
    writeFileSync(path, 'longer');
    expect(await contentOf(inspection)).toBeNull();
    const reading = contentAt(path);
    writeFileSync(path, 'longer still');
    expect(await reading).toBeNull();
    expect(await contentAt(path)).not.toBeNull();
  });

  test('does not wait for the writer of a FIFO that has taken the place of a file', async () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const inspection = inspect([path]);
    rmSync(path);
    execFileSync('mkfifo', [path]);
    expect(await contentOf(inspection)).toBeNull();
  });

  test('takes what cannot be read by inode, size and modification time, so that a chmod is no change', async () => {
    const folder = temporaryFolder();
    const unreadable = (): WatchedFile => {
      const stats = statSync(folder, { bigint: true });
      return { label: '0', path: folder, identity: fileIdentity(stats), device: stats.dev, inode: stats.ino };
    };
    const before = await contentOf({ files: [unreadable()], places: '' });
    chmodSync(folder, 0o711);
    expect(await contentOf({ files: [unreadable()], places: '' })).toBe(before);
    put(`${folder}/changed`, '');
    expect(await contentOf({ files: [unreadable()], places: '' })).not.toBe(before);
    expect(before).not.toBeNull();
  });
});
