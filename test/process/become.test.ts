import { afterEach, describe, expect, test, vi } from 'vitest';
import { become, type BecomeRequest } from '../../src/process/become.ts';
import { NO_CREDENTIALS } from '../../src/config/services/credentials.ts';

const request: BecomeRequest = {
  program: '/srv/api',
  args: ['--port', '3000'],
  env: { PATH: '/usr/bin', SECRET: 'hunter2', 'my.key': 'hunter2' },
  cwd: '/srv',
  credentials: NO_CREDENTIALS,
  listens: false,
};
const www = { uid: 4711, gid: 4712, known: true, env: {} };

function becoming(different: Partial<BecomeRequest>) {
  const made = become({ ...request, ...different });
  if (!made.ok) throw new Error(made.reason);
  return made.value;
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

test('without another user, sockets or a limit, the program is started as it is', () => {
  expect(becoming({})).toEqual({
    file: '/srv/api',
    args: ['--port', '3000'],
    env: request.env,
    cwd: '/srv',
    ids: {},
  });
});

test.each([
  ['sockets', { listens: true }],
  ['another user', { credentials: www }],
  ['another user, and sockets', { credentials: www, listens: true }],
])('with %s, no value of a variable is in an argument', (_what, different) => {
  const { args, env } = becoming(different);
  expect(args.filter((word) => word.includes('hunter2'))).toEqual([]);
  expect(args.slice(-3)).toEqual(['/srv/api', '--port', '3000']);
  expect(Object.values(env).filter((value) => value === 'hunter2')).toHaveLength(2);
});

describe('another user', () => {
  test('gets the groups that the user has; an id without an entry has none', () => {
    expect(becoming({ credentials: www }).args).toEqual(
      expect.arrayContaining(['--reuid=4711', '--regid=4712', '--init-groups']),
    );
    expect(becoming({ credentials: { ...www, known: false } }).args).toContain('--clear-groups');
  });

  test('no variable reaches what still runs as root under its own name', () => {
    const env = { LD_PRELOAD: '/tmp/evil.so', LD_LIBRARY_PATH: '/tmp', PATH: '/tmp', HOME: '/' };
    const { env: given, cwd } = becoming({ env, credentials: www });
    const names = ['ALTERNATE_SHIELDED', ...Object.keys(env).map((name) => `ALTERNATE_ENV_${name}`)];
    expect(Object.keys(given).sort()).toEqual(names.sort());
    // Root does not enter the working directory either.
    expect(cwd).toBe('/');
  });
});

test('the limit that the manager was started with is restored', async () => {
  vi.stubEnv('ALTERNATE_NOFILE_SOFT', '123');
  const fresh = await import('../../src/process/become.ts');
  const made = fresh.become({ ...request, env: {} });
  expect(made.ok && made.value).toMatchObject({
    file: '/bin/sh',
    args: ['-c', expect.stringContaining('ulimit -Sn 123'), 'sh', '/srv/api', '--port', '3000'],
  });
});
