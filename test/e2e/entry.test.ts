/** bin/alternate: a shell that becomes Node, and stays as the init where it is process 1. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { Alternate, bin, runAlternate, temporaryFolder } from '../support/alternate.ts';
import { childrenOf } from '../support/processes.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { isThere } from './fixtures/examples.ts';

function scratch(): string {
  const folder = temporaryFolder();
  onTestFinished(() => {
    folder.remove();
  });
  return folder.path;
}

test('it runs through links, relative ones and in a chain, and when a shell is given it', () => {
  const folder = scratch();
  mkdirSync(path.join(folder, 'node_modules/.bin'), { recursive: true });
  const direct = path.join(folder, 'direct');
  symlinkSync(bin, direct);
  symlinkSync('../../direct', path.join(folder, 'node_modules/.bin/alternate'));
  const run = (program: string, ...words: string[]): string =>
    execFileSync(program, [...words, '--version'], { cwd: folder, encoding: 'utf8' });
  const version = run(bin);
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(run('node_modules/.bin/alternate')).toBe(version);
  expect(run('sh', 'node_modules/.bin/alternate')).toBe(version);
  expect(run(process.execPath, direct)).toBe(version);
});

test('without dist/ it says what to do', () => {
  const folder = scratch();
  cpSync(path.dirname(bin), path.join(folder, 'bin'), { recursive: true });
  const ended = spawnSync(path.join(folder, 'bin/alternate'), ['status'], { encoding: 'utf8' });
  expect(ended).toMatchObject({
    status: 1,
    stdout: '',
    stderr: `alternate: not built: run npm install (or npm run build) in ${folder}\n`,
  });
});

test('Node is given the descriptor limit that the manager was started with', () => {
  const folder = scratch();
  writeFileSync(path.join(folder, 'node'), '#!/bin/sh\nenv\n', { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  const ended = spawnSync('sh', ['-c', 'ulimit -Sn 321; exec "$0"', bin], {
    encoding: 'utf8',
    env,
    timeout: 30_000,
  });
  expect(ended.stdout).toMatch(/^ALTERNATE_NOFILE_SOFT=321$/m);
});

test('the hint of how to rotate is a command that works as it stands', async () => {
  const theatre = await Theatre.open();
  theatre.write(
    "it's/site.yaml",
    'services: { web: { command: sleep 300, parameters: [a, b], overlap: 0 } }\ncontrol: { socket: c.sock }\n',
  );
  const alternate = new Alternate(['--config', "it's/site.yaml"], { cwd: theatre.folder });
  onTestFinished(() => alternate.discard());
  const hint = await alternate.logged(/to rotate: .*(?=, or kill)/);
  const ended = spawnSync('sh', ['-c', hint.replace('to rotate: ', '')], {
    cwd: theatre.folder,
    encoding: 'utf8',
  });
  expect(ended.stderr).toMatch(/^web: rotated a -> b in /);
});

/** Whether a namespace of processes can be made here. */
const canUnshare =
  isThere('unshare') && spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0;
const shells = [['sh'], ['dash'], ['bash'], ['busybox', 'sh']].filter(([program = '']) => isThere(program));

/** The processes in the namespace of this one that are dead and not reaped, though their parent is the init. */
function zombiesOf(init: number): number[] {
  const namespace = readlinkSync(`/proc/${init}/ns/pid`);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        const isOrphan = new RegExp(`^PPid:\\t${init}$`, 'm').test(status);
        return isOrphan && /^State:\tZ/m.test(status) && readlinkSync(`/proc/${pid}/ns/pid`) === namespace;
      } catch {
        return false;
      }
    });
}

describe.skipIf(!canUnshare).each(shells)(
  'as process 1 of a container, with %s %s (needs unshare and root)',
  (...shell) => {
    const through = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', ...shell.filter(Boolean)];
    /** Each instance leaves three processes behind, in sessions of their own, that end at once. */
    const daemonizer: RawService = {
      command: ['sh', '-c', '(setsid sh -c : & setsid sh -c : & setsid sh -c : &); echo up; exec sleep 300'],
      parameters: ['a', 'b'],
      overlap: 0,
    };

    async function container(): Promise<{ theatre: Theatre; init: number; node: number }> {
      const theatre = await Theatre.open();
      const alternate = theatre.start({ web: daemonizer }, { through });
      const init = await until('the init', () => childrenOf(alternate.pid)[0]);
      await theatre.running('web');
      const node = await until('Node', () =>
        childrenOf(init).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('node')),
      );
      return { theatre, init, node };
    }

    test('it reaps what others left behind, and passes signals and the exit code on', async () => {
      const { theatre, init } = await container();
      process.kill(init, 'SIGUSR1');
      await theatre.alternate.logged(/web: rotated a -> b/);
      for (let rotations = 0; rotations < 3; rotations++) await theatre.rotate('web');
      process.kill(init, 'SIGHUP');
      await theatre.alternate.logged(/configuration read again/);
      process.kill(init, 'SIGUSR2');
      await theatre.alternate.logged(/log files opened again/);
      await until('no zombie', () => zombiesOf(init).length === 0);
      process.kill(init, 'SIGTERM');
      expect(await until('its end', theatre.alternate.ended)).toMatchObject({ code: 0 });
    });

    test('a second TERM kills, and what is ended by a signal has its exit code', async () => {
      const theatre = await Theatre.open();
      const stubborn: RawService = {
        ...daemonizer,
        command: ['sh', '-c', "trap '' TERM; while :; do sleep 1; done"],
        stop: { timeout: 'never' },
      };
      const alternate = theatre.start({ web: stubborn }, { through });
      await theatre.running('web');
      const init = await until('the init', () => childrenOf(alternate.pid)[0]);
      process.kill(init, 'SIGTERM');
      await alternate.logged(/stopping a/);
      process.kill(init, 'SIGTERM');
      expect(await until('its end', alternate.ended)).toMatchObject({ code: 0 });
      const other = await container();
      process.kill(other.node, 'SIGKILL');
      expect(await until('its end', other.theatre.alternate.ended)).toMatchObject({ code: 137 });
    });

    test('its exit code is that of the command', async () => {
      const folder = scratch();
      expect(await runAlternate(['validate'], { cwd: folder, through })).toMatchObject({ code: 2 });
      expect(await runAlternate(['--version'], { cwd: folder, through })).toMatchObject({ code: 0 });
    });
  },
);
