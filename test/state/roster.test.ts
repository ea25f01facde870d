import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identityOf } from '../../src/process/identity.ts';
import { openRoster, type Roster } from '../../src/state/roster.ts';
import { temporaryFolder } from '../support/alternate.ts';
import { until } from '../support/until.ts';

const SILENT = { stale: (): void => undefined };
let said: string[];
let folder: ReturnType<typeof temporaryFolder>;
let file: string;
let child: ChildProcess & { pid: number };

beforeEach(async () => {
  said = [];
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
  const result = openRoster(file, { stale: (reason) => said.push(reason) });
  if (!result.ok) throw new Error(`held by ${result.pid}`);
  return result;
}

/** As a manager that has been killed leaves it. */
async function leftBehind(): Promise<void> {
  const { roster } = opened();
  roster.update('web', [{ parameter: 'a', pid: child.pid, serves: false, route: null }]);
  roster.update('edge', [{ parameter: null, pid: child.pid, serves: true, route: null }]);
  await until('the list', () => existsSync(file));
  const list = JSON.parse(readFileSync(file, 'utf8')) as { manager: { identity: string } };
  list.manager.identity = 'another life';
  writeFileSync(file, JSON.stringify(list));
}

test('what still lives is told to the next manager, those that served first', async () => {
  await leftBehind();
  expect(opened().orphans).toMatchObject([
    { service: 'edge', parameter: null, pid: child.pid, serves: true, route: null },
    { service: 'web', parameter: 'a', pid: child.pid, serves: false, route: null },
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
  roster.update('web', [{ parameter: 'a', pid: child.pid, serves: true, route: null }]);
  await until('the list', () => existsSync(file));
  expect(openRoster(file, SILENT)).toEqual({
    ok: false,
    pid: process.pid,
  });
  roster.close();
  expect(existsSync(file)).toBe(false);
});

test.each<readonly [string, () => void]>([
  [
    'that others may write',
    () => {
      chmodSync(file, 0o666);
    },
  ],
  ...['{}', '[]', 'null', '{"manager":{"pid":1,"identity":null},"instances":[null]}'].map(
    (text) =>
      [
        `that says ${text}`,
        () => {
          writeFileSync(file, text);
        },
      ] as const,
  ),
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
  expect(openRoster(link, SILENT)).toMatchObject({ ok: true, orphans: [] });
});

test('an unchanged list is not written again', async () => {
  const { roster } = opened();
  roster.update('web', [{ parameter: 'a', pid: child.pid, serves: true, route: null }]);
  await until('the list', () => existsSync(file));
  writeFileSync(file, 'untouched');
  roster.update('web', [{ parameter: 'a', pid: child.pid, serves: true, route: null }]);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(readFileSync(file, 'utf8')).toBe('untouched');
});

test('a link in its place is not written through', async () => {
  const victim = path.join(folder.path, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, `${file}.new`);
  const { roster } = opened();
  roster.update('web', [{ parameter: 'a', pid: child.pid, serves: true, route: null }]);
  await until('the list', () => existsSync(file));
  expect(readFileSync(victim, 'utf8')).toBe('precious');
  expect(lstatSync(file).isFile()).toBe(true);
});

test('a pipe in its place holds nobody up', () => {
  execFileSync('mkfifo', [file]);
  expect(opened().orphans).toEqual([]);
});

test('what cannot be written is said once, and written as soon as it can be', async () => {
  const { roster } = opened();
  mkdirSync(path.join(`${file}.new`, 'in the way'), { recursive: true });
  roster.update('web', [{ parameter: 'a', pid: child.pid, serves: true, route: null }]);
  await until('a complaint', () => said.length === 1);
  roster.update('web', [{ parameter: 'a', pid: child.pid, serves: false, route: null }]);
  rmSync(`${file}.new`, { recursive: true });
  await until('the list', () => existsSync(file));
  expect(said).toHaveLength(1);
  expect(readFileSync(file, 'utf8')).toContain('"serves":false');
  roster.close();
  expect(readdirSync(folder.path)).toEqual([]);
});
