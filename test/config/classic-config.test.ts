import { describe, expect, test } from 'vitest';
import { classicConfig } from '../../src/config/classic-config.ts';

describe('classicConfig', () => {
  test('is one service with the policies of the original tool', () => {
    expect(classicConfig('/srv/app "127.0.0.1:%alt"', ['3000', '3001'], '1m30s', '/work')).toEqual({
      ok: true,
      warnings: [],
      locate: expect.any(Function) as unknown,
      config: {
        path: null,
        control: null,
        services: [
          {
            name: 'classic',
            command: ['/srv/app', '127.0.0.1:%alt'],
            parameters: ['3000', '3001'],
            overlapMs: 90_000,
            onRotate: { type: 'alternate' },
            rotation: { whileRotating: 'refuse', parameterInUse: 'refuse' },
            watch: [],
            baseDir: '/work',
            cwd: '/work',
            env: {},
            envFile: null,
            credentials: { uid: null, gid: null, known: false, env: {} },
            ready: null,
            address: null,
            route: null,
            listen: [],
            stop: { signal: 'SIGTERM', timeoutMs: null },
            restart: {
              policy: 'never',
              delayMs: 250,
              maxDelayMs: 30_000,
              maxAttempts: 10,
              resetAfterMs: 60_000,
            },
            output: { type: 'inherit' },
            hooks: {},
          },
        ],
      },
    });
  });

  test('takes a single parameter, and no overlap', () => {
    const result = classicConfig('x', ['a'], '0', '/');
    expect(result.ok && result.config.services[0]).toMatchObject({ parameters: ['a'], overlapMs: 0 });
  });

  test('takes parameters as they are given, also a value that occurs more than once', () => {
    const result = classicConfig('x', ['3000', '3001', '3000'], '0', '/');
    expect(result.ok && result.config.services[0]).toMatchObject({ parameters: ['3000', '3001', '3000'] });
  });

  test.each([
    ['x', ['a'], '5', ['overlap: "5" has no unit']],
    ['x', ['a'], '-5s', ['overlap: "-5s" is negative']],
    ['x', ['a'], 'a', ['overlap: "a" is not a duration']],
    ['x', [], '5s', ['a parameter is missing']],
    ['', ['a'], '5s', ['the command is empty']],
    ['x "', ['a'], '5s', ['the command "x \\"" ends inside a quote']],
    ['', [], '5', ['the command is empty', 'a parameter is missing', 'overlap: "5" has no unit']],
  ])('%j %j %j is refused', (command, parameters, overlap, messages) => {
    const result = classicConfig(command, parameters, overlap, '/');
    expect(result.ok ? [] : result.diagnostics.map(({ message }) => message)).toEqual(messages);
  });
});
