import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { LogFile } from '../../../src/output/files/log-file.ts';
import type { OutputReport } from '../../../src/api/event.ts';

const isRoot = process.getuid?.() === 0;
/** The user of the service. */
const APP = 65_534;
const OTHER = 65_533;

let folder: string;
let logs: string;
let secret: string;
let facts: OutputReport[];
let opened: LogFile[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alternate-owners-'));
  chmodSync(folder, 0o755);
  logs = folderOf(APP, 'logs');
  secret = join(folder, 'secret');
  mkdirSync(secret, { mode: 0o700 });
  writeFileSync(join(secret, 'key'), 'secret\n', { mode: 0o600 });
  facts = [];
  opened = [];
});

afterEach(async () => {
  for (const file of opened) {
    await file.idle();
    await file.close();
  }
  rmSync(folder, { recursive: true });
});

function folderOf(uid: number, name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  chownSync(path, uid, uid);
  return path;
}

/** A manager's log file for a service of the user `APP`, with a line written to it. */
async function written(path: string, { user = APP, maxSizeBytes = null as number | null } = {}) {
  const limits = { maxSizeBytes, maxFiles: 2 };
  const file = new LogFile(path, limits, (fact) => facts.push(fact), user);
  opened.push(file);
  await write(file);
  return file;
}

async function write(file: LogFile): Promise<void> {
  file.write(Buffer.from('line\n'));
  await file.idle();
}

const reasons = (): string[] => facts.map((fact) => ('reason' in fact ? fact.reason : fact.type));
const text = (path: string): string => readFileSync(path, 'utf8');

describe.skipIf(!isRoot)("a manager that is root, in a log folder of the service's user", () => {
  test('makes the file for that user, and folders too', async () => {
    await written(join(logs, 'a/b/api.log'));
    for (const name of ['a', 'a/b', 'a/b/api.log']) expect(statSync(join(logs, name)).uid).toBe(APP);
    expect(text(join(logs, 'a/b/api.log'))).toBe('line\n');
    expect(facts).toEqual([]);
  });

  test.each(['key', 'new'])('does not write where a link leads: a file of root (%s)', async (name) => {
    symlinkSync(join(secret, name), join(logs, 'api.log'));
    await written(join(logs, 'api.log'));
    expect(readdirSync(secret)).toEqual(['key']);
    expect(text(join(secret, 'key'))).toBe('secret\n');
    expect(reasons()[0]).toBe(
      `${join(logs, 'api.log')} belongs to root (mode 0777) and is a symbolic link, which root does not follow here`,
    );
  });

  test('nor where its folder has become a link', async () => {
    const file = await written(join(logs, 'api.log'), { maxSizeBytes: 6 });
    renameSync(logs, join(folder, 'moved'));
    symlinkSync(secret, logs);
    file.reopen();
    await write(file);
    // The link is root's here, and its folder too: followed, as an admin's. The user's own is not.
    expect(text(join(secret, 'api.log'))).toBe('line\n');
    rmSync(join(secret, 'api.log'));
    const theirs = folderOf(APP, 'theirs');
    symlinkSync(secret, join(theirs, 'logs'));
    await written(join(theirs, 'logs/api.log'));
    expect(readdirSync(secret)).toEqual(['key']);
    expect(reasons()[0]).toContain('logs belongs to root (mode 0777) and is a symbolic link');
  });

  test('renames nothing in a folder that a link leads to', async () => {
    const site = folderOf(APP, 'site');
    const file = await written(join(site, 'logs/api.log'), { maxSizeBytes: 6 });
    renameSync(join(site, 'logs'), join(site, 'moved'));
    symlinkSync(secret, join(site, 'logs'));
    for (const name of ['api.log', 'api.log.1']) writeFileSync(join(secret, name), name);
    await write(file);
    expect(readdirSync(secret).sort()).toEqual(['api.log', 'api.log.1', 'key']);
    expect(text(join(secret, 'api.log'))).toBe('api.log');
    expect(facts[0]?.type).toBe('output-not-rotated');
  });

  test.each([
    [
      'a hard link to a file of root',
      () => {
        linkSync(join(secret, 'key'), join(logs, 'api.log'));
      },
    ],
    [
      'a file of root that the user moved there',
      () => {
        renameSync(join(secret, 'key'), join(logs, 'api.log'));
      },
    ],
    [
      'a file of another user',
      () => {
        renameSync(join(secret, 'key'), join(logs, 'api.log'));
        chownSync(join(logs, 'api.log'), OTHER, OTHER);
      },
    ],
  ])('moves %s aside and does not write to it', async (_what, put) => {
    put();
    await written(join(logs, 'api.log'));
    expect(text(join(logs, 'api.log.1'))).toBe('secret\n');
    expect(text(join(logs, 'api.log'))).toBe('line\n');
    expect(statSync(join(logs, 'api.log')).uid).toBe(APP);
    expect(facts).toEqual([]);
  });

  test("appends to the user's own file, also by a second name", async () => {
    writeFileSync(join(logs, 'api.log'), 'before\n');
    chownSync(join(logs, 'api.log'), APP, APP);
    linkSync(join(logs, 'api.log'), join(logs, 'second'));
    await written(join(logs, 'api.log'));
    expect(text(join(logs, 'second'))).toBe('before\nline\n');
  });

  test('rotates', async () => {
    const file = await written(join(logs, 'api.log'), { maxSizeBytes: 6 });
    for (let count = 0; count < 3; count++) await write(file);
    expect(readdirSync(logs).sort()).toEqual(['api.log', 'api.log.1', 'api.log.2']);
    expect(facts).toEqual([]);
  });

  test('refuses a folder of root in it, which the user could have moved there, but for a service of root', async () => {
    mkdirSync(join(logs, 'root'), { mode: 0o700 });
    await written(join(logs, 'root/api.log'));
    expect(readdirSync(join(logs, 'root'))).toEqual([]);
    expect(reasons()[0]).toBe(
      `${join(logs, 'root')} belongs to root (mode 0700), but its parent folder belongs to another user, who could replace it`,
    );
    await written(join(logs, 'root/api.log'), { user: 0 });
    expect(readdirSync(join(logs, 'root'))).toEqual(['api.log']);
  });

  test('takes a folder of the service in a folder of another user', async () => {
    const site = folderOf(OTHER, 'site');
    mkdirSync(join(site, 'logs'));
    chownSync(join(site, 'logs'), APP, APP);
    await written(join(site, 'logs/api.log'));
    expect(text(join(site, 'logs/api.log'))).toBe('line\n');
  });

  test('never reaches a file of root while the user swaps names as fast as possible', async () => {
    const script = `cd "$0" || exit 1
      while :; do
        mkdir -p logs; : > logs/api.log; ln -sfn ../../secret/key logs/api.log; rm -f logs/api.log
        mv logs moved; ln -s ../secret logs; rm -f logs; ln ../secret/key moved/api.log 2>/dev/null; rm -rf moved
      done`;
    const site = folderOf(APP, 'site');
    const attacker = spawn('/bin/sh', ['-c', script, site], { uid: APP, gid: APP, stdio: 'ignore' });
    const ended = once(attacker, 'exit');
    onTestFinished(() => void attacker.kill('SIGKILL'));
    const file = await written(join(site, 'logs/api.log'), { maxSizeBytes: 6 });
    for (let count = 0; count < 300; count++) {
      file.reopen();
      await write(file);
    }
    attacker.kill('SIGKILL');
    await ended;
    expect(readdirSync(secret)).toEqual(['key']);
    expect(text(join(secret, 'key'))).toBe('secret\n');
    expect(lstatSync(join(secret, 'key')).nlink).toBe(1);
  });
});

describe.skipIf(!isRoot)('a manager that is root still writes', () => {
  test("through an admin's links to a folder and to a file", async () => {
    const data = folderOf(0, 'data');
    symlinkSync('data', join(folder, 'log'));
    symlinkSync(join(data, 'elsewhere.log'), join(data, 'linked.log'));
    await written(join(folder, 'log/api.log'), { user: 0 });
    await written(join(folder, 'log/linked.log'), { user: 0 });
    expect(text(join(data, 'api.log'))).toBe('line\n');
    expect(text(join(data, 'elsewhere.log'))).toBe('line\n');
  });

  test('below a folder that a group may write to, as /var/log of some systems', async () => {
    chownSync(folder, 0, OTHER);
    chmodSync(folder, 0o775);
    folderOf(0, 'data');
    symlinkSync('data', join(folder, 'log'));
    await written(join(folder, 'log/api.log'), { user: 0 });
    expect(text(join(folder, 'data/api.log'))).toBe('line\n');
  });

  test('to a device, and to a link to one', async () => {
    symlinkSync('/dev/null', join(folder, 'null.log'));
    await written('/dev/null');
    await written(join(folder, 'null.log'));
    expect(facts).toEqual([]);
    expect(existsSync(join(folder, 'null.log.1'))).toBe(false);
  });

  test('into a folder that every user may write to, but not to a link or a hard link there', async () => {
    chmodSync(folder, 0o777);
    await written(join(folder, 'api.log'));
    expect(text(join(folder, 'api.log'))).toBe('line\n');
    linkSync(join(secret, 'key'), join(folder, 'hard.log'));
    await written(join(folder, 'hard.log'));
    symlinkSync(join(secret, 'key'), join(folder, 'soft.log'));
    await written(join(folder, 'soft.log'));
    expect(text(join(secret, 'key'))).toBe('secret\n');
  });

  test('and reports a link that leads to itself', async () => {
    symlinkSync('round.log', join(folder, 'round.log'));
    await written(join(folder, 'round.log'));
    expect(reasons()[0]).toContain('form a loop');
  });
});
