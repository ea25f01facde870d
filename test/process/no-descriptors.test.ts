/** No descriptor is free: `/proc` cannot be read for a while. Each chain of looks goes on after that. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync as reallyRead } from 'node:fs';
import type * as NodeFs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { followOrphan } from '../../src/process/adopt.ts';
import { awaitGroupGone } from '../../src/process/group.ts';
import { identityOf } from '../../src/process/identity.ts';
import { openRoster } from '../../src/state/roster.ts';
import { temporaryFolder } from '../support/alternate.ts';
import { until } from '../support/until.ts';

/** While `on`, each look at `/proc` fails as it does at the limit, and is counted. */
const trouble = vi.hoisted(() => ({ on: false, looks: 0 }));

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof NodeFs>();
  const failing =
    <Args extends unknown[], Result>(call: (...args: Args) => Result) =>
    (...args: Args): Result => {
      if (!trouble.on || !String(args[0]).startsWith('/proc')) return call(...args);
      trouble.looks += 1;
      throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
    };
  return {
    ...fs,
    readdirSync: failing(fs.readdirSync as (...args: unknown[]) => unknown),
    readFileSync: failing(fs.readFileSync as (...args: unknown[]) => unknown),
  };
});

afterEach(() => {
  trouble.on = false;
  trouble.looks = 0;
});

/** The leader of a group of its own; a child of it may live on. */
async function leader(text: string): Promise<{ pid: number; said: number; exited: Promise<unknown> }> {
  const child = spawn('sh', ['-c', text], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  const pid = child.pid ?? 0;
  onTestFinished(() => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid, said: Number(said), exited };
}

test('the end of a group without its leader is seen afterwards', async () => {
  const { pid, said, exited } = await leader('sleep 300 & echo $!');
  await exited;
  let gone = 0;
  trouble.on = true;
  awaitGroupGone(pid, () => gone++);
  await until('two looks that fail', () => trouble.looks >= 2);
  trouble.on = false;
  process.kill(said, 'SIGKILL');
  await until('the end of the group', () => gone > 0);
  expect(gone).toBe(1);
});

test('an orphan that lives is not taken for a dead one, and its end is seen afterwards', async () => {
  const { pid } = await leader('echo 1; exec sleep 300');
  const seen: string[] = [];
  followOrphan(pid, { leaderExited: () => seen.push('leader'), gone: () => seen.push('gone') });
  // It is looked at every 200 ms: once in peace, twice in trouble.
  await new Promise(setImmediate);
  trouble.on = true;
  await until('two looks that fail', () => trouble.looks >= 2);
  trouble.on = false;
  expect(seen).toEqual([]);
  process.kill(pid, 'SIGKILL');
  await until('the end of the orphan', () => seen.includes('gone'));
});

test('an orphan that is met in the trouble is followed after it', async () => {
  const { pid } = await leader('echo 1; exec sleep 300');
  const seen: string[] = [];
  trouble.on = true;
  followOrphan(pid, { leaderExited: () => seen.push('leader'), gone: () => seen.push('gone') });
  await until('two looks that fail', () => trouble.looks >= 2);
  trouble.on = false;
  process.kill(pid, 'SIGKILL');
  await until('the end of the orphan', () => seen.includes('gone'));
});

test('what was launched in the trouble stands in the list afterwards, with its identity', async () => {
  const { pid } = await leader('echo 1; exec sleep 300');
  const folder = temporaryFolder();
  onTestFinished(() => {
    folder.remove();
  });
  const file = path.join(folder.path, 'x.running');
  const stale: string[] = [];
  const opened = openRoster(file, { stale: (reason) => stale.push(reason) });
  if (!opened.ok) throw new Error(`held by ${opened.pid}`);
  trouble.on = true;
  opened.roster.update('web', [{ parameter: 'a', pid, serves: true, route: null }]);
  await until('a word of it', () => stale.length > 0);
  trouble.on = false;
  const listed = await until('the list', () => {
    try {
      return JSON.parse(reallyRead(file, 'utf8')) as { instances: { identity: string | null }[] };
    } catch {
      return null;
    }
  });
  expect(listed.instances).toMatchObject([{ pid, identity: identityOf(pid) }]);
  expect(stale).toEqual(['EMFILE: too many open files']);
  opened.roster.close();
});
