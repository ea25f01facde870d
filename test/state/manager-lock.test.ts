import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { identityOf } from '../../src/process/identity.ts';
import { lockConfiguration, stateFolder } from '../../src/state/manager-lock.ts';
import { fingerprint } from '../../src/util/fingerprint.ts';
import { temporaryFolder } from '../support/alternate.ts';

const CONFIG = '/srv/alternate.config.yaml';
let folder: string;
let file: string;

beforeEach(() => {
  const temporary = temporaryFolder();
  onTestFinished(() => {
    temporary.remove();
  });
  folder = path.join(temporary.path, 'state/alternate');
  file = path.join(folder, `${fingerprint(CONFIG)}.lock`);
});

async function otherProcess(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('sleep', ['300'], { stdio: 'ignore' });
  await once(child, 'spawn');
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return Object.assign(child, { pid: child.pid ?? 0 });
}

/** As another manager would have written it. */
function heldBy(pid: number, identity: unknown): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify({ pid, identity }), { mode: 0o600 });
}

test('it is taken in a folder that is made, and given back', () => {
  const lock = lockConfiguration(CONFIG, folder);
  if (!lock.ok) throw new Error(`held by ${lock.pid}`);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    pid: process.pid,
    identity: identityOf(process.pid),
  });
  expect(readdirSync(folder)).toEqual([path.basename(file)]);
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

test('a manager that lives is named; one of another configuration is none of it', async () => {
  const { pid } = await otherProcess();
  heldBy(pid, identityOf(pid));
  expect(lockConfiguration(CONFIG, folder)).toEqual({ ok: false, pid });
  expect(readdirSync(folder)).toEqual([path.basename(file)]);
  expect(lockConfiguration('/srv/other.yaml', folder).ok).toBe(true);
});

test('a dead one, one of an earlier boot, and nonsense are replaced', async () => {
  const child = await otherProcess();
  const identity = identityOf(child.pid);
  for (const stale of ['another boot 123', null, 7]) {
    heldBy(child.pid, stale);
    const lock = lockConfiguration(CONFIG, folder);
    expect(lock.ok && existsSync(file)).toBe(true);
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  heldBy(child.pid, identity);
  expect(lockConfiguration(CONFIG, folder).ok).toBe(true);
  writeFileSync(file, '{');
  expect(lockConfiguration(CONFIG, folder).ok).toBe(true);
});

test('what others may write, or a link, is not believed', async () => {
  const { pid } = await otherProcess();
  heldBy(pid, identityOf(pid));
  chmodSync(file, 0o666);
  expect(lockConfiguration(CONFIG, folder).ok).toBe(true);
  const elsewhere = path.join(folder, 'elsewhere');
  writeFileSync(elsewhere, JSON.stringify({ pid, identity: identityOf(pid) }), { mode: 0o600 });
  mkdirSync(path.join(folder, 'second'));
  symlinkSync(elsewhere, path.join(folder, 'second', path.basename(file)));
  expect(lockConfiguration(CONFIG, path.join(folder, 'second')).ok).toBe(true);
});

test('one that another manager has taken meanwhile is not removed', async () => {
  const { pid } = await otherProcess();
  const lock = lockConfiguration(CONFIG, folder);
  if (!lock.ok) throw new Error(`held by ${lock.pid}`);
  heldBy(pid, identityOf(pid));
  lock.release();
  expect(existsSync(file)).toBe(true);
});

test('where the folder cannot be made it is gone without', () => {
  const lock = lockConfiguration(CONFIG, '/proc/state');
  expect(lock.ok).toBe(true);
  if (lock.ok) lock.release();
});

test('the folder is that of the contract', () => {
  expect(stateFolder({ STATE_DIRECTORY: '/var/lib/a:/var/lib/b', XDG_STATE_HOME: '/x' })).toBe('/var/lib/a');
  const own = process.getuid?.() === 0 ? '/var/lib/alternate' : '/x/alternate';
  expect(stateFolder({ XDG_STATE_HOME: '/x' })).toBe(own);
});
