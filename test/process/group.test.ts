import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { awaitGroupGone, signalGroup } from '../../src/process/group.ts';
import { processFacts, processGone } from '../support/processes.ts';
import { until } from '../support/until.ts';

/** A shell that leads a group of its own; the first words that it says. */
async function leader(text: string): Promise<{ child: ChildProcess; pid: number; said: string }> {
  const child = spawn('sh', ['-c', text], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const pid = child.pid ?? 0;
  onTestFinished(() => {
    if (signalGroup(pid, 0)) signalGroup(pid, 'SIGKILL');
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, pid, said: said.toString().trim() };
}

describe('signalGroup', () => {
  test('reaches every member', async () => {
    const { child, pid, said } = await leader('sleep 300 & echo $!; wait');
    expect(signalGroup(pid, 'SIGTERM')).toBe(true);
    await once(child, 'exit');
    await processGone(Number(said));
  });

  test('is true while somebody is left, though the leader is not', async () => {
    const { child, pid } = await leader('sleep 300 & echo $!');
    if (child.exitCode === null) await once(child, 'exit');
    expect(signalGroup(pid, 0)).toBe(true);
  });

  test('is false when nobody is left', async () => {
    const { child, pid } = await leader('echo up');
    if (child.exitCode === null) await once(child, 'exit');
    expect(signalGroup(pid, 0)).toBe(false);
    expect(signalGroup(pid, 'SIGTERM')).toBe(false);
  });
});

describe('awaitGroupGone', () => {
  test('calls back at once where nobody is left', async () => {
    const { child, pid } = await leader('echo up');
    if (child.exitCode === null) await once(child, 'exit');
    let calls = 0;
    awaitGroupGone(pid, () => calls++);
    expect(calls).toBe(1);
  });

  test('calls back once, after the last member', async () => {
    const { child, pid, said } = await leader('sleep 300 & echo $!');
    if (child.exitCode === null) await once(child, 'exit');
    let calls = 0;
    awaitGroupGone(pid, () => calls++);
    expect(calls).toBe(0);
    process.kill(Number(said), 'SIGKILL');
    await until('the call', () => calls > 0);
    expect(calls).toBe(1);
    expect(processFacts(Number(said))).toBeNull();
  });

  test('zombies that nobody reaps do not count', async () => {
    // The second group's only member ends as a child of a `sleep`, which never waits for it.
    const { said } = await leader("setsid sh -c 'echo $$' & exec sleep 300");
    const zombie = Number(said);
    await processGone(zombie);
    // kill(2) still finds it.
    expect(signalGroup(zombie, 0)).toBe(true);
    await new Promise<void>((gone) => {
      awaitGroupGone(zombie, gone);
    });
    expect(processFacts(zombie)).toBeNull();
  });
});
