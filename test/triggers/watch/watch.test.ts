import {
  chmodSync,
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { point, put, replace, temporaryFolder } from './folder.ts';
import { looksToSettle, restless, startService } from './service.ts';

describe('each way of deploying leads to one request, by hints alone', () => {
  const ways: readonly (readonly [string, (path: string, text: string) => void])[] = [
    ['a rename over the file', replace],
    [
      'a rewrite in place',
      (path, text) => {
        writeFileSync(path, text);
      },
    ],
    [
      'delete, then create',
      (path, text) => {
        unlinkSync(path);
        put(path, text);
      },
    ],
    [
      'move away, then create',
      (path, text) => {
        renameSync(path, `${path}.old`);
        put(path, text);
      },
    ],
  ];
  test.each(ways)('%s', async (_name, deploy) => {
    const path = put(`${temporaryFolder()}/bin/app`, 'one');
    const service = startService([path]);
    for (const [index, text] of ['two', 'three', 'four'].entries()) {
      deploy(path, text);
      await service.requests(index + 1);
    }
    expect(service.launched).toEqual(['two', 'three', 'four']);
  });

  test('a program that two services share', async () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const services = [startService([path]), startService([path])];
    for (const [index, text] of ['two', 'three', 'four'].entries()) {
      replace(path, text);
      await Promise.all(services.map((service) => service.requests(index + 1)));
    }
  });

  test('the link of a folder higher up', async () => {
    const folder = temporaryFolder();
    for (const release of ['1', '2', '3']) put(`${folder}/releases/${release}/bin/app`, `release ${release}`);
    symlinkSync('releases/1', `${folder}/current`);
    const service = startService([`${folder}/current/bin/app`]);
    point(`${folder}/current`, 'releases/2');
    await service.requests(1);
    point(`${folder}/current`, `${folder}/releases/3`);
    await service.requests(2);
    replace(`${folder}/releases/3/bin/app`, 'release 3, patched');
    await service.requests(3);
    point(`${folder}/current`, 'releases/1');
    await service.requests(4);
    expect(service.launched).toEqual(['release 2', 'release 3', 'release 3, patched', 'release 1']);
  });

  test('a link that leads to another place with the same content', async () => {
    const folder = temporaryFolder();
    put(`${folder}/releases/1/app`, 'same');
    put(`${folder}/releases/2/app`, 'same');
    // A hard link has the same inode and times: nothing but its place differs.
    mkdirSync(`${folder}/releases/3`);
    linkSync(`${folder}/releases/2/app`, `${folder}/releases/3/app`);
    symlinkSync('releases/1', `${folder}/current`);
    const service = startService([`${folder}/current/app`]);
    point(`${folder}/current`, 'releases/2');
    await service.requests(1);
    point(`${folder}/current`, 'releases/3');
    await service.requests(2);
    point(`${folder}/current`, 'releases/1');
    await service.requests(3);
  });

  test("the file's own link", async () => {
    const folder = temporaryFolder();
    put(`${folder}/app-1`, 'one');
    put(`${folder}/app-2`, 'two');
    symlinkSync('app-1', `${folder}/app`);
    const service = startService([`${folder}/app`]);
    point(`${folder}/app`, 'app-2');
    await service.requests(1);
    writeFileSync(`${folder}/app-2`, 'two, patched');
    await service.requests(2);
    writeFileSync(`${folder}/app-1`, 'nobody runs this');
    point(`${folder}/app`, `${folder}/app-1`);
    await service.requests(3);
    expect(service.launched).toEqual(['two', 'two, patched', 'nobody runs this']);
  });

  test("Kubernetes' ..data", async () => {
    const folder = temporaryFolder();
    put(`${folder}/..2026_01/app`, 'one');
    symlinkSync('..2026_01', `${folder}/..data`);
    symlinkSync('..data/app', `${folder}/app`);
    const service = startService([`${folder}/app`]);
    put(`${folder}/..2026_02/app`, 'two');
    point(`${folder}/..data`, '..2026_02');
    rmSync(`${folder}/..2026_01`, { recursive: true });
    await service.requests(1);
    expect(service.launched).toEqual(['two']);
  });

  test('any of several files, or a file below a folder', async () => {
    const folder = temporaryFolder();
    const program = put(`${folder}/app`, 'program');
    const settings = put(`${folder}/settings`, 'a');
    put(`${folder}/dist/index.js`, 'a');
    put(`${folder}/dist/lib/deep.js`, 'a');
    const service = startService([program, settings, `${folder}/dist`]);
    writeFileSync(settings, 'b');
    await service.requests(1);
    replace(`${folder}/dist/lib/deep.js`, 'b');
    await service.requests(2);
    put(`${folder}/dist/lib/more/new.js`, 'a');
    await service.requests(3);
    writeFileSync(`${folder}/dist/lib/more/new.js`, 'b');
    await service.requests(4);
    rmSync(`${folder}/dist/lib`, { recursive: true });
    await service.requests(5);
    expect(service.launched).toHaveLength(5);
  });
});

describe('what is no change', () => {
  const nonChanges: readonly (readonly [string, (path: string) => void])[] = [
    [
      'a touch',
      (path) => {
        utimesSync(path, new Date(), new Date());
      },
    ],
    [
      'a chmod',
      (path) => {
        chmodSync(path, 0o700);
      },
    ],
    [
      'an identical copy over it',
      (path) => {
        copyFileSync(path, `${path}.new`);
        renameSync(`${path}.new`, path);
      },
    ],
    [
      'the same text written in place',
      (path) => {
        writeFileSync(path, 'one');
      },
    ],
  ];
  test.each(nonChanges)('%s', async (_name, touch) => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const service = startService([path], { timing: restless });
    await service.looks(looksToSettle);
    touch(path);
    await service.looks(looksToSettle);
    expect(service.launched).toEqual([]);
    replace(path, 'two');
    await service.requests(1);
    expect(service.launched).toEqual(['two']);
  });
});

describe('settling', () => {
  test('waits for the end of a slow copy that stalls longer than the quiet time', async () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const service = startService([path], { timing: restless });
    const file = openSync(path, 'w');
    for (const part of ['t', 'w', 'o']) {
      writeSync(file, part);
      await service.looks(looksToSettle);
    }
    expect(service.launched).toEqual([]);
    closeSync(file);
    await service.requests(1);
    expect(service.launched).toEqual(['two']);
  });

  test('ends a burst of 60 replacements on the last one, in a few requests', async () => {
    const path = put(`${temporaryFolder()}/app`, 'release 0');
    const service = startService([path]);
    for (let release = 1; release <= 60; release += 1) {
      replace(path, `release ${release}`);
      await nextTurn();
    }
    while (service.launched.at(-1) !== 'release 60') await service.requests(service.launched.length + 1);
    expect(service.launched.length).toBeLessThanOrEqual(5);
    replace(path, 'after');
    await service.requests(service.launched.length + 1);
    expect(service.launched.at(-1)).toBe('after');
  });

  test('waits for a file that is missing, then empty', async () => {
    const path = put(`${temporaryFolder()}/bin/app`, 'one');
    const service = startService([path], { timing: { ...restless, missingPatienceMs: 50 } });
    rmSync(path);
    await service.looks(looksToSettle);
    put(path, '');
    await service.looks(looksToSettle);
    expect(service.launched).toEqual([]);
    writeFileSync(path, 'two');
    await service.requests(1);
    expect(service.launched).toEqual(['two']);
  });

  test('notices a file created where nothing was at the start, once its folder is there', async () => {
    const path = `${temporaryFolder()}/not/yet/app`;
    const service = startService([path], { timing: { missingPatienceMs: 50 } });
    await service.looks(2);
    put(path, 'first');
    await service.requests(1);
    expect(service.launched).toEqual(['first']);
  });

  test('notices a folder moved away and another one moved to its place, by the tick', async () => {
    const folder = temporaryFolder();
    const path = put(`${folder}/dist/bin/app`, 'one');
    put(`${folder}/dist.new/bin/app`, 'two');
    const service = startService([path], { timing: restless });
    await service.looks(looksToSettle);
    renameSync(`${folder}/dist`, `${folder}/dist.old`);
    renameSync(`${folder}/dist.new`, `${folder}/dist`);
    await service.requests(1);
    expect(service.launched).toEqual(['two']);
  });
});
