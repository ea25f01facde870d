import { existsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LogFile, type LogLimits } from '../../../src/output/files/log-file.ts';
import { LogFiles } from '../../../src/output/files/log-files.ts';
import type { OutputReport } from '../../../src/api/event.ts';
import { FileSink } from '../../../src/output/sinks.ts';
import { until } from '../../support/until.ts';

const UNLIMITED: LogLimits = { maxSizeBytes: null, maxFiles: 3 };

let folder: string;
let events: OutputReport[];
let opened: LogFile[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alternate-log-'));
  events = [];
  opened = [];
});

afterEach(async () => {
  for (const file of opened) {
    await file.idle();
    await file.close();
  }
  await rm(folder, { recursive: true });
});

function openLog(path: string, limits: LogLimits = UNLIMITED, user = process.getuid?.() ?? 0): LogFile {
  const file = new LogFile(path, limits, (event) => events.push(event), user);
  opened.push(file);
  return file;
}

const read = (name: string): Promise<string> => readFile(join(folder, name), 'latin1');

describe('a log file', () => {
  test('is appended to, in folders made for it', async () => {
    const file = openLog(join(folder, 'a', 'b', 'log'));
    file.write(Buffer.from('one\n'));
    file.write(Buffer.from('two\n'));
    await file.idle();
    expect(await read('a/b/log')).toBe('one\ntwo\n');
    await writeFile(join(folder, 'as a shell makes it'), '');
    const usual = await stat(join(folder, 'as a shell makes it'));
    expect((await stat(join(folder, 'a/b/log'))).mode).toBe(usual.mode);
  });

  test('is there from the start, and keeps what an earlier manager wrote', async () => {
    await writeFile(join(folder, 'old'), 'before\n');
    const [fresh, old] = [openLog(join(folder, 'fresh')), openLog(join(folder, 'old'))];
    await fresh.idle();
    expect(await read('fresh')).toBe('');
    old.write(Buffer.from('after\n'));
    await old.idle();
    expect(await read('old')).toBe('before\nafter\n');
  });

  test('is rotated before it grows too big, at line ends, keeping so many files', async () => {
    const file = openLog(join(folder, 'log'), { maxSizeBytes: 20, maxFiles: 2 });
    file.write(Buffer.from('line 1\nline 2\nline 3\nline 4\n'));
    for (let number = 5; number <= 9; number++) file.write(Buffer.from(`line ${number}\n`));
    await file.idle();
    expect((await readdir(folder)).sort()).toEqual(['log', 'log.1', 'log.2']);
    expect(await read('log.2')).toBe('line 5\nline 6\n');
    expect(await read('log.1')).toBe('line 7\nline 8\n');
    expect(await read('log')).toBe('line 9\n');
  });

  test('fills each file to the last line that fits', async () => {
    const file = openLog(join(folder, 'log'), { maxSizeBytes: 14, maxFiles: 9 });
    file.write(Buffer.from('line 1\nline 2\nline 3\n'));
    await file.idle();
    expect([await read('log.1'), await read('log')]).toEqual(['line 1\nline 2\n', 'line 3\n']);
  });

  test('keeps no old file where none is wanted', async () => {
    const file = openLog(join(folder, 'log'), { maxSizeBytes: 10, maxFiles: 0 });
    file.write(Buffer.from('line 1\nline 2\n'));
    await file.idle();
    expect(await readdir(folder)).toEqual(['log']);
    expect(await read('log')).toBe('line 2\n');
  });

  test('cuts a line only where it is longer than a whole file', async () => {
    const file = openLog(join(folder, 'log'), { maxSizeBytes: 10, maxFiles: 5 });
    file.write(Buffer.from('short\n'));
    file.write(Buffer.from('0123456789012345\n'));
    await file.idle();
    expect([await read('log.2'), await read('log.1'), await read('log')]).toEqual([
      'short\n',
      '0123456789',
      '012345\n',
    ]);
  });

  test('counts what an earlier manager wrote', async () => {
    await writeFile(join(folder, 'log'), 'before\n');
    const file = openLog(join(folder, 'log'), { maxSizeBytes: 10, maxFiles: 5 });
    file.write(Buffer.from('after\n'));
    await file.idle();
    expect([await read('log.1'), await read('log')]).toEqual(['before\n', 'after\n']);
  });

  test('grows on where it cannot be renamed, and says so once', async () => {
    await mkdir(join(folder, 'log.1', 'in the way'), { recursive: true });
    const file = openLog(join(folder, 'log'), { maxSizeBytes: 10, maxFiles: 1 });
    for (let number = 1; number <= 5; number++) file.write(Buffer.from(`line ${number}\n`));
    await file.idle();
    expect(await read('log')).toBe('line 1\nline 2\nline 3\nline 4\nline 5\n');
    expect(events).toEqual([
      { type: 'output-not-rotated', file: join(folder, 'log'), reason: expect.any(String) as string },
    ]);
  });

  test('is opened by its name again after another program has renamed it', async () => {
    const file = openLog(join(folder, 'log'));
    file.write(Buffer.from('one\n'));
    await file.idle();
    await rename(join(folder, 'log'), join(folder, 'log.old'));
    file.write(Buffer.from('two\n'));
    await file.idle();
    file.reopen();
    await file.idle();
    expect(await read('log')).toBe('');
    file.write(Buffer.from('three\n'));
    await file.idle();
    expect([await read('log.old'), await read('log')]).toEqual(['one\ntwo\n', 'three\n']);
  });

  test('is made again when its whole folder was removed', async () => {
    const file = openLog(join(folder, 'logs', 'log'));
    await file.idle();
    await rm(join(folder, 'logs'), { recursive: true });
    await until('the file to be back', async () => {
      file.write(Buffer.from('line\n'));
      await file.idle();
      return existsSync(join(folder, 'logs', 'log'));
    });
  });

  test('is never rotated when it is a pipe or a device', async () => {
    await symlink('/dev/null', join(folder, 'log'));
    const file = openLog(join(folder, 'log'), { maxSizeBytes: 10, maxFiles: 5 });
    for (let number = 1; number <= 5; number++) file.write(Buffer.from(`line ${number}\n`));
    await file.idle();
    expect(await readdir(folder)).toEqual(['log']);
  });

  test('counts what is lost while it cannot be opened, and tries again', async () => {
    await mkdir(join(folder, 'log'));
    const file = openLog(join(folder, 'log'));
    await file.idle();
    file.write(Buffer.from('lost\n'));
    await rm(join(folder, 'log'), { recursive: true });
    await until('output to be restored', async () => {
      file.write(Buffer.from('line\n'));
      await file.idle();
      return events.length === 2;
    });
    expect(events[0]).toEqual({ type: 'output-lost', file: file.path, reason: 'EISDIR', bytes: 0 });
    const restored = events[1];
    expect(restored).toMatchObject({ type: 'output-restored', file: file.path, reason: 'EISDIR' });
    const lost = restored?.type === 'output-restored' ? restored.bytes : 0;
    expect(lost % 5).toBe(0);
    expect(lost).toBeGreaterThan(0);
    expect(await read('log')).toBe('line\n');
  });

  test.skipIf(!existsSync('/dev/full'))(
    'survives a full disk (/dev/full) and goes on afterwards',
    async () => {
      const path = join(folder, 'log');
      await symlink('/dev/full', path);
      const file = openLog(path);
      file.write(Buffer.from('lost 1\n'));
      await file.idle();
      file.write(Buffer.from('lost 2\n'));
      expect(events).toEqual([{ type: 'output-lost', file: path, reason: 'ENOSPC', bytes: 7 }]);
      expect(file.gate.isShut).toBe(false);

      await unlink(path);
      await until('output to be restored', async () => {
        file.write(Buffer.from('kept\n'));
        await file.idle();
        return events.length === 2;
      });
      expect(events[1]).toMatchObject({ type: 'output-restored', reason: 'ENOSPC' });
      expect(await read('log')).toBe('kept\n');
    },
  );

  test('holds its writers back while more than 1 MiB waits', async () => {
    const file = openLog(join(folder, 'log'));
    const block = Buffer.from(`${'x'.repeat(65_535)}\n`);
    for (let count = 0; count < 17; count++) file.write(block);
    expect(file.gate.isShut).toBe(true);
    await file.idle();
    expect(file.gate.isShut).toBe(false);
    expect((await stat(file.path)).size).toBe(17 * 65_536);
  });
});

describe('what two streams write to one log file', () => {
  test('stays in whole lines, and rotation cuts none of them', async () => {
    const file = openLog(join(folder, 'log'), { maxSizeBytes: 100, maxFiles: 99 });
    const sinks = [new FileSink(file), new FileSink(file)];
    const inputs = ['stdout', 'stderr'].map((name) =>
      Array.from({ length: 60 }, (_, index) => `${name} ${index}\n`).join(''),
    );
    for (let at = 0; at < 800; at += 7) {
      sinks.forEach((sink, index) => {
        sink.push(Buffer.from(inputs[index]?.slice(at, at + 7) ?? ''));
      });
    }
    for (const sink of sinks) sink.end();
    await file.idle();

    const names = (await readdir(folder)).sort((a, b) => Number(b.slice(4)) - Number(a.slice(4)));
    const contents = await Promise.all(names.map(read));
    for (const content of contents) {
      expect(content.length).toBeLessThanOrEqual(100);
      expect(content).toMatch(/^((stdout|stderr) \d+\n)+$/);
    }
    const lines = contents.join('').split(/(?<=\n)/);
    expect(lines.filter((line) => line.startsWith('stdout')).join('')).toBe(inputs[0]);
    expect(lines.filter((line) => line.startsWith('stderr')).join('')).toBe(inputs[1]);
  });

  test('is neither lengthened nor cut where the last line has no newline', async () => {
    const file = openLog(join(folder, 'log'));
    const sink = new FileSink(file);
    sink.push(Buffer.from('one\nlast'));
    sink.end();
    await file.idle();
    expect(await read('log')).toBe('one\nlast');
  });
});

describe('the log files in use', () => {
  test('have one writer a path, which is closed when nobody uses it any more', async () => {
    const files = new LogFiles((event) => events.push(event));
    const path = join(folder, 'log');
    const first = files.acquire(path, UNLIMITED);
    expect(files.acquire(path, { maxSizeBytes: 10, maxFiles: 1 })).toBe(first);
    expect(first.limits.maxSizeBytes).toBe(10);
    await files.release(first);
    expect(files.acquire(path, UNLIMITED)).toBe(first);
    await files.release(first);
    await files.release(first);
    const next = files.acquire(path, UNLIMITED);
    expect(next).not.toBe(first);
    await files.release(next);
  });
});
