import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { Alternate, bin } from '../support/alternate.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const parameters: [string, string] = ['a', 'b'];
const web: RawService = { command: 'sleep 300', parameters, overlap: 0 };
const onLinux = process.platform === 'linux';

/** Whether the process deals with a signal in some way and so no longer dies of it: proc(5), signal 10 is bit 9. */
function survives(pid: number, signal: NodeJS.Signals = 'SIGUSR1'): boolean {
  return hasMask(pid, /^Sig(?:Ign|Cgt):\t([0-9a-f]+)$/gm, signal);
}

/** Whether the process has a handler of its own for a signal. */
function catches(pid: number, signal: NodeJS.Signals): boolean {
  return hasMask(pid, /^SigCgt:\t([0-9a-f]+)$/gm, signal);
}

function hasMask(pid: number, masks: RegExp, signal: NodeJS.Signals): boolean {
  const bit = 1n << BigInt(constants.signals[signal] - 1);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return [...status.matchAll(masks)].some(([, mask = '0']) => (BigInt(`0x${mask}`) & bit) !== 0n);
}

/** The TCP ports that a process listens on: proc(5), state 0A is LISTEN. */
function listeningPorts(pid: number): number[] {
  const folder = `/proc/${pid}/fd`;
  const sockets = new Set(
    readdirSync(folder).map((descriptor) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(path.join(folder, descriptor)))?.[1];
      } catch {
        return undefined;
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((words) => words[3] === '0A' && sockets.has(words[9]))
      .map((words) => Number.parseInt(words[1]?.split(':')[1] ?? '', 16)),
  );
}

describe.skipIf(!onLinux)('SIGUSR1 while the manager starts (needs /proc)', () => {
  test('200 of them neither kill it nor open a debugger, and lead to a rotation', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web });
    // The shell of the first line needs a millisecond or two to get to its first statement.
    while (!survives(alternate.pid)) await pause(0);
    for (let count = 0; count < 200; count++) {
      alternate.signal('SIGUSR1');
      if (count % 10 === 0) expect(listeningPorts(alternate.pid)).toEqual([]);
      await pause(1);
    }
    await alternate.logged(/web: rotated a -> b/);
    await theatre.service('web', ({ state, pendingRotation }) => state === 'running' && !pendingRotation);
    expect(listeningPorts(alternate.pid)).toEqual([]);
    expect(alternate.stderr).not.toContain('Debugger listening');
    expect(await alternate.stop()).toMatchObject({ code: 0, signal: null });
  });

  test('where Node was started without the shell, a debugger that was opened is closed again', async () => {
    const theatre = await Theatre.open();
    // Any free port instead of 9229, which is everybody's.
    const alternate = theatre.start({ web }, { through: [process.execPath, '--inspect-port=0'] });
    await until('Node deals with SIGUSR1', () => survives(alternate.pid));
    alternate.signal('SIGUSR1');
    await theatre.running('web');
    await until('nothing listens', () => listeningPorts(alternate.pid).length === 0);
    expect(await alternate.stop()).toMatchObject({ code: 0, signal: null });
  });

  test('a debugger that a flag asks for stays', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web }, { env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } });
    await theatre.running('web');
    alternate.signal('SIGUSR1');
    await alternate.logged(/web: rotated a -> b/);
    expect(listeningPorts(alternate.pid)).toHaveLength(1);
  });
});

describe.skipIf(!onLinux)('SIGHUP and SIGUSR2 while the manager starts (needs /proc)', () => {
  test('are remembered from the first statement on', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web });
    while (!catches(alternate.pid, 'SIGHUP') || !catches(alternate.pid, 'SIGUSR2')) await pause(0);
    for (let count = 0; count < 50; count++) {
      alternate.signal('SIGHUP');
      alternate.signal('SIGUSR2');
      await pause(1);
    }
    await alternate.logged(/configuration read again: unchanged web/);
    await alternate.logged(/log files opened again/);
    expect(await alternate.stop()).toMatchObject({ code: 0, signal: null });
  });

  test('do nothing to the shell of the entry', async () => {
    const theatre = await Theatre.open();
    // A Node that is slow to come: what the shell ignores, this shell ignores, too.
    theatre.script('slow/node', `until test -e go; do sleep 0.05; done\nexec ${process.execPath} "$@"`);
    const PATH = `${path.join(theatre.folder, 'slow')}:${process.env['PATH'] ?? ''}`;
    const alternate = theatre.start({ web }, { env: { PATH } });
    await until('the shell', () => survives(alternate.pid, 'SIGHUP'));
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) alternate.signal(signal);
    theatre.write('go', '');
    await theatre.running('web');
  });

  test('a client command ends by them as any other program does', async () => {
    const theatre = await Theatre.started({ web });
    for (const signal of ['SIGHUP', 'SIGUSR2'] as const) {
      const client = new Alternate(
        ['--config', path.join(theatre.folder, 'alternate.config.yaml'), 'events'],
        {
          cwd: theatre.folder,
        },
      );
      // What it prints shows that its start is over, and with it the handlers of the entry.
      await until('a line of the client', async () => {
        await theatre.rotate('web');
        return client.stdout.includes('web: rotated');
      });
      expect(catches(client.pid, signal)).toBe(false);
      client.signal(signal);
      expect(await until('its end', client.ended)).toMatchObject({ signal });
    }
  });
});

test('it runs as a program, through a link, and from another folder', async () => {
  const theatre = await Theatre.open();
  theatre.configure({ web });
  const link = path.join(theatre.folder, 'alternate');
  symlinkSync(bin, link);
  expect(execFileSync(link, ['--version'], { cwd: '/', encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('SIGHUP reads the configuration again', async () => {
  const theatre = await Theatre.open();
  const alternate = theatre.start({ web });
  const { current } = await theatre.running('web');
  theatre.configure({ web, api: web });
  alternate.signal('SIGHUP');
  await alternate.logged(/configuration read again: added api; unchanged web/);
  await theatre.running('api');
  theatre.write('alternate.config.yaml', 'services: { web: { comand: sleep 300 } }');
  alternate.signal('SIGHUP');
  await alternate.logged(
    /the new configuration is refused\. Nothing has changed:\n.*alternate\.config\.yaml:1:20/,
  );
  expect(await theatre.running('web')).toMatchObject({ current: { pid: current?.pid } });
  await theatre.running('api');
});

test('SIGUSR2 opens the log files again', async () => {
  const theatre = await Theatre.open();
  const alternate = theatre.start({
    web: { command: Stage.command(), parameters, output: { file: 'web.log' } },
  });
  const log = path.join(theatre.folder, 'web.log');
  const a = await theatre.puppet('a');
  await a.do('say', { text: 'before\n' });
  await until('a line in the log', () => readFileSync(log, 'utf8').includes('before'));
  renameSync(log, `${log}.old`);
  alternate.signal('SIGUSR2');
  await alternate.logged(/log files opened again/);
  await a.do('say', { text: 'after\n' });
  await until('a line in the new log', () => {
    try {
      return readFileSync(log, 'utf8').includes('after');
    } catch {
      return false;
    }
  });
  expect(readFileSync(`${log}.old`, 'utf8')).toBe('before\n');
  expect(readFileSync(log, 'utf8')).toBe('after\n');
});
