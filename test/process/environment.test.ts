import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { environmentOf } from '../../src/process/environment.ts';
import { temporaryFolder } from '../support/alternate.ts';
import { instanceSpec, NOBODY } from './instance-spec.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

function envFile(text: string): string {
  const folder = temporaryFolder();
  onTestFinished(() => {
    folder.remove();
  });
  const file = path.join(folder.path, '.env');
  writeFileSync(file, text);
  return file;
}

function environment(...args: Parameters<typeof environmentOf>): Record<string, string> {
  const made = environmentOf(...args);
  if (!made.ok) throw new Error(made.reason);
  return made.value;
}

describe('environmentOf', () => {
  test("each layer wins over the one before: the manager's, the user's, the file, env, ALTERNATE_*", () => {
    const names = ['ONE', 'TWO', 'THREE', 'FOUR', 'ALTERNATE_SERVICE'];
    const from = (layer: string, count: number) =>
      Object.fromEntries(names.slice(count).map((name) => [name, layer]));
    for (const [name, value] of Object.entries(from('manager', 0))) vi.stubEnv(name, value);
    const file = Object.keys(from('file', 2)).map((name) => `${name}=file`);
    const spec = instanceSpec({
      credentials: { uid: null, gid: null, known: false, env: from('user', 1) },
      envFile: envFile(file.join('\n')),
      env: from('env', 3),
    });
    expect(environment(spec, NOBODY)).toMatchObject({
      ONE: 'manager',
      TWO: 'user',
      THREE: 'file',
      FOUR: 'env',
      ALTERNATE_SERVICE: 'web',
      ALTERNATE_PARAMETER: 'a',
    });
  });

  test('names the configuration and the socket where there are some', () => {
    const manager = { config: '/srv/alternate.config.yaml', socket: '/run/x.sock' };
    expect(environment(instanceSpec(), manager)).toMatchObject({
      ALTERNATE_CONFIG: '/srv/alternate.config.yaml',
      ALTERNATE_SOCKET: '/run/x.sock',
    });
    const without = environment(instanceSpec({ parameter: null }), NOBODY);
    expect(without['ALTERNATE_PARAMETER']).toBe('');
    expect(Object.keys(without)).not.toContain('ALTERNATE_CONFIG');
    expect(Object.keys(without)).not.toContain('ALTERNATE_SOCKET');
  });

  test.each([
    'NOTIFY_SOCKET',
    'NOTIFY_FD',
    'WATCHDOG_PID',
    'WATCHDOG_USEC',
    'LISTEN_PID',
    'LISTEN_FDS',
    'LISTEN_FDNAMES',
    'SERVER_STARTER_PORT',
    'ALTERNATE_NOFILE_SOFT',
  ])('%s was meant for the manager, unless the configuration gives it', (name) => {
    vi.stubEnv(name, '1');
    expect(environment(instanceSpec(), NOBODY)[name]).toBeUndefined();
    expect(environment(instanceSpec({ env: { [name]: '2' } }), NOBODY)[name]).toBe('2');
  });

  test('the file is read at every call', () => {
    const spec = instanceSpec({ envFile: envFile('VALUE=1') });
    expect(environment(spec, NOBODY)['VALUE']).toBe('1');
    writeFileSync(spec.envFile ?? '', 'VALUE=2');
    expect(environment(spec, NOBODY)['VALUE']).toBe('2');
  });

  test('a file that is gone, or has an error, is a reason and not a throw', () => {
    const spec = instanceSpec({ envFile: envFile('A=1\nB="open\n') });
    expect(environmentOf(spec, NOBODY)).toEqual({
      ok: false,
      reason: `${spec.envFile ?? ''}:2: unclosed-quote`,
    });
    rmSync(spec.envFile ?? '');
    const gone = environmentOf(spec, NOBODY);
    expect(gone).toMatchObject({ ok: false });
    expect(gone.ok ? '' : gone.reason).toMatch(/^the env file cannot be read: ENOENT.*\.env'$/);
  });

  test('a file that never ends, or a FIFO that has no writer, is a reason and not a wait', () => {
    const fifo = envFile('A=1');
    rmSync(fifo);
    execFileSync('mkfifo', [fifo]);
    for (const [file, why] of [
      [fifo, 'it is a FIFO, not a regular file'],
      ['/dev/zero', 'it is a device, not a regular file'],
      [envFile(`A=${'x'.repeat(6 * 1024 * 1024)}`), 'it is larger than 6291456 bytes'],
    ] as const) {
      const reason = `the env file ${file} cannot be read: ${why}`;
      expect(environmentOf(instanceSpec({ envFile: file }), NOBODY)).toEqual({ ok: false, reason });
    }
  });
});

test.skipIf(process.getuid?.() !== 0)(
  'root reads no env file that another user leads to and may not read',
  () => {
    const USER = 65_534;
    const secret = envFile('KEY=secret');
    chmodSync(secret, 0o600);
    chmodSync(path.dirname(secret), 0o755);
    const link = envFile('');
    rmSync(link);
    symlinkSync(secret, link);
    const read = (uid: number | null, gid: number | null = null) =>
      environmentOf(
        instanceSpec({ envFile: link, credentials: { uid, gid, known: false, env: {} } }),
        NOBODY,
      );
    // An admin's link is followed, and the file may be for root alone.
    expect(read(USER)).toMatchObject({ ok: true });
    chownSync(path.dirname(link), USER, USER);
    expect(read(USER)).toEqual({
      ok: false,
      reason: expect.stringContaining("the instance's user may not read it, and another user can") as string,
    });
    expect(read(null)).toMatchObject({ ok: true });
    chmodSync(secret, 0o640);
    chownSync(secret, 0, USER);
    expect(read(USER)).toMatchObject({ ok: false });
    expect(read(USER, USER)).toMatchObject({ ok: true });
    chownSync(secret, USER, USER);
    expect(read(USER - 1)).toMatchObject({ ok: true });
  },
);
