import { describe, expect, test } from 'vitest';
import { inService, errorsOf } from './folder.ts';

const ONE_KIND = 'give exactly one of http, tcp, exec, output and notify';
const A_URL = 'for instance http://127.0.0.1:%alt/healthz';

describe('an error in ready', () => {
  test.each([
    ['{}', `4:5 services.api.ready: a key is missing (${ONE_KIND})`],
    ['{ timeout: 5s }', `4:5 services.api.ready: a key is missing (${ONE_KIND})`],
    [
      '{ http: "http://x", tcp: 1 }',
      `4:5 services.api.ready: http and tcp cannot be used together (${ONE_KIND})`,
    ],
    ['{ htp: "http://x" }', '4:14 services.api.ready.htp: unknown key (did you mean "http"?)'],
    [
      'http',
      '4:12 services.api.ready: expected a mapping with one of http, tcp, exec, output and notify, found "http"',
    ],
    ['{ http: nowhere }', `4:20 services.api.ready.http: "nowhere" is not a URL (${A_URL})`],
    [
      '{ http: "http://x:99999/" }',
      `4:20 services.api.ready.http: "http://x:99999/" is not a URL (${A_URL})`,
    ],
    [
      '{ http: "ftp://x/" }',
      `4:20 services.api.ready.http: "ftp://x/" is not an http or https URL (${A_URL})`,
    ],
    [
      '{ http: 8080 }',
      '4:20 services.api.ready.http: expected a URL such as http://127.0.0.1:%alt/healthz, found 8080 (put quotes around it)',
    ],
    [
      '{ tcp: localhost }',
      '4:19 services.api.ready.tcp: "localhost" is not an address (for instance 127.0.0.1:%alt, or a port)',
    ],
    ['{ tcp: ":0" }', '4:19 services.api.ready.tcp: ":0" has no valid port (ports are 1 to 65535)'],
    [
      '{ tcp: 70000 }',
      '4:19 services.api.ready.tcp: expected an address such as 127.0.0.1:%alt, or a port, found 70000',
    ],
    ['{ exec: "" }', '4:20 services.api.ready.exec: the command is empty (give a program)'],
    [
      '{ output: "(" }',
      '4:22 services.api.ready.output: not a regular expression: Unterminated group (put a backslash before a special character: \\()',
    ],
    ['{ notify: false }', '4:22 services.api.ready.notify: expected true, found false'],
    ['{ notify: true, interval: 0 }', '4:38 services.api.ready.interval: must be longer than 0'],
    ['{ notify: true, timeout: 0s }', '4:37 services.api.ready.timeout: must be longer than 0'],
  ])('%s', async (value, error) => {
    expect(await inService(`ready: ${value}`)).toEqual([error]);
  });

  test('shows with one of the parameters only', async () => {
    expect(await inService('parameters: [3000, x]', 'ready: { http: "http://127.0.0.1:%alt/" }')).toEqual([
      `5:20 services.api.ready.http: "http://127.0.0.1:x/" is not a URL (${A_URL})`,
    ]);
    expect(await inService('parameters: [3000, x]', 'ready: { tcp: ":%alt" }')).toEqual([
      '5:19 services.api.ready.tcp: ":x" is not an address (for instance 127.0.0.1:%alt, or a port)',
    ]);
  });
});

describe('an error in a command', () => {
  test.each([
    ['api: {}', '2:3 services.api: the command is missing (add a command to the service or to defaults)'],
    ['api: { command: }', '2:10 services.api.command: expected text, or a list of words, found nothing'],
    ['api: { command: "" }', '2:19 services.api.command: the command is empty (give a program)'],
    ['api: { command: "  " }', '2:19 services.api.command: the command is empty (give a program)'],
    ['api: { command: "# x" }', '2:19 services.api.command: the command is empty (give a program)'],
    [`api: { command: "'' x" }`, `2:19 services.api.command: the name of the program is empty`],
    ['api: { command: ["", x] }', `2:19 services.api.command: the name of the program is empty`],
    ['api: { command: 5 }', '2:19 services.api.command: expected text, or a list of words, found 5'],
    ['api: { command: [x, [y]] }', '2:23 services.api.command[1]: expected text or a number, found a list'],
    [
      'api: { command: "x \\0" }',
      '2:19 services.api.command: contains a NUL character (remove it: arguments, variables and paths cannot contain it)',
    ],
    [
      `api: { command: nginx -g "daemon }`,
      '2:19 services.api.command: a quote is not closed: "daemon (close it)',
    ],
    ['api: { comand: x }', '2:10 services.api.comand: unknown key (did you mean "command"?)'],
    ['api:', '2:3 services.api: expected a mapping with command and other keys, found nothing'],
    ['api: x', '2:8 services.api: expected a mapping with command and other keys, found "x"'],
  ])('%s', async (line, error) => {
    expect(await errorsOf(`services:\n  ${line}`)).toEqual([error]);
  });
});
