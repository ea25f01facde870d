import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identityOf } from '../../src/process/identity.ts';
import { openRoster, type Roster } from '../../src/process/roster.ts';
import { temporaryFolder } from '../support/alternate.ts';
import { until } from '../support/until.ts';

let folder: ReturnType<typeof temporaryFolder>;
let file: string;
let child: ChildProcess & { pid: number };

beforeEach(async () => {
  folder = temporaryFolder();
  file = path.join(folder.path, 'x.running');
  const spawned = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  await once(spawned, 'spawn');
  child = Object.assign(spawned, { pid: spawned.pid ?? 0 });
});

afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  folder.remove();
});

function opened(): { roster: Roster; orphans: readonly unknown[] } {
  const result = openRoster(file);
  if (!result.ok) throw new Error(result.reason);
  return result;
}

/** As a manager that has been killed leaves it. */
async function leftBehind(): Promise<void> {
  const { roster } = opened();
  roster.update('web', [{ parameter: 'a', pid: child.pid, serves: false }]);
  roster.update('edge', [{ parameter: null, pid: child.pid, serves: true }]);
  await until('the list', () => existsSync(file));
  const list = JSON.parse(readFileSync(file, 'utf8')) as { manager: { identity: string } };
  list.manager.identity = 'another life';
  writeFileSync(file, JSON.stringify(list));
}

test('what still lives is told to the next manager, those that served first', async () => {
  await leftBehind();
  expect(opened().orphans).toMatchObject([
    { service: 'edge', parameter: null, pid: child.pid, serves: true },
    { service: 'web', parameter: 'a', pid: child.pid, serves: false },
  ]);
});

test('what is gone, or another process by now, is not', async () => {
  await leftBehind();
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replaceAll(String(identityOf(child.pid)), 'another process'));
  expect(opened().orphans).toEqual([]);
  writeFileSync(file, text);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(opened().orphans).toEqual([]);
});

test('while the manager whose list it is lives, it is left alone', async () => {
  const { roster } = opened();
  roster.update('web', [{ parameter: 'a', pid: child.pid, serves: true }]);
  await until('the list', () => existsSync(file));
  expect(openRoster(file)).toEqual({
    ok: false,
    reason: `manager ${process.pid} runs the same configuration`,
  });
  roster.close();
  expect(existsSync(file)).toBe(false);
});

test.each([
  [
    'that others may write',
    () => {
      chmodSync(file, 0o666);
    },
  ],
  [
    'with nonsense in it',
    () => {
      writeFileSync(file, '{');
    },
  ],
])('a list %s is not believed', async (_name, spoil) => {
  await leftBehind();
  spoil();
  expect(opened().orphans).toEqual([]);
});

test('nor is one that a symbolic link leads to', async () => {
  await leftBehind();
  const link = path.join(folder.path, 'link');
  symlinkSync(file, link);
  expect(openRoster(link)).toMatchObject({ ok: true, orphans: [] });
});

test('an unchanged list is not written again', async () => {
  const { roster } = opened();
  roster.update('web', [{ parameter: 'a', pid: child.pid, serves: true }]);
  await until('the list', () => existsSync(file));
  writeFileSync(file, 'untouched');
  roster.update('web', [{ parameter: 'a', pid: child.pid, serves: true }]);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(readFileSync(file, 'utf8')).toBe('untouched');
});
