import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { childrenOf, groupMembers, processFacts, processGone } from '../support/processes.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const command = Stage.command();
const parameters: [string, string] = ['a', 'b'];
/** A process of a group that TERM does not end. */
const STUBBORN = `${process.execPath} -e "process.on('SIGTERM',()=>{});console.log('stubborn '+process.pid);setInterval(()=>{},1e9)"`;

/** The pid that a stubborn process has said, once it ignores TERM. */
async function stubbornPid(theatre: Theatre, count = 1): Promise<number> {
  const said = await until('a stubborn process', () => {
    return [...theatre.alternate.stdout.matchAll(/stubborn (\d+)/g)][count - 1]?.[1];
  });
  return Number(said);
}

describe('how an instance is told to stop', () => {
  test('KILL goes to the whole group once stop.timeout has passed', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web: { command, parameters, stop: { timeout: '200ms' } } });
    const a = await theatre.puppet('a');
    await a.do('ignore', { signal: 'SIGTERM' });
    const grandchild = (await a.do('fork', { ignoreTerm: true }))['pid'] as number;
    expect(processFacts(grandchild)?.group).toBe(a.pid);
    await theatre.running('web');
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed' });
    await processGone(a.pid);
    await processGone(grandchild);
    // Both are pending at once, and the handler of the second may run first (signal(7)).
    expect(a.signals.filter((signal) => signal !== 'SIGCONT')).toEqual(['SIGTERM']);
    await alternate.logged(/killed the process group of a \(pid \d+\): it did not stop within 200ms/);
    await theatre.service('web', ({ retiring }) => retiring.length === 0);
  });

  test('with timeout: never there is no KILL', async () => {
    const theatre = await Theatre.open();
    const stop = { timeout: 'never' };
    const alternate = theatre.start({ web: { command, parameters, stop } });
    const a = await theatre.puppet('a');
    await a.do('ignore', { signal: 'SIGTERM' });
    await theatre.running('web');
    await theatre.rotate('web');
    await alternate.logged(/stopping a \(pid \d+\) \(SIGTERM\)\n/);
    a.tell('exit');
    await alternate.logged(/a \(pid \d+\) exited \(code 0\)/);
    expect(alternate.stderr).not.toContain('KILL');
  });

  test('stop.signal is another one', async () => {
    const theatre = await Theatre.open();
    theatre.start({ web: { command, parameters, stop: { signal: 'quit' } } });
    const a = await theatre.puppet('a');
    await theatre.running('web');
    await theatre.rotate('web');
    await until('a is gone', () => a.gone);
    expect(a.signals.filter((signal) => signal !== 'SIGCONT')).toEqual(['SIGQUIT']);
  });

  test('an instance that SIGSTOP holds hears it: SIGCONT follows', async () => {
    const theatre = await Theatre.open();
    theatre.start({ web: { command, parameters, stop: { timeout: 'never' } } });
    const a = await theatre.puppet('a');
    await theatre.running('web');
    process.kill(a.pid, 'SIGSTOP');
    await until('a is stopped', () => processFacts(a.pid)?.state === 'T');
    await theatre.rotate('web');
    await processGone(a.pid);
    // What it said before its end may still be on its way.
    await until('its word of SIGTERM', () => a.signals.includes('SIGTERM'));
  });

  test('the signal reaches the processes that a shell wrapper has started', async () => {
    const theatre = await Theatre.open();
    const wrapped = `sh -c '${command} & wait'`;
    theatre.start({ web: { command: wrapped, parameters } });
    const a = await theatre.puppet('a');
    await theatre.running('web');
    await theatre.rotate('web');
    await until('a is gone', () => a.gone);
    expect(a.signals).toContain('SIGTERM');
  });
});

describe('an instance is gone only when its whole group is gone', () => {
  test('a wrapper that dies first does not free the parameter', async () => {
    const theatre = await Theatre.open();
    const wrapped = `sh -c '${command} & wait'`;
    const alternate = theatre.start({ web: { command: wrapped, parameters, stop: { timeout: 'never' } } });
    const a = await theatre.puppet('a');
    await a.do('ignore', { signal: 'SIGTERM' });
    await theatre.running('web');
    await theatre.rotate('web');
    // The shell has died of TERM; its child has not.
    await alternate.logged(/a \(pid \d+\) exited \(SIGTERM\); other processes of its group still run/);
    const again = theatre.rotate('web');
    await alternate.logged(/waiting for a \(pid \d+\), which still uses the parameter/);
    expect(await theatre.service('web')).toMatchObject({ retiring: [{ parameter: 'a' }], next: null });
    a.tell('exit');
    expect(await again).toMatchObject({ outcome: 'completed', to: 'a' });
  });

  test('its grandchildren that ignore TERM are killed and do not survive', async () => {
    const theatre = await Theatre.open();
    theatre.script('app', `${STUBBORN} &\nwait`);
    const alternate = theatre.start({
      web: { command: './app', parameters, stop: { timeout: '200ms' }, ready: { output: 'stubborn' } },
    });
    const pid = await stubbornPid(theatre);
    await theatre.running('web');
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed' });
    await processGone(pid);
    await alternate.logged(/killed the process group of a/);
    const second = await stubbornPid(theatre, 2);
    const group = processFacts(second)?.group ?? 0;
    expect(groupMembers(group)).toContain(second);
    expect((await alternate.stop()).code).toBe(0);
    expect(groupMembers(group)).toEqual([]);
  });

  test('a leader that exits and leaves a member: the member is stopped, the service starts again', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web: { command, parameters } });
    const a = await theatre.puppet('a');
    const member = (await a.do('fork'))['pid'] as number;
    await theatre.running('web');
    a.tell('exit', { code: 0 });
    await processGone(member);
    await alternate.logged(
      /a \(pid \d+\) exited \(code 0\); other processes of its group still run, and are stopped/,
    );
    expect((await theatre.puppet('a', 2)).pid).not.toBe(a.pid);
    expect(await theatre.running('web')).toMatchObject({ restarts: 1, retiring: [] });
  });

  test('a program that goes into the background is started again with back-off, then has failed', async () => {
    const theatre = await Theatre.open();
    theatre.script('daemon', 'sleep 300 &\necho $! >>pids');
    const restart = { delay: '10ms', maxAttempts: 2 };
    const { ended } = theatre.start({ web: { command: './daemon', parameters, restart } });
    const { code, stderr } = await until('the end of the manager', ended);
    expect(code).toBe(1);
    const failed = stderr.split('\n').find((line) => line.includes('web: failed:')) ?? '';
    expect(failed).toContain('exited with code 0');
    expect(failed).toContain('2 consecutive restarts');
    // A program that was made for it looks like this: the one who wrote the command is told what to do.
    expect(failed).toContain('must stay in the foreground');
    const pids = theatre.read('pids').trim().split('\n').map(Number);
    expect(pids).toHaveLength(3);
    for (const pid of pids) await processGone(pid);
  });
});

/** 0, 1, 2, and what this very run was started with and hands down to every process it starts. */
async function descriptorsOfAnyChild(): Promise<string[]> {
  const child = spawn('cat', { stdio: 'pipe' });
  const { pid = 0 } = child;
  // Once it answers, the loader has closed the libraries that it was reading.
  child.stdin.write('up');
  await once(child.stdout, 'data');
  const descriptors = readdirSync(`/proc/${pid}/fd`).sort();
  child.kill('SIGKILL');
  return descriptors;
}

describe('what an instance gets of the manager', () => {
  test('a process group and a session of its own, default signals, and no other descriptors than 0, 1, 2', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({
      web: { command: 'sleep 300', parameters },
      plain: { command: 'sleep 300', parameters, output: 'inherit' },
      quiet: { command: 'sleep 300', parameters, output: 'ignore' },
    });
    const inherited = await descriptorsOfAnyChild();
    for (const name of ['web', 'plain', 'quiet']) {
      const pid = (await theatre.running(name)).current?.pid ?? 0;
      await until(`${name} to have just ${inherited.join(' ')}, its loader being done`, () => {
        return readdirSync(`/proc/${pid}/fd`).sort().join() === inherited.join();
      });
      expect(readlinkSync(`/proc/${pid}/fd/0`)).toBe('/dev/null');
      expect(processFacts(pid)).toMatchObject({ parent: alternate.pid, group: pid });
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      for (const mask of ['SigBlk', 'SigIgn'])
        expect(status, `${name} ${mask}`).toMatch(new RegExp(`^${mask}:\\s0+$`, 'm'));
    }
  });

  test('with ready: notify, one more: the descriptor that NOTIFY_FD names', async () => {
    const theatre = await Theatre.open();
    theatre.start({ web: { command, parameters, ready: { notify: true } } });
    const a = await theatre.puppet('a');
    const descriptor = Number((await a.do('env', { name: 'NOTIFY_FD' }))['value']);
    expect(readlinkSync(`/proc/${a.pid}/fd/${descriptor}`)).toMatch(/^(socket|pipe):/);
    await a.do('writeDescriptor', { descriptor, text: 'READY=1' });
    expect(await theatre.running('web')).toMatchObject({ current: { pid: a.pid } });
  });

  test('and leaves nothing behind in it: twenty rotations later it has the same descriptors and children', async () => {
    const theatre = await Theatre.open();
    theatre.script('app', 'echo up; echo >&$NOTIFY_FD; exec sleep 300');
    theatre.script('hook', 'echo hooked');
    const hooks = {
      beforeStart: './hook',
      afterReady: './hook',
      beforeStop: './hook',
      afterRotate: './hook',
    };
    const { pid } = theatre.start({
      web: { command: './app', parameters, overlap: '1ms', ready: { notify: true }, hooks },
    });
    const belongings = async (): Promise<number[]> => {
      // All of a rotation is over: the old instance is gone, and so is the last hook.
      await theatre.service('web', ({ state, retiring }) => state === 'running' && retiring.length === 0);
      await until('the end of every hook', () => childrenOf(pid).length === 1);
      return [readdirSync(`/proc/${pid}/fd`).length, childrenOf(pid).length];
    };
    await theatre.rotate('web');
    const before = await belongings();
    for (let count = 0; count < 20; count++) expect((await theatre.rotate('web')).outcome).toBe('completed');
    await until('the descriptors of before', async () => (await belongings()).join() === before.join());
  });

  test('never its SIGUSR1, even when the whole group of the manager gets it', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web: { command, parameters, overlap: '1h' } }, { detached: true });
    const a = await theatre.puppet('a');
    await theatre.running('web');
    process.kill(-alternate.pid, 'SIGUSR1');
    const b = await theatre.puppet('b');
    await alternate.logged(/overlap of 1h/);
    process.kill(-alternate.pid, 'SIGUSR1');
    await alternate.logged(/one more rotation follows/);
    await Promise.all([a.do('cwd'), b.do('cwd')]);
    expect([...a.signals, ...b.signals]).toEqual([]);
  });
});
