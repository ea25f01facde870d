import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { loadOk, loadService, makeFolder } from '../folder.ts';

describe('a service', () => {
  test('has defaults for all but the command', async () => {
    const folder = await makeFolder({
      'alternate.config.yaml': 'services: { api: { command: ./bin/api -v } }',
    });
    const file = join(folder, 'alternate.config.yaml');
    expect(await loadConfig({ file, cwd: '/' })).toEqual({
      ok: true,
      warnings: [],
      locate: expect.any(Function) as unknown,
      config: {
        path: file,
        control: { path: null, mode: 0o600 },
        services: [
          {
            name: 'api',
            command: ['./bin/api', '-v'],
            parameters: [null],
            overlapMs: 10_000,
            onRotate: { type: 'restart', byNameOnly: true },
            rotation: { whileRotating: 'fold', parameterInUse: 'wait' },
            watch: [],
            baseDir: folder,
            cwd: folder,
            env: {},
            envFile: null,
            credentials: { uid: null, gid: null, known: false, env: {} },
            ready: null,
            address: null,
            route: null,
            listen: [],
            stop: { signal: 'SIGTERM', timeoutMs: 30_000 },
            restart: {
              policy: 'always',
              delayMs: 250,
              maxDelayMs: 30_000,
              maxAttempts: 10,
              resetAfterMs: 60_000,
            },
            output: { type: 'prefix' },
            hooks: {},
          },
        ],
      },
    });
  });

  test('is taken over key by key', async () => {
    const folder = await makeFolder({
      'sub/x.env': '',
      'sub/a.yaml': `
control: { socket: run/x.sock, mode: "660" }
services:
  api:
    command: [./bin/api, "a b", --port=%alt, 8]
    parameters: [3000, "3001", "8080"]
    overlap: 0
    watch: [bin/api, /etc/api.toml]
    cwd: .
    env: { PORT: "%alt", N: 1, B: true }
    envFile: x.env
    ready: { tcp: "%alt", interval: 1s, timeout: 1m }
    stop: { signal: quit, timeout: never }
    restart: { policy: on-failure, delay: 40s }
    output: { file: logs/%alt.log, maxSize: 1KiB, maxFiles: 2 }
    hooks: { beforeStart: ./migrate now, afterReady: [up, "%alt"] }
`,
    });
    const base = join(folder, 'sub');
    const result = await loadConfig({ file: 'sub/a.yaml', cwd: folder });
    expect(result).toMatchObject({
      ok: true,
      config: { control: { path: join(base, 'run/x.sock'), mode: 0o660 } },
    });
    expect(result.ok && result.config.services[0]).toEqual({
      name: 'api',
      command: ['./bin/api', 'a b', '--port=%alt', '8'],
      parameters: ['3000', '3001', '8080'],
      overlapMs: 0,
      onRotate: { type: 'alternate' },
      rotation: { whileRotating: 'fold', parameterInUse: 'wait' },
      watch: [join(base, 'bin/api'), '/etc/api.toml'],
      baseDir: base,
      cwd: base,
      env: { PORT: '%alt', N: '1', B: 'true' },
      envFile: join(base, 'x.env'),
      credentials: { uid: null, gid: null, known: false, env: {} },
      ready: { type: 'tcp', address: '%alt', intervalMs: 1000, timeoutMs: 60_000 },
      address: null,
      route: null,
      listen: [],
      stop: { signal: 'SIGQUIT', timeoutMs: null },
      restart: {
        policy: 'on-failure',
        delayMs: 40_000,
        maxDelayMs: 40_000,
        maxAttempts: 10,
        resetAfterMs: 60_000,
      },
      output: { type: 'file', file: join(base, 'logs/%alt.log'), maxSizeBytes: 1024, maxFiles: 2 },
      hooks: { beforeStart: ['./migrate', 'now'], afterReady: ['up', '%alt'] },
    });
  });

  test.each([
    ['ready: { http: "http://127.0.0.1/" }', { type: 'http', url: 'http://127.0.0.1/' }],
    ['ready: { http: "https://[::1]:8443/x?y" }', { type: 'http', url: 'https://[::1]:8443/x?y' }],
    ['ready: { exec: ./is-ready -q }', { type: 'exec', command: ['./is-ready', '-q'] }],
    ['ready: { output: "on .*:%alt" }', { type: 'output', pattern: 'on .*:%alt' }],
    ['ready: { notify: true }', { type: 'notify' }],
  ])('%s', async (line, ready) => {
    expect((await loadService('command: x', line)).ready).toEqual({
      ...ready,
      intervalMs: 200,
      timeoutMs: 30_000,
    });
  });

  test.each([
    ['onRotate: restart', { type: 'restart' }],
    ['onRotate: none', { type: 'none' }],
    ['onRotate: hup', { type: 'signal', signal: 'SIGHUP' }],
  ])('%s', async (line, onRotate) => {
    expect((await loadService('command: x', line)).onRotate).toEqual(onRotate);
  });

  test('watches the program, a path or nothing', async () => {
    expect((await loadService('command: x', 'watch: true')).watch).toEqual([{ program: true }]);
    expect((await loadService('command: x', 'watch: /bin/x')).watch).toEqual(['/bin/x']);
    expect((await loadService('command: x', 'watch: false')).watch).toEqual([]);
  });

  test('takes a command of several lines', async () => {
    expect(
      (await loadService('command: |', '  x --one', '    --two "3 4"  # why', '  --five')).command,
    ).toEqual(['x', '--one', '--two', '3 4', '--five']);
  });

  test('keeps the order of the file', async () => {
    const { services } = await loadOk(
      'services: { z: { command: x }, a: { command: x }, m: { command: x } }',
    );
    expect(services.map(({ name }) => name)).toEqual(['z', 'a', 'm']);
  });
});

describe('defaults', () => {
  test('are any key of a service; its own key wins and replaces the whole value', async () => {
    const { services } = await loadOk(`
defaults: { command: x, overlap: 1s, stop: { signal: INT, timeout: 1s }, env: { A: 1 } }
services:
  one: {}
  two: { command: y, overlap: 2s, stop: { timeout: 2s }, env: { B: 2 } }
`);
    const summary = services.map(({ command, overlapMs, stop, env }) => ({ command, overlapMs, stop, env }));
    expect(summary).toEqual([
      { command: ['x'], overlapMs: 1000, stop: { signal: 'SIGINT', timeoutMs: 1000 }, env: { A: '1' } },
      { command: ['y'], overlapMs: 2000, stop: { signal: 'SIGTERM', timeoutMs: 2000 }, env: { B: '2' } },
    ]);
  });
});

test.each([
  ['control: { socket: false }', null],
  ['control: {}', { path: null, mode: 0o600 }],
  ['control: { socket: /run/x.sock }', { path: '/run/x.sock', mode: 0o600 }],
])('%s', async (line, control) => {
  expect((await loadOk(`${line}\nservices: { x: { command: x } }`)).control).toEqual(control);
});
