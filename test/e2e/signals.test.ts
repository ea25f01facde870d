import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { RawService } from '../../src/config/generated/raw.ts';
import { bin } from '../support/alternate.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const parameters: [string, string] = ['a', 'b'];
const web: RawService = { command: 'sleep 300', parameters, overlap: 0 };
const onLinux = process.platform === 'linux';

/** Whether the process deals with SIGUSR1 in some way and so no longer dies of it: proc(5), signal 10 is bit 9. */
function survives(pid: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return [...status.matchAll(/^Sig(?:Ign|Cgt):\t([0-9a-f]+)$/gm)].some(
    ([, mask = '0']) => (BigInt(`0x${mask}`) & 0x200n) !== 0n,
  );
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
    /the new configuration is refused, nothing has changed:\n.*alternate\.config\.yaml:1:20/,
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
