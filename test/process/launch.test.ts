import { closeSync, copyFileSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { InstanceSpec } from '../../src/config/instance.ts';
import { signalGroup } from '../../src/process/group.ts';
import { launch, type LaunchRequest } from '../../src/process/launch.ts';
import { temporaryFolder } from '../support/alternate.ts';
import { processFacts } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { instanceSpec, NOBODY } from './instance-spec.ts';

/** A launch that is followed to its end; what it tells is noted in order. */
function launched(spec: Partial<InstanceSpec>, stdio: LaunchRequest['stdio'] = ['ignore', 'ignore']) {
  const told: unknown[] = [];
  const launching = new AbortController();
  const run = {
    told,
    pid: 0,
    stdout: null as Readable | null,
    notify: null as Readable | null,
    cancel: (): void => {
      launching.abort();
    },
    async until(word: string): Promise<void> {
      await until(`${word} among ${JSON.stringify(told)}`, () =>
        told.some((entry) => Array.isArray(entry) && entry[0] === word),
      );
    },
  };
  onTestFinished(() => {
    run.cancel();
    if (run.pid > 0) signalGroup(run.pid, 'SIGKILL');
  });
  launch(
    { spec: instanceSpec(spec), manager: NOBODY, addresses: [], sockets: null, stdio },
    {
      attempted: () => undefined,
      launched(child) {
        run.pid = child.pid;
        run.stdout = child.stdout;
        run.notify = (child.stdio.at(-1) as Readable | undefined) ?? null;
        told.push(['launched']);
      },
      failed: (reason) => told.push(['failed', reason]),
      leaderExited: (exit) => told.push(['leaderExited', exit]),
      gone: (exit) => told.push(['gone', exit]),
    },
    launching.signal,
  );
  return run;
}

function temporary(): string {
  const folder = temporaryFolder();
  onTestFinished(() => {
    folder.remove();
  });
  return folder.path;
}

describe('a launch that succeeds', () => {
  test('calls back before it returns: the leader of a group of its own', () => {
    const run = launched({});
    expect(run.told).toEqual([['launched']]);
    expect(processFacts(run.pid)).toMatchObject({ group: run.pid, parent: process.pid });
  });

  test('an exit of the whole group at once is told once', async () => {
    const run = launched({ command: ['sh', '-c', 'exit 7'] });
    await run.until('gone');
    expect(run.told).toEqual([['launched'], ['gone', { code: 7 }]]);
  });

  test('a signal is told by its name', async () => {
    const run = launched({});
    signalGroup(run.pid, 'SIGHUP');
    await run.until('gone');
    expect(run.told).toEqual([['launched'], ['gone', { signal: 'SIGHUP' }]]);
  });

  test('a leader that leaves others behind is told first, the end of the group later', async () => {
    const run = launched({ command: ['sh', '-c', 'sleep 300 & exit 3'] });
    await run.until('leaderExited');
    expect(run.told).toEqual([['launched'], ['leaderExited', { code: 3 }]]);
    signalGroup(run.pid, 'SIGKILL');
    await run.until('gone');
    // How the leader ended counts.
    expect(run.told.at(-1)).toEqual(['gone', { code: 3 }]);
  });

  test('gives the instance its folder, its environment and the descriptors that were asked for', async () => {
    const cwd = temporary();
    const run = launched({ command: ['sh', '-c', 'echo "$(pwd) $X <$NOTIFY_FD>"'], cwd, env: { X: 'y' } }, [
      'pipe',
      'ignore',
    ]);
    if (run.stdout === null) throw new Error('there is no pipe');
    expect(await text(run.stdout)).toBe(`${cwd} y <>\n`);
  });

  test('with ready: notify, a pipe of which the instance knows the number', async () => {
    const run = launched({
      command: ['sh', '-c', 'echo "READY=1" >&$NOTIFY_FD'],
      ready: { type: 'notify', intervalMs: 1, timeoutMs: 1 },
    });
    if (run.notify === null) throw new Error('there is no pipe');
    expect(await text(run.notify)).toBe('READY=1\n');
  });
});

describe('a launch that fails', () => {
  test.each([
    [['/no/such/program'], '/no/such/program does not exist'],
    [['no-such-program'], 'there is no program no-such-program in PATH'],
    [['/etc/passwd'], '/etc/passwd is not an executable file for this user (chmod +x?)'],
    [['/etc/passwd/app'], '/etc/passwd/app does not exist: a part of this path is not a folder'],
  ])('%j: %s', async (command, reason) => {
    const run = launched({ command });
    await run.until('failed');
    expect(run.told).toEqual([['failed', reason]]);
  });

  test.each([
    ['/no/such/folder', 'does not exist'],
    ['/etc/passwd', 'is not a folder'],
    ['/etc/passwd/folder', 'is not a folder'],
  ])('the working directory %s %s', async (cwd, what) => {
    const run = launched({ cwd });
    await run.until('failed');
    expect(run.told).toEqual([['failed', `the working directory ${cwd} ${what}`]]);
  });

  test('an argument that no process can have (a NUL) is a reason, not a throw', async () => {
    const run = launched({ command: ['sleep', 'a\0b'] });
    await run.until('failed');
    expect(run.told).toHaveLength(1);
  });

  test('an environment that cannot be made is a reason at once', () => {
    const run = launched({ envFile: '/no/such/file' });
    expect(run.told).toEqual([
      ['failed', "the env file cannot be read: ENOENT: no such file or directory, open '/no/such/file'"],
    ]);
  });
});

describe('a program that is still open for writing', () => {
  function busyProgram(): { readonly file: string; readonly close: () => void } {
    const file = path.join(temporary(), 'app');
    copyFileSync('/bin/sleep', file);
    const descriptor = openSync(file, 'r+');
    let open = true;
    const close = (): void => {
      if (open) closeSync(descriptor);
      open = false;
    };
    onTestFinished(close);
    return { file, close };
  }

  test('is launched as soon as it is closed', async () => {
    const { file, close } = busyProgram();
    const run = launched({ command: [file, '300'] });
    expect(run.told).toEqual([]);
    close();
    await run.until('launched');
    // An event of the spawn comes before the execve(2) only where the program is a copy of ours.
    expect(readFileSync(`/proc/${run.pid}/cmdline`, 'utf8')).toBe(`${file}\u0000300\u0000`);
  });

  test('is given up when the launch is cancelled, once', async () => {
    const { file, close } = busyProgram();
    const run = launched({ command: [file, '300'] });
    run.cancel();
    run.cancel();
    close();
    expect(run.told).toEqual([['failed', 'the launch was cancelled']]);
    // A launch that began afterwards and has ended: the time of another try has passed.
    const other = launched({ command: ['sleep', '0.05'] });
    await other.until('gone');
    expect(run.told).toHaveLength(1);
  });
});

test('a program that is missing for a moment is waited for', async () => {
  const file = path.join(temporary(), 'app');
  const run = launched({ command: [file] });
  expect(run.told).toEqual([]);
  writeFileSync(file, '#!/bin/sh\nexec sleep 300\n', { mode: 0o755 });
  await run.until('launched');
  expect(run.told).toEqual([['launched']]);
});

test('to cancel a launch that has succeeded does nothing', () => {
  const run = launched({});
  run.cancel();
  expect(run.told).toEqual([['launched']]);
  expect(processFacts(run.pid)).not.toBeNull();
});

test('a throw before the program is executed fails the launch', () => {
  const failures: string[] = [];
  const unexpected = (): void => {
    failures.push('another event');
  };
  const request = { spec: instanceSpec({}), manager: NOBODY, addresses: [], sockets: null };
  launch(
    { ...request, stdio: ['ignore', 'ignore'] },
    {
      attempted() {
        throw new Error('a bug');
      },
      failed: (reason) => failures.push(reason),
      launched: unexpected,
      leaderExited: unexpected,
      gone: unexpected,
    },
    new AbortController().signal,
  );
  expect(failures).toEqual(['it could not be started: a bug']);
});
