import { describe, expect, test } from 'vitest';
import { LONGEST_SOCKET_PATH } from '../../src/util/longest-socket-path.ts';
import { inService, loadText, errorsOf } from './folder.ts';

const A_NAME = 'use letters, digits, ".", "_" and "-"; the first must be a letter or a digit';
const long = (length: number): string => `/${'x'.repeat(length - 1)}`;

describe('an error around the services', () => {
  const services = 'services: { api: { command: x } }';
  test.each([
    ['services: {}', '1:11 services: expected a mapping of names to services, found an empty mapping'],
    ['services:', '1:1 services: expected a mapping of names to services, found nothing'],
    ['services: [a]', '1:11 services: expected a mapping of names to services, found a list'],
    ['{}', '1:1 the key "services" is missing'],
    ['service: { api: { command: x } }', '1:1 service: unknown key (did you mean "services"?)'],
    [
      'services: { a/../b: { command: x } }',
      `1:13 services["a/../b"]: "a/../b" cannot be the name of a service (${A_NAME})`,
    ],
    ['services: { "": { command: x } }', `1:13 services[""]: "" cannot be the name of a service (${A_NAME})`],
    [
      'services: { .a: { command: x } }',
      `1:13 services..a: ".a" cannot be the name of a service (${A_NAME})`,
    ],
    [
      'services: { "a b": { command: x } }',
      `1:13 services["a b"]: "a b" cannot be the name of a service (${A_NAME})`,
    ],
    [`${services}\ndefaults:`, '2:1 defaults: expected a mapping with command and other keys, found nothing'],
    [`${services}\ndefaults: { overlp: 5s }`, '2:13 defaults.overlp: unknown key (did you mean "overlap"?)'],
    [`${services}\ncontrol: true`, '2:10 control: expected a mapping with socket and mode, found true'],
    [
      `${services}\ncontrol: { socket: true }`,
      '2:20 control.socket: expected a path, or false for no socket, found true',
    ],
    [
      `${services}\ncontrol: { mode: 0600 }`,
      '2:18 control.mode: expected permissions in quotes such as "0600", found 600 (put quotes around it)',
    ],
    [
      `${services}\ncontrol: { mode: "0680" }`,
      '2:18 control.mode: "0680" is not a mode (write octal digits in quotes, as in "0600")',
    ],
    [
      `${services}\ncontrol: { mode: "0444" }`,
      '2:18 control.mode: the owner must be able to read and write the socket (for instance "0600")',
    ],
    [
      `${services}\ncontrol: { socket: ${long(LONGEST_SOCKET_PATH + 1)} }`,
      `2:20 control.socket: the path of a socket has at most ${LONGEST_SOCKET_PATH} bytes, but this one has ${LONGEST_SOCKET_PATH + 1} (the absolute path is ${long(LONGEST_SOCKET_PATH + 1)})`,
    ],
  ])('%s', async (text, error) => {
    expect(await errorsOf(text)).toEqual([error]);
  });

  test('a socket path of exactly the longest length is none, and bytes count, not letters', async () => {
    expect(await errorsOf(`${services}\ncontrol: { socket: ${long(LONGEST_SOCKET_PATH)} }`)).toEqual([]);
    expect(await errorsOf(`${services}\ncontrol: { socket: /${'ä'.repeat(54)} }`)).toHaveLength(1);
  });
});

describe('onRotate beside parameters', () => {
  const message =
    'onRotate cannot be used with parameters (remove one of the two: with parameters, a rotation alternates)';

  test('is an error in a service, and where both come from defaults', async () => {
    expect(await inService('onRotate: SIGHUP', 'parameters: [a, b]')).toEqual([
      `4:5 services.api.onRotate: ${message}`,
    ]);
    expect(
      await errorsOf('defaults: { parameters: [a, b], onRotate: HUP }\nservices: { x: { command: x } }'),
    ).toEqual([`1:33 defaults.onRotate: ${message}`]);
  });

  test('is none where onRotate is a default for the other services', async () => {
    expect(
      await errorsOf(
        'defaults: { onRotate: HUP }\nservices: { a: { command: x }, b: { command: x, parameters: [1, 2] } }',
      ),
    ).toEqual([]);
  });
});

describe('several errors', () => {
  test('are said at once: of syntax, shape and rules, in the order of the lines', async () => {
    const text = `control: { mode: 7 }
defaults:
  overlap: 5
services:
  api:
    command: 'x "y'
    parameters: [3000, "3000"]
    stop: { signal: TREM, timeout: -1s }
    stop: { signal: TERM }
    ready: { http: "x", intervall: 5s }
  bad name: { command: y }
  web:
    cwd: nowhere
`;
    expect(await errorsOf(text)).toEqual([
      expect.stringMatching(/^1:18 control\.mode: expected/),
      expect.stringMatching(/^3:12 defaults\.overlap: expected/),
      expect.stringMatching(/^6:14 services\.api\.command: a quote/),
      expect.stringMatching(/^7:24 services\.api\.parameters\[1\]: the parameter/),
      expect.stringMatching(/^8:21 services\.api\.stop\.signal: there is no signal/),
      expect.stringMatching(/^8:36 services\.api\.stop\.timeout: "-1s"/),
      expect.stringMatching(/^9:5 the key stop is given twice/),
      expect.stringMatching(/^10:20 services\.api\.ready\.http: "x" is not a URL/),
      expect.stringMatching(/^10:25 services\.api\.ready\.intervall: unknown key/),
      expect.stringMatching(/^11:3 services\["bad name"\]: "bad name"/),
      expect.stringMatching(/^12:3 services\.web: the command is missing/),
      expect.stringMatching(/^13:10 services\.web\.cwd: there is no folder/),
    ]);
  });

  test('in defaults are said once, not for each service, and also where no service takes them', async () => {
    const errors = await errorsOf(`defaults: { overlap: 5d, cwd: nowhere, stop: { timeout: 1 } }
services:
  a: { command: x }
  b: { command: x }
  c: { command: x, overlap: 5s }
`);
    expect(errors.map((line) => line.split(': ')[0])).toEqual([
      '1:22 defaults.overlap',
      '1:31 defaults.cwd',
      '1:57 defaults.stop.timeout',
    ]);
    expect(
      await errorsOf('defaults: { overlap: 5d }\nservices: { a: { command: x, overlap: 5s } }'),
    ).toHaveLength(1);
  });
});

test('a diagnostic carries the file, and a frame with the mark under the place', async () => {
  const result = await loadText('services:\n  api:\n    command: x\n    overlp: 15s\n');
  if (result.ok) throw new Error('accepted');
  expect(result.diagnostics).toHaveLength(1);
  const [diagnostic] = result.diagnostics;
  expect(diagnostic?.file).toMatch(/\/alternate\.config\.yaml$/);
  expect(diagnostic?.frame).toBe('  3 |     command: x\n> 4 |     overlp: 15s\n    |     ^^^^^^');
});
