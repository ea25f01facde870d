import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { identityOf, readStat } from '../../src/process/identity.ts';
import { until } from '../support/until.ts';

test('a process has one identity for as long as it lives, and no other process has it', async () => {
  const child = spawn('sleep', ['60']);
  const other = spawn('sleep', ['60']);
  const ids = [child, other].map(({ pid }) => identityOf(pid ?? 0));
  expect(ids[0]).not.toBeNull();
  expect(identityOf(child.pid ?? 0)).toBe(ids[0]);
  expect(identityOf(process.pid)).not.toBe(ids[0]);
  child.kill();
  other.kill();
  await Promise.all([once(child, 'exit'), once(other, 'exit')]);
  expect(identityOf(child.pid ?? 0)).toBeNull();
});

test('one that is dead but not reaped has none', async () => {
  // The shell becomes a program that reaps nobody; only then its child ends, or the shell could still reap it.
  const child = 'until grep -q sleep /proc/$$/comm; do :; done';
  const parent = spawn('sh', ['-c', `{ ${child}; } & echo $!; exec sleep 60`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString('utf8'));
  await until('the zombie', () => readStat(pid)?.state === 'Z');
  expect(identityOf(pid)).toBeNull();
  parent.kill();
  await once(parent, 'exit');
});
