import { expect, test } from 'vitest';
import { instantiate } from '../../src/config/instance.ts';
import { loadService } from './folder.ts';

test('puts the parameter into every template, each word staying one', async () => {
  const service = await loadService(
    'command: ./x "a %alt b" %alt %%alt',
    'parameters: [blue, "two words"]',
    'env: { NAME: "<%alt>" }',
    'ready: { exec: [check, "%alt"] }',
    'output: { file: "logs/%alt.log" }',
    'hooks: { afterReady: tell %alt, beforeStop: tell drain }',
  );
  const { baseDir } = service;
  const spec = instantiate(service, 'two words');
  expect(spec).toEqual({
    service: 'api',
    parameter: 'two words',
    command: ['./x', 'a two words b', 'two words', '%alt'],
    baseDir,
    cwd: baseDir,
    env: { NAME: '<two words>' },
    envFile: null,
    credentials: { uid: null, gid: null, known: false, env: {} },
    ready: { type: 'exec', command: ['check', 'two words'], intervalMs: 200, timeoutMs: 30_000 },
    stop: { signal: 'SIGTERM', timeoutMs: 30_000 },
    output: { type: 'file', file: `${baseDir}/logs/two words.log`, maxSizeBytes: null, maxFiles: 5 },
    hooks: { afterReady: ['tell', 'two words'], beforeStop: ['tell', 'drain'] },
  });
});

test.each([
  ['http: "http://127.0.0.1:%alt/"', { url: 'http://127.0.0.1:80/' }],
  ['tcp: ":%alt"', { address: ':80' }],
  ['output: "on :%alt"', { pattern: 'on :80' }],
  ['notify: true', { type: 'notify' }],
])('ready: { %s }', async (line, expected) => {
  const service = await loadService('command: x', 'parameters: [80, 81]', `ready: { ${line} }`);
  expect(instantiate(service, '80').ready).toMatchObject(expected);
});

test('leaves nothing of %alt without a parameter', async () => {
  const service = await loadService('command: x -%alt- %%alt', 'cwd: .%alt');
  const spec = instantiate(service, null);
  expect(spec.command).toEqual(['x', '--', '%alt']);
  expect(spec.cwd).toBe(service.baseDir);
});
