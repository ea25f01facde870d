import { describe, expect, test } from 'vitest';
import { ownAddress } from '../../../src/config/instance.ts';
import { loadService, makeFolder, errorsOf } from '../folder.ts';
import { loadConfig } from '../../../src/config/load.ts';

const KIND = 'give exactly one of files and haproxy';
const NAME = 'use letters, digits, "_", "-", "." and ":"';
const FILE = 'route: { files: … } creates a file with the name of the parameter';
const HAPROXY = (server: string, backend = 'b'): string =>
  `{ haproxy: { socket: s, backend: ${backend}, server: ${server} } }`;

const twoPorts = ['command: x %alt', 'parameters: [3000, 3001]'];

async function errorsIn(...lines: string[]): Promise<string[]> {
  return await errorsOf(['services:', '  api:', ...lines.map((line) => `    ${line}`)].join('\n'));
}

describe('route', () => {
  test('has an absolute folder, or the absolute path of a socket', async () => {
    const folder = await makeFolder({
      'alternate.config.yaml': `services:
  a: { command: x, parameters: [1, 2], route: { files: run/a } }
  b: { command: x, parameters: [1, 2], route: ${HAPROXY('a-%alt')} }
  c: { command: x }`,
    });
    const loaded = await loadConfig({ file: 'alternate.config.yaml', cwd: folder });
    expect(loaded.ok && loaded.config.services.map(({ route }) => route)).toEqual([
      { type: 'files', folder: `${folder}/run/a` },
      { type: 'haproxy', socket: `${folder}/s`, backend: 'b', server: 'a-%alt' },
      null,
    ]);
  });

  test.each([
    ['{}', `5:5 services.api.route: a key is missing (${KIND})`],
    [
      '{ files: a, haproxy: { socket: s, backend: b, server: "x-%alt" } }',
      `5:5 services.api.route: files and haproxy cannot be used together (${KIND})`,
    ],
    ['run/api', '5:12 services.api.route: expected a mapping with one of files and haproxy, found "run/api"'],
    [
      '{ files: "run/%alt" }',
      '5:21 services.api.route.files: %alt is not replaced here (give one folder for the files of all instances)',
    ],
    [
      HAPROXY('x'),
      '5:56 services.api.route.haproxy.server: every instance would be the same server (put %alt into it, for instance api-%alt)',
    ],
    [
      HAPROXY('"x %alt"'),
      `5:56 services.api.route.haproxy.server: "x 3000" cannot be the name of a server of HAProxy (${NAME})`,
    ],
    [
      HAPROXY('x-%alt', '"a;b"'),
      `5:45 services.api.route.haproxy.backend: "a;b" cannot be the name of a backend of HAProxy (${NAME})`,
    ],
    [
      '{ haproxy: { socket: s, server: "x-%alt" } }',
      '5:14 services.api.route.haproxy: the key "backend" is missing',
    ],
  ])('%s', async (route, error) => {
    expect(await errorsIn(...twoPorts, `route: ${route}`)).toEqual([error]);
  });

  test.each([
    ['a/b', 'the parameter "a/b" cannot be the name of a file: it contains a slash or a zero byte'],
    ['..', 'the parameter ".." cannot be the name of a file'],
    ['.', 'the parameter "." cannot be the name of a file'],
    ['', 'the parameter "" cannot be the name of a file'],
    ['é'.repeat(128), `the parameter "${'é'.repeat(128)}" is too long for the name of a file (255 bytes)`],
  ])('refuses the parameter %j, which cannot be the name of a file', async (parameter, error) => {
    const lines = ['command: x', `parameters: [ok, ${JSON.stringify(parameter)}]`, 'route: { files: run }'];
    expect(await errorsIn(...lines)).toEqual([`5:21 services.api.route.files: ${error} (${FILE})`]);
  });

  test('takes names that are odd but possible', async () => {
    const lines = [
      'command: x',
      `parameters: [" ", "-", "a b", ${'x'.repeat(255)}]`,
      'route: { files: run }',
    ];
    expect(await errorsIn(...lines)).toEqual([]);
  });

  test('is refused where there is nothing to route between', async () => {
    expect(await errorsIn('command: x', 'route: { files: run }')).toEqual([
      '4:5 services.api.route: a service without parameters has only one instance to route to (remove route, or give the service parameters)',
    ]);
  });

  test('is refused where two services would have the same file', async () => {
    const text = `services:
  a: { command: x, parameters: [1, 2], route: { files: run } }
  b: { command: x, parameters: [2, 3], route: { files: ./run } }
  c: { command: x, parameters: [4, 5], route: { files: run } }`;
    const [error, ...others] = await errorsOf(text);
    expect(error).toMatch(/^3:3 services\.b: a uses the same file for its route: .*\/run\/2 \(give each/);
    expect(others).toEqual([]);
  });
});

describe('address', () => {
  test.each([
    [
      '127.0.0.1:80',
      'every instance would have the same address (put %alt into it, for instance 127.0.0.1:%alt)',
    ],
    ['"a:%alt:b"', '"a:3000:b" is not an address (for instance 127.0.0.1:%alt, or a port)'],
    ['"9%alt"', '"93000" has no valid port (for instance 127.0.0.1:%alt, or a port)'],
  ])('%s', async (address, error) => {
    expect(await errorsIn(...twoPorts, `address: ${address}`)).toEqual([
      `5:14 services.api.address: ${error}`,
    ]);
  });

  test('wins over what ready names, as where the instance of a parameter listens', async () => {
    const service = await loadService(...twoPorts, 'address: "[::1]:%alt"', 'ready: { tcp: ":%alt" }');
    expect(ownAddress(service, '3001')).toBe('[::1]:3001');
    expect(ownAddress(await loadService(...twoPorts, 'ready: { tcp: ":%alt" }'), '3001')).toBe(':3001');
    const secret = 'ready: { http: "http://token@127.0.0.1:%alt/healthz" }';
    expect(ownAddress(await loadService(...twoPorts, secret), '3001')).toBe('127.0.0.1:3001');
    expect(ownAddress(await loadService(...twoPorts), '3001')).toBeNull();
  });
});
