import { describe, expect, test } from 'vitest';
import { ownAddresses } from '../../../src/config/instance.ts';
import { inService, loadService, errorsOf } from '../folder.ts';

const PORTS = 'parameters: [3000, 3001]';
const WHY = 'the old instance would answer for the new one';

describe("beside parameters, the address of a readiness check is refused unless it is an instance's own", () => {
  test.each([
    ['http: http://127.0.0.1:8080/', '127.0.0.1:8080', 'for instance http://127.0.0.1:%alt/healthz'],
    ['tcp: 8080', '127.0.0.1:8080', 'for instance 127.0.0.1:%alt'],
    ['tcp: localhost:8080', 'localhost:8080', 'for instance 127.0.0.1:%alt'],
    ['http: "http://127.0.0.1:8080/%%alt"', '127.0.0.1:8080', 'for instance http://127.0.0.1:%alt/healthz'],
  ])('%s', async (ready, address, example) => {
    expect(await inService(PORTS, `ready: { ${ready} }`)).toEqual([
      expect.stringContaining(
        `every instance has the address ${address}, so ${WHY} (put %alt into it, ${example})`,
      ),
    ]);
  });

  test.each([
    ['[3000, 3001]', 'http: "http://127.0.0.1:8080/%alt?%alt"', '3000 and 3001', '127.0.0.1:8080'],
    ['[3000, "03000"]', 'tcp: "%alt"', '3000 and 03000', '127.0.0.1:3000'],
    ['[3000, "03000"]', 'http: "http://127.0.0.1:%alt"', '3000 and 03000', '127.0.0.1:3000'],
    ['[":3000", 3000]', 'tcp: "%alt"', ':3000 and 3000', '127.0.0.1:3000'],
    ['[localhost, 127.0.0.1]', 'tcp: "%alt:80"', 'localhost and 127.0.0.1', '127.0.0.1:80'],
    ['["[::1]", localhost]', 'tcp: "%alt:80"', '[::1] and localhost', 'localhost:80'],
    [
      '[a.localhost, b.localhost]',
      'http: "http://%alt:8080/"',
      'a.localhost and b.localhost',
      'localhost:8080',
    ],
    ['[127.0.0.1, 127.1]', 'tcp: "%alt:80"', '127.0.0.1 and 127.1', '127.0.0.1:80'],
    [
      '["127.0.0.1", "[::ffff:127.0.0.1]"]',
      'tcp: "%alt:80"',
      '127.0.0.1 and [::ffff:127.0.0.1]',
      '127.0.0.1:80',
    ],
    ['["", ":80"]', 'http: "http://a%alt/"', ' and :80', 'a:80'],
    ['[Web, web]', 'tcp: "%alt:80"', 'Web and web', 'web:80'],
    ['[1, 2, 1x, 3, "02"]', 'http: "http://127.0.0.1:800%alt/"', null, null],
  ])('parameters %s, %s', async (parameters, ready, both, address) => {
    const errors = await inService(`parameters: ${parameters}`, `ready: { ${ready} }`);
    if (both === null) expect(errors).toEqual([expect.stringContaining('is not a URL')]);
    else
      expect(errors).toEqual([
        expect.stringContaining(`the parameters ${both} give the same address, ${address}, so ${WHY}`),
      ]);
  });

  test.each([
    ['[3000, 3001]', 'http: "http://127.0.0.1:%alt/"'],
    ['[127.0.0.1, 127.0.0.2]', 'tcp: "%alt:80"'],
    ['["127.0.0.1", "[::1]"]', 'tcp: "%alt:80"'],
    ['[80, 443]', 'http: "https://127.0.0.1:%alt/"'],
    ['[blue, green]', 'http: "http://%alt:80/"'],
    ['[3000, 3001]', 'exec: ./check'],
    ['[3000, 3001]', 'output: up'],
    ['[3000, 3001]', 'notify: true'],
  ])('not parameters %s, %s', async (parameters, ready) => {
    expect(await inService(`parameters: ${parameters}`, `ready: { ${ready} }`)).toEqual([]);
  });

  test('not for a service without parameters', async () => {
    expect(await inService('ready: { tcp: 8080 }')).toEqual([]);
  });

  test('in defaults too, at its place there', async () => {
    const text = `defaults: { ready: { tcp: 8080 } }
services: { a: { command: x, parameters: [1, 2] } }`;
    expect(await errorsOf(text)).toEqual([
      expect.stringMatching(/^1:27 defaults\.ready\.tcp: every instance has/),
    ]);
  });
});

test('the same address written twice is refused for `address` as well', async () => {
  expect(await inService('parameters: [80, "080"]', 'address: 127.0.0.1:%alt')).toEqual([
    expect.stringContaining('the parameters 80 and 080 give the same address, 127.0.0.1:80'),
  ]);
});

describe('two services at the same place are refused', () => {
  const TOO = (service: string, other: string, place: string): string =>
    `3:3 services.${service}: ${other} has the address ${place} too: one would answer the readiness check of the other (give each service its own addresses)`;

  test.each([
    [
      'ready: { tcp: 80 }',
      'ready: { http: "http://localhost/" }',
      '127.0.0.1:80, which is also localhost:80,',
    ],
    ['listen: ":80"', 'ready: { tcp: "127.0.0.1:80" }', ':80, which is also 127.0.0.1:80,'],
    ['address: "[::1]:80"', 'ready: { http: "http://[0:0::1]/up" }', '[::1]:80'],
    ['parameters: [1, 2], address: ":%alt"', 'parameters: [2, 3], ready: { tcp: "%alt" }', '127.0.0.1:2'],
    ['parameters: [1, 2], address: ":%alt"', 'ready: { http: "http://127.0.0.1:2/" }', '127.0.0.1:2'],
    ['parameters: [1, 2], address: ":%alt", ready: { tcp: "9%alt" }', 'ready: { tcp: 91 }', '127.0.0.1:91'],
  ])('%s and %s', async (one, other, place) => {
    const text = `services:\n  a: { command: x, ${one} }\n  b: { command: x, ${other} }`;
    expect(await errorsOf(text)).toEqual([TOO('b', 'a', place)]);
  });

  test.each([
    ['":80"', '127.0.0.1:80', ':80, which is also 127.0.0.1:80,'],
    ['"0.0.0.0:80"', '":80"', ':80'],
    ['"127.0.0.1:80"', 'localhost:80', '127.0.0.1:80, which is also localhost:80,'],
  ])('listen: %s and listen: %s', async (one, other, place) => {
    const text = `services:\n  a: { command: x, listen: ${one} }\n  b: { command: x, listen: ${other} }`;
    expect(await errorsOf(text)).toEqual([`3:3 services.b: a already listens on ${place}`]);
    expect(await inService(`listen: [${one}, ${other}]`)).toHaveLength(1);
  });

  test.each([
    ['ready: { tcp: 80 }', 'ready: { tcp: 81 }'],
    ['ready: { tcp: "127.0.0.1:80" }', 'ready: { tcp: "127.0.0.2:80" }'],
    ['listen: ":80"', 'ready: { http: "http://elsewhere.example/" }'],
    ['listen: "127.0.0.1:80"', 'listen: "[::1]:80"'],
    ['parameters: [1, 2]', 'parameters: [1, 2], ready: { tcp: "%alt" }'],
  ])('but not %s and %s', async (one, other) => {
    const text = `services:\n  a: { command: x, ${one} }\n  b: { command: x, ${other} }`;
    expect(await errorsOf(text)).toEqual([]);
  });
});

test('knows every address that an instance is about to listen on, for nothing may answer there yet', async () => {
  const of = async (...lines: string[]): Promise<readonly string[]> =>
    ownAddresses(await loadService('command: x', ...lines), '3001');
  expect(await of(PORTS, 'ready: { http: "https://user:secret@127.0.0.1:%alt/up" }')).toEqual([
    '127.0.0.1:3001',
  ]);
  expect(await of('parameters: [3000, 3001]', 'ready: { http: "http://a%alt.example/" }')).toEqual([
    'a3001.example:80',
  ]);
  expect(await of(PORTS, 'address: "[::1]:%alt"', 'ready: { tcp: "1%alt" }')).toEqual([
    '[::1]:3001',
    '13001',
  ]);
  expect(await of('ready: { tcp: 8080 }')).toEqual(['8080']);
  expect(await of('ready: { output: up }')).toEqual([]);
});
