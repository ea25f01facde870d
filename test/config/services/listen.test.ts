import { describe, expect, test } from 'vitest';
import type { ListenAddress, ListenSocket } from '../../../src/config/types.ts';
import { listenKey } from '../../../src/config/services/listen.ts';
import { loadOk, loadService, errorsOf } from '../folder.ts';

async function socketsOf(...lines: string[]): Promise<readonly ListenSocket[]> {
  return (await loadService('command: x', ...lines)).listen;
}

/** The errors of a service that listens; `listen` begins at 4:5, its value at 4:13. */
async function errorsIn(listen: string, ...lines: string[]): Promise<string[]> {
  const text = ['services:', '  api:', '    command: x', `    listen: ${listen}`];
  return await errorsOf([...text, ...lines.map((line) => `    ${line}`)].join('\n'));
}

const EXAMPLES = '(for instance 127.0.0.1:8080, "[::1]:8080", ":8080" or unix:run/web.sock)';
const tcp = (host: string | null, port: number): ListenAddress => ({ type: 'tcp', host, port });
const socket = (address: ListenAddress, name = 'api', backlog = 511): ListenSocket => ({
  name,
  address,
  backlog,
});

describe('listen', () => {
  test.each<[string, ListenAddress]>([
    ['127.0.0.1:8080', tcp('127.0.0.1', 8080)],
    ['localhost:8080', tcp('localhost', 8080)],
    ['"[::1]:8080"', tcp('::1', 8080)],
    ['"[::]:8080"', tcp('::', 8080)],
    ['0.0.0.0:8080', tcp('0.0.0.0', 8080)],
    [':8080', tcp(null, 8080)],
    ['"*:8080"', tcp(null, 8080)],
    ['8080', tcp(null, 8080)],
    ['127.0.0.1:65535', tcp('127.0.0.1', 65535)],
  ])('%s', async (text, address) => {
    expect(await socketsOf(`listen: ${text}`)).toEqual([socket(address)]);
  });

  test('takes a list, in its order', async () => {
    expect(await socketsOf('listen: [127.0.0.1:80, ":81", { address: 82, backlog: 7 }]')).toEqual([
      socket(tcp('127.0.0.1', 80)),
      socket(tcp(null, 81)),
      socket(tcp(null, 82), 'api', 7),
    ]);
  });

  test('takes names with addresses', async () => {
    expect(await socketsOf('listen: { http: ":80", admin: { address: ":81", backlog: 1 } }')).toEqual([
      socket(tcp(null, 80), 'http'),
      socket(tcp(null, 81), 'admin', 1),
    ]);
  });

  test('takes settings beside the address', async () => {
    expect(await socketsOf('listen: { address: ":80", backlog: 65535 }')).toEqual([
      socket(tcp(null, 80), 'api', 65535),
    ]);
  });

  test('starts the path of a unix socket from the folder of the file', async () => {
    const service = await loadService('command: x', 'listen: [unix:run/a.sock, unix:/run/b.sock]');
    expect(service.listen.map(({ address }) => address)).toEqual([
      { type: 'unix', path: `${service.baseDir}/run/a.sock`, mode: 0o666 },
      { type: 'unix', path: '/run/b.sock', mode: 0o666 },
    ]);
  });

  test.each([
    ['"0660"', 0o660],
    ['"600"', 0o600],
    ['"0777"', 0o777],
  ])('gives a unix socket the mode %s', async (text, mode) => {
    const [found] = await socketsOf(`listen: { address: unix:/run/a.sock, mode: ${text} }`);
    expect(found?.address).toEqual({ type: 'unix', path: '/run/a.sock', mode });
  });

  test('of defaults counts for every service without its own', async () => {
    const config = await loadOk(`defaults: { listen: ":80" }
services:
  a: { command: x }
  b: { command: x, listen: ":81" }`);
    expect(config.services.map(({ listen, parameters }) => [listen, parameters])).toEqual([
      [[socket(tcp(null, 80), 'a')], ['blue', 'green']],
      [[socket(tcp(null, 81), 'b')], ['blue', 'green']],
    ]);
  });

  test('is empty where nothing is said', async () => {
    expect(await socketsOf()).toEqual([]);
  });
});

describe('a service that listens', () => {
  test('alternates between blue and green unless it has parameters', async () => {
    expect(await loadService('command: x', 'listen: ":80"')).toMatchObject({
      parameters: ['blue', 'green'],
      onRotate: { type: 'alternate' },
    });
    const named = await loadService('command: x', 'listen: ":80"', 'parameters: [a, b, c]');
    expect(named.parameters).toEqual(['a', 'b', 'c']);
  });

  test.each(['output: up', 'exec: ./check %alt', 'notify: true'])(
    'may show that it is ready by %s',
    async (ready) => {
      expect(await errorsIn('":80"', `ready: { ${ready} }`)).toEqual([]);
    },
  );

  test.each(['http: http://127.0.0.1:80/', 'tcp: 127.0.0.1:80'])('cannot show it by %s', async (ready) => {
    const [key] = ready.split(':');
    expect(await errorsIn('":80"', `ready: { ${ready} }`)).toEqual([
      `5:14 services.api.ready.${key ?? ''}: this check cannot work with listen: the instances share the socket, so the old one may answer (with listen, use output, exec or notify)`,
    ]);
  });

  test('is told so where ready or listen stands in defaults', async () => {
    const text = `defaults: { ready: { tcp: "1" } }
services:
  api: { command: x, listen: ":80" }`;
    const [error, ...others] = await errorsOf(text);
    expect(error).toMatch(/^1:22 defaults\.ready\.tcp: this check cannot work with listen/);
    expect(others).toEqual([]);
  });

  test('has no onRotate', async () => {
    expect(await errorsIn('":80"', 'onRotate: SIGHUP')).toEqual([
      '5:5 services.api.onRotate: onRotate cannot be used with listen (remove one of the two: with listen, a rotation alternates)',
    ]);
  });

  test('ignores the onRotate of defaults, which is for the others', async () => {
    const config = await loadOk(`defaults: { onRotate: SIGHUP }
services:
  api: { command: x, listen: ":80" }
  edge: { command: x }`);
    expect(config.services.map(({ onRotate }) => onRotate.type)).toEqual(['alternate', 'signal']);
  });
});

describe('an error in listen', () => {
  test.each([
    ['nonsense', `4:13 services.api.listen: "nonsense" is not an address ${EXAMPLES}`],
    ['"::1:80"', `4:13 services.api.listen: "::1:80" is not an address ${EXAMPLES}`],
    ['127.0.0.1', `4:13 services.api.listen: "127.0.0.1" is not an address ${EXAMPLES}`],
    ['http://127.0.0.1:80', `4:13 services.api.listen: "http://127.0.0.1:80" is not an address ${EXAMPLES}`],
    ['127.0.0.1:65536', `4:13 services.api.listen: "127.0.0.1:65536" has no valid port ${EXAMPLES}`],
    ['":0"', `4:13 services.api.listen: ":0" has no valid port ${EXAMPLES}`],
    [
      '"unix:"',
      `4:13 services.api.listen: the path of a socket has 1 to 107 bytes, but this one has 0 ${EXAMPLES}`,
    ],
    [
      '127.0.0.1:%alt',
      '4:13 services.api.listen: %alt is not replaced here (write a fixed address: all instances share the sockets)',
    ],
    [
      'unix:/run/%alt.sock',
      '4:13 services.api.listen: %alt is not replaced here (write a fixed address: all instances share the sockets)',
    ],
    ['[":80", x]', `4:21 services.api.listen[1]: "x" is not an address ${EXAMPLES}`],
    ['{ http: x }', `4:21 services.api.listen.http: "x" is not an address ${EXAMPLES}`],
    ['{ http: { address: x } }', `4:32 services.api.listen.http.address: "x" is not an address ${EXAMPLES}`],
    ['[":80", "*:80"]', '4:21 services.api.listen[1]: :80 is listed twice'],
    ['{ a: unix:x, b: unix:./x }', /^4:29 services\.api\.listen\.b: unix:\/.*\/x is listed twice$/],
    [
      '{ adress: ":80", backlog: 5 }',
      '4:30 services.api.listen.backlog: "backlog" cannot be the name of a socket (for the settings of one socket, add address beside backlog)',
    ],
    ['{ "a:b": ":80" }', '4:15 services.api.listen["a:b"]: "a:b" cannot be the name of a socket'],
    ['{ "a b": ":80" }', '4:15 services.api.listen["a b"]: "a b" cannot be the name of a socket'],
    ['{ address: ":80", mode: "0600" }', '4:31 services.api.listen.mode: only a unix socket has permissions'],
    [
      '[{ address: ":80", mode: "0600" }]',
      '4:32 services.api.listen[0].mode: only a unix socket has permissions',
    ],
    [
      '{ address: unix:x, mode: "0888" }',
      '4:38 services.api.listen.mode: "0888" is not a mode (write octal digits in quotes, as in "0660")',
    ],
    [
      '{ address: unix:x, mode: 0600 }',
      '4:38 services.api.listen.mode: expected permissions in quotes, such as "0660"',
    ],
    [
      '{ address: ":80", backlog: lots }',
      '4:40 services.api.listen.backlog: expected a whole number from 1 to 65535',
    ],
    [
      '{ address: ":80", http: ":81" }',
      '4:31 services.api.listen.http: unknown key (the keys beside address are backlog and mode; "address" cannot be the name of a socket)',
    ],
    ['{ address: { address: ":80" } }', `4:24 services.api.listen.address: expected an address ${EXAMPLES}`],
  ])('%s', async (listen, error) => {
    const errors = await errorsIn(listen);
    if (typeof error === 'string') expect(errors).toEqual([error]);
    else expect(errors).toEqual([expect.stringMatching(error)]);
  });

  test.each([
    '[]',
    '{}',
    '0',
    '65536',
    '-1',
    '1.5',
    'true',
    '""',
    '[[":80"]]',
    '{ a: [":80"] }',
    '[{ backlog: 1 }]',
    '{ address: ":80", backlog: 0 }',
    '{ address: ":80", backlog: 65536 }',
  ])('%s is refused with its place', async (listen) => {
    const errors = await errorsIn(listen);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^4:\d+ services\.api\.listen/);
  });

  test('names the path that is too long, as it is from the root on', async () => {
    const [error, ...others] = await errorsIn(`unix:${'x'.repeat(100)}`);
    expect(error).toMatch(
      /^4:13 services\.api\.listen: the path of a socket has 1 to 107 bytes, but this one has \d+ \(the absolute path is \/.*x{100}\)$/,
    );
    expect(others).toEqual([]);
  });

  test('is a second service at the same address', async () => {
    const text = `services:
  a: { command: x, listen: [":80", "127.0.0.1:81"] }
  b: { command: x, listen: "127.0.0.1:81" }`;
    expect(await errorsOf(text)).toEqual(['3:3 services.b: a already listens on 127.0.0.1:81']);
  });

  test('does not bring others with it: a bad listen is no missing parameter', async () => {
    expect(await errorsIn('true', 'ready: { notify: true }')).toHaveLength(1);
  });
});

describe('listenKey', () => {
  test.each<[ListenAddress, string]>([
    [tcp(null, 80), ':80'],
    [tcp('127.0.0.1', 80), '127.0.0.1:80'],
    [tcp('::1', 80), '[::1]:80'],
    [{ type: 'unix', path: '/a', mode: 0o600 }, 'unix:/a'],
  ])('of %j is %s', (address, key) => {
    expect(listenKey(address)).toBe(key);
  });
});
