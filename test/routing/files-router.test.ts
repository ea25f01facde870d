import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ServiceConfig } from '../../src/config/types.ts';
import { openRouter } from '../../src/routing/open-router.ts';
import type { Router } from '../../src/routing/router.ts';
import { fingerprint } from '../../src/util/fingerprint.ts';
import { failureOf } from '../support/failure-of.ts';
import { until } from '../support/until.ts';
import { byFiles, routed, temporaryFolder } from './service.ts';

const WITHIN_MS = 1_000;
const TEMPORARY = `.alternate-${fingerprint('api')}`;

function routerOf(folder: string, given: Partial<ServiceConfig> = {}, used: string[] = []): Router {
  return openRouter(byFiles(folder), routed(byFiles(folder), given), used);
}

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

function withUmask(mask: number): void {
  const before = process.umask(mask);
  onTestFinished(() => {
    process.umask(before);
  });
}

describe('directing', () => {
  test('makes the folder and the file', async () => {
    const folder = path.join(temporaryFolder(), 'run/api');
    expect(failureOf(await routerOf(folder).direct('a', WITHIN_MS))).toBeNull();
    expect(readdirSync(folder)).toEqual(['a']);
    expect(readFileSync(path.join(folder, 'a'), 'utf8')).toBe('a\n');
  });

  test('writes the address into the file where it is known', async () => {
    const folder = temporaryFolder();
    await routerOf(folder, { parameters: ['3000', '3001'], address: '127.0.0.1:%alt' }).direct('3001', 1_000);
    expect(readFileSync(path.join(folder, '3001'), 'utf8')).toBe('127.0.0.1:3001\n');
  });

  test('removes the file of the one before, and of one that an earlier configuration had', async () => {
    const folder = temporaryFolder();
    for (const name of ['a', 'c']) writeFileSync(path.join(folder, name), 'x');
    expect(failureOf(await routerOf(folder, {}, ['c']).direct('b', WITHIN_MS))).toBeNull();
    expect(readdirSync(folder)).toEqual(['b']);
  });

  test('touches nothing else', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'c'), 'of somebody else');
    mkdirSync(path.join(folder, 'folder'));
    symlinkSync('nowhere', path.join(folder, 'link'));
    const router = routerOf(folder);
    for (const to of ['a', 'b', 'a']) await router.direct(to, WITHIN_MS);
    await router.withdraw('stopped', WITHIN_MS);
    expect(readdirSync(folder).sort()).toEqual(['c', 'folder', 'link']);
    expect(readFileSync(path.join(folder, 'c'), 'utf8')).toBe('of somebody else');
    expect(readlinkSync(path.join(folder, 'link'))).toBe('nowhere');
  });

  test('leaves a file that is right as it is', async () => {
    const folder = temporaryFolder();
    const router = routerOf(folder);
    await router.direct('a', WITHIN_MS);
    const before = statSync(path.join(folder, 'a'), { bigint: true });
    expect(failureOf(await router.direct('a', WITHIN_MS))).toBeNull();
    const after = statSync(path.join(folder, 'a'), { bigint: true });
    expect([after.ino, after.ctimeNs]).toEqual([before.ino, before.ctimeNs]);
  });

  test('writes a file anew whose content is not right', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'a'), '127.0.0.1:1\n');
    expect(failureOf(await routerOf(folder).direct('a', WITHIN_MS))).toBeNull();
    expect(readFileSync(path.join(folder, 'a'), 'utf8')).toBe('a\n');
  });

  test('lets everybody read, whatever the umask is', async () => {
    const base = temporaryFolder();
    withUmask(0o777);
    expect(failureOf(await routerOf(path.join(base, 'run/api')).direct('a', WITHIN_MS))).toBeNull();
    expect(modeOf(path.join(base, 'run'))).toBe('755');
    expect(modeOf(path.join(base, 'run/api'))).toBe('755');
    expect(modeOf(path.join(base, 'run/api/a'))).toBe('644');
  });

  test('leaves the mode of a folder that is there', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o710);
    await routerOf(folder).direct('a', WITHIN_MS);
    expect(modeOf(folder)).toBe('710');
  });

  test('overwrites what a crash has left under the temporary name, and follows no link there', async () => {
    const folder = temporaryFolder();
    const victim = path.join(folder, 'victim');
    writeFileSync(victim, 'untouched');
    symlinkSync(victim, path.join(folder, TEMPORARY));
    expect(failureOf(await routerOf(folder).direct('a', WITHIN_MS))).toBeNull();
    expect(readdirSync(folder).sort()).toEqual(['a', 'victim']);
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
    expect(lstatSync(path.join(folder, 'a')).isFile()).toBe(true);
  });

  test('a folder behind a symbolic link will do', async () => {
    const base = temporaryFolder();
    mkdirSync(path.join(base, 'real'));
    symlinkSync('real', path.join(base, 'link'));
    expect(failureOf(await routerOf(path.join(base, 'link')).direct('a', WITHIN_MS))).toBeNull();
    expect(readdirSync(path.join(base, 'real'))).toEqual(['a']);
  });
});

test('nobody who looks finds no file, however often the route is switched', async () => {
  const base = temporaryFolder();
  const folder = path.join(base, 'api');
  const router = routerOf(folder);
  await router.direct('a', WITHIN_MS);
  const end = path.join(base, 'end');
  const watcher = new Worker(new URL('folder-watcher.mjs', import.meta.url), {
    workerData: { folder, until: end },
  });
  onTestFinished(async () => {
    await watcher.terminate();
  });
  const messages: unknown[] = [];
  watcher.on('message', (message) => messages.push(message));
  await until('the watcher to look', () => messages.length > 0);
  for (let count = 0; count < 200; count++) {
    expect(failureOf(await router.direct(count % 2 === 0 ? 'b' : 'a', WITHIN_MS))).toBeNull();
  }
  writeFileSync(end, '');
  await until('what the watcher saw', () => messages.length > 1);
  const seen = messages[1] as { looks: number; none: number; both: number };
  expect(seen.none).toBe(0);
  // It looked at the right moments: in between, both are there.
  expect(seen.both).toBeGreaterThan(0);
});

describe('withdrawing', () => {
  test.each(['stopped', 'lost'] as const)('removes the files of all parameters: %s', async (because) => {
    const folder = temporaryFolder();
    for (const name of ['a', 'b', 'c', 'mine']) writeFileSync(path.join(folder, name), 'x');
    expect(failureOf(await routerOf(folder, {}, ['c']).withdraw(because, WITHIN_MS))).toBeNull();
    expect(readdirSync(folder)).toEqual(['mine']);
  });

  test('makes no folder', async () => {
    const folder = path.join(temporaryFolder(), 'api');
    expect(failureOf(await routerOf(folder).withdraw('stopped', WITHIN_MS))).toBeNull();
    expect(existsSync(folder)).toBe(false);
  });
});

describe('looking', () => {
  async function directed(): Promise<{ folder: string; router: Router }> {
    const folder = temporaryFolder();
    const router = routerOf(folder);
    await router.direct('a', WITHIN_MS);
    return { folder, router };
  }

  test('finds nothing to mend', async () => {
    const { router } = await directed();
    expect(await router.deviation('a', WITHIN_MS)).toBeNull();
  });

  test.each([
    [
      'a file that is gone',
      / is gone$/,
      (folder: string) => {
        rmSync(path.join(folder, 'a'));
      },
    ],
    [
      'a folder that is gone',
      / is gone$/,
      (folder: string) => {
        rmSync(folder, { recursive: true });
      },
    ],
    [
      'one file too many',
      /\/b exists too$/,
      (folder: string) => {
        writeFileSync(path.join(folder, 'b'), 'b\n');
      },
    ],
  ])('finds %s, which can be mended', async (_name, reason, spoil) => {
    const { folder, router } = await directed();
    spoil(folder);
    expect(await router.deviation('a', WITHIN_MS)).toEqual({
      reason: expect.stringMatching(reason) as unknown,
      fixable: true,
    });
    expect(failureOf(await router.direct('a', WITHIN_MS))).toBeNull();
    expect(await router.deviation('a', WITHIN_MS)).toBeNull();
  });

  test('says where it cannot look', async () => {
    const file = path.join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const found = await routerOf(path.join(file, 'api')).deviation('a', WITHIN_MS);
    expect(found).toMatchObject({ fixable: false, reason: expect.stringContaining('ENOTDIR') as unknown });
  });
});

describe('what is in the way is said, and nothing is changed', () => {
  test.each([
    [
      'a folder',
      /\/b is a folder, but a file must have this name/,
      (place: string) => {
        mkdirSync(place);
      },
    ],
    [
      'a symbolic link',
      /\/b is not a regular file/,
      (place: string) => {
        symlinkSync('a', place);
      },
    ],
  ])('%s in the place of the file, or of the other one', async (_name, reason, put) => {
    const folder = temporaryFolder();
    const router = routerOf(folder);
    await router.direct('a', WITHIN_MS);
    put(path.join(folder, 'b'));
    expect(failureOf(await router.direct('b', WITHIN_MS))).toMatch(reason);
    expect(readdirSync(folder).sort()).toEqual(['a', 'b']);
    renameSync(path.join(folder, 'a'), path.join(folder, 'aside'));
    expect(failureOf(await router.direct('a', WITHIN_MS))).toMatch(reason);
    expect(existsSync(path.join(folder, 'a'))).toBe(false);
  });

  test('a file in the place of the folder, or of one above', async () => {
    const file = path.join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(failureOf(await routerOf(file).direct('a', WITHIN_MS))).toMatch(
      /file, or a part of its path, is not a folder.*ENOTDIR/,
    );
    expect(failureOf(await routerOf(path.join(file, 'api')).direct('a', WITHIN_MS))).toMatch(/ENOTDIR/);
  });

  test.skipIf(!existsSync('/proc/self'))('a folder that cannot be made (needs /proc)', async () => {
    expect(failureOf(await routerOf('/proc/nowhere/api').direct('a', WITHIN_MS))).toMatch(
      /^\/proc\/nowhere\/api does not exist and cannot be created \(ENOENT\)/,
    );
  });

  test.skipIf(process.getuid?.() === 0)('a folder of somebody else (not as root)', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o555);
    expect(failureOf(await routerOf(folder).direct('a', WITHIN_MS))).toMatch(
      /this user may not change files in .*EACCES/,
    );
  });
});

describe.skipIf(process.getuid?.() !== 0)('a manager that is root, in a folder of another user', () => {
  const USER = 65_534;

  /** A folder of that user, and one of root that nobody else may enter. */
  function stage(): { site: string; secret: string } {
    const base = temporaryFolder();
    chmodSync(base, 0o755);
    const [site, secret] = [path.join(base, 'site'), path.join(base, 'secret')];
    mkdirSync(site);
    chownSync(site, USER, USER);
    mkdirSync(secret, { mode: 0o700 });
    return { site, secret };
  }

  test('makes the folder for that user', async () => {
    const { site } = stage();
    expect(failureOf(await routerOf(path.join(site, 'run/api')).direct('a', WITHIN_MS))).toBeNull();
    expect(readdirSync(path.join(site, 'run/api'))).toEqual(['a']);
    expect(statSync(path.join(site, 'run')).uid).toBe(USER);
  });

  test('neither makes nor removes a file where that user has put a link', async () => {
    const { site, secret } = stage();
    const folder = path.join(site, 'run');
    mkdirSync(folder);
    const router = routerOf(folder);
    expect(failureOf(await router.direct('a', WITHIN_MS))).toBeNull();
    rmSync(folder, { recursive: true });
    symlinkSync(secret, folder);
    for (const name of ['b', TEMPORARY]) writeFileSync(path.join(secret, name), 'precious');
    for (const act of [() => router.direct('a', WITHIN_MS), () => router.withdraw('stopped', WITHIN_MS)])
      expect(failureOf(await act())).toMatch(
        /run belongs to root .* is a symbolic link, .*: name a folder in route.files/,
      );
    expect(readdirSync(secret).sort()).toEqual([TEMPORARY, 'b']);
    expect(readFileSync(path.join(secret, 'b'), 'utf8')).toBe('precious');
  });

  test('waits for no writer of a FIFO', async () => {
    const { site } = stage();
    const router = routerOf(site);
    // Found as a file, and replaced before it is read.
    writeFileSync(path.join(site, 'a'), 'x');
    const directing = router.direct('a', WITHIN_MS);
    rmSync(path.join(site, 'a'));
    execFileSync('mkfifo', [path.join(site, 'a')]);
    await directing;
    expect(existsSync(path.join(site, 'a'))).toBe(true);
  });
});
