/** What other users of the machine may own must not stop a manager, nor let them use its rights. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Alternate, runAlternate, temporaryFolder, writeConfig } from '../support/alternate.ts';
import { freePorts } from '../support/ports.ts';
import { until } from '../support/until.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

function folder(): string {
  const made = temporaryFolder();
  onTestFinished(() => {
    made.remove();
  });
  chmodSync(made.path, 0o755);
  return made.path;
}

/** A manager of a folder with these services; its control socket is in the folder too. */
function start(cwd: string, services: object): Alternate {
  const control = { socket: 'c.sock' };
  writeConfig(cwd, JSON.stringify({ control, services }));
  const alternate = new Alternate([], { cwd });
  onTestFinished(() => alternate.discard());
  return alternate;
}

describe('the manager goes on', () => {
  test('where an env file is a FIFO', async () => {
    const cwd = folder();
    execFileSync('mkfifo', [path.join(cwd, 'env')]);
    const alternate = start(cwd, { web: { command: 'sleep 300', envFile: 'env' } });
    await alternate.logged(/web: cannot start the command: the env file .*env cannot be read: it is a FIFO/);
    expect((await alternate.status()).services).toHaveLength(1);
    expect(await alternate.stop()).toMatchObject({ code: 0 });
  });

  test('where a configuration becomes a FIFO: the reload is refused', async () => {
    const cwd = folder();
    const alternate = start(cwd, { web: { command: 'sleep 300' } });
    await alternate.logged(/running on/);
    const file = path.join(cwd, 'alternate.config.yaml');
    execFileSync('rm', [file]);
    execFileSync('mkfifo', [file]);
    alternate.signal('SIGHUP');
    await alternate.logged(/cannot be read: it is a FIFO, not a regular file/);
    expect(await alternate.stop()).toMatchObject({ code: 0 });
  });

  test('where a line takes the pattern of ready.output years', async () => {
    const cwd = folder();
    const command = ['sh', '-c', `echo ${'a'.repeat(42)}!; exec sleep 300`];
    const ready = { output: String.raw`^(\w+\s?)*ready$`, timeout: '10m' };
    const alternate = start(cwd, {
      web: { command, ready, restart: 'never' },
      quiet: { command: 'sleep 300' },
    });
    await alternate.logged(/is not ready: the pattern .* takes longer than 500ms for a line of its output/);
    await alternate.service('web', ({ state }) => state === 'failed');
    await alternate.stop();
  });
});

test('secrets of a URL and the control characters of a check do not reach log, status and events', async () => {
  const cwd = folder();
  const [port = 0] = await freePorts(1);
  const ready = { http: `http://user:hunter2@127.0.0.1:${port}/h?token=s3cret`, timeout: '3s' };
  const exec = ['printf', String.raw`\033[2Jfake\ralternate | evil: running\n`];
  const alternate = start(cwd, {
    secret: { command: 'sleep 300', ready, restart: 'never' },
    evil: {
      command: 'sleep 300',
      ready: { exec: ['sh', '-c', '"$@"; exit 1', 'sh', ...exec], timeout: '3s' },
      restart: 'never',
    },
    quiet: { command: 'sleep 300' },
  });
  await alternate.service('secret', ({ state }) => state === 'failed');
  await alternate.service('evil', ({ state }) => state === 'failed');
  const { stdout: table } = await alternate.command('status');
  const { stdout: json } = await alternate.command('status', '--json');
  const log = alternate.stderr;
  for (const text of [log, table, json]) {
    expect(text).toContain(`http://user:***@127.0.0.1:${port}/h?token=***`);
    expect(text).not.toMatch(/hunter2|s3cret/);
  }
  for (const text of [log, table]) {
    expect(text).toContain(String.raw`\x1b[2Jfake\ralternate | evil: running`);

    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  }
});

describe.skipIf(!isRoot)('a manager that is root', () => {
  test("does not write where a service's user leads its log", async () => {
    const cwd = folder();
    const [logs, secret] = [path.join(cwd, 'logs'), path.join(cwd, 'secret')];
    mkdirSync(logs);
    chownSync(logs, NOBODY, NOBODY);
    mkdirSync(secret, { mode: 0o700 });
    symlinkSync(path.join(secret, 'new'), path.join(logs, 'api.log'));
    const alternate = start(cwd, {
      web: {
        command: ['sh', '-c', 'echo line; exec sleep 300'],
        user: 'nobody',
        output: { file: 'logs/api.log' },
      },
    });
    await alternate.logged(/output is lost: .*is a symbolic link, which root does not follow here/);
    expect(readdirSync(secret)).toEqual([]);
    execFileSync('rm', [path.join(logs, 'api.log')]);
    alternate.signal('SIGUSR2');
    await until('the log', () => existsSync(path.join(logs, 'api.log')));
    await alternate.stop();
  });

  test('puts no control socket where another user could lead it', async () => {
    const cwd = folder();
    mkdirSync(path.join(cwd, 'site'));
    chownSync(path.join(cwd, 'site'), NOBODY, NOBODY);
    writeConfig(
      cwd,
      JSON.stringify({ control: { socket: 'site/run/c' }, services: { web: { command: 'x' } } }),
    );
    const { code, stderr } = await runAlternate(['--config', 'alternate.config.yaml'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('site/run could be replaced by another user');
    expect(readdirSync(path.join(cwd, 'site'))).toEqual([]);
  });

  test.each(['alternate.config.js', '.config/config.js'])(
    'and its commands run no %s of another user in a folder that is searched',
    async (name) => {
      const cwd = folder();
      const mine = name.startsWith('.') ? cwd : path.join(cwd, 'mine');
      const file = path.join(cwd, name);
      mkdirSync(path.dirname(file), { recursive: true });
      mkdirSync(mine, { recursive: true });
      writeFileSync(file, `require('node:fs').writeFileSync(${JSON.stringify(`${cwd}/ran`)}, '')`);
      chmodSync(cwd, 0o1777);
      chownSync(file, NOBODY, NOBODY);
      for (const words of [['status'], ['run'], ['validate']]) {
        const { code, stderr } = await runAlternate(words, { cwd: mine });
        expect(code).toBe(2);
        expect(stderr).toMatch(/is not used, because it may come from another user: .*\(.*mode \d{4}\)/);
        expect(stderr).toContain('--config FILE');
      }
      expect(existsSync(`${cwd}/ran`)).toBe(false);
      expect(readFileSync(file, 'utf8')).toContain('ran');
    },
  );
});
