import { describe, expect, test } from 'vitest';
import { inService, errorsOf } from './folder.ts';

const TEN_SECONDS = 'for instance 10s, 1m30s or 500ms';
const AN_OVERLAP = 'services.api.overlap:';

describe('an error in a service is said with its place, and what to write instead', () => {
  test.each([
    ['overlp: 15s', '4:5 services.api.overlp: unknown key (did you mean "overlap"?)'],
    ['workdir: x', /^4:5 services\.api\.workdir: unknown key \(the known keys are command, parameters, /],
    [
      'overlap: 15',
      `4:14 ${AN_OVERLAP} expected a duration such as 10s, 1m30s or 500ms, found 15 (add a unit: 15s or 15ms)`,
    ],
    [
      'overlap: -5',
      `4:14 ${AN_OVERLAP} expected a duration such as 10s, 1m30s or 500ms, found -5 (a duration cannot be negative)`,
    ],
    ['overlap: "15"', `4:14 ${AN_OVERLAP} "15" has no unit (write 15s or 15ms)`],
    ['overlap: -15s', `4:14 ${AN_OVERLAP} "-15s" is negative (${TEN_SECONDS})`],
    ['overlap: 15d', `4:14 ${AN_OVERLAP} "15d" has an unknown unit (the units are h, m, s, ms, us and ns)`],
    ['overlap: soon', `4:14 ${AN_OVERLAP} "soon" is not a duration (${TEN_SECONDS})`],
    ['overlap: ""', `4:14 ${AN_OVERLAP} the duration is empty (${TEN_SECONDS})`],
    ['overlap: 1000h', `4:14 ${AN_OVERLAP} "1000h" is too long (the longest is 596h31m23.647s)`],
    ['overlap:', `4:5 ${AN_OVERLAP} expected a duration such as 10s, 1m30s or 500ms, found nothing`],
    ['overlap: true', `4:14 ${AN_OVERLAP} expected a duration such as 10s, 1m30s or 500ms, found true`],
    ['overlap: [10s]', `4:14 ${AN_OVERLAP} expected a duration such as 10s, 1m30s or 500ms, found a list`],
    [
      'parameters: 3000',
      '4:17 services.api.parameters: expected a list of at least two different values, found 3000',
    ],
    [
      'parameters: []',
      '4:17 services.api.parameters: expected a list of at least two different values, found an empty list',
    ],
    [
      'parameters: [3000]',
      '4:17 services.api.parameters: expected a list of at least two different values, found a list with one item',
    ],
    [
      'parameters: [3000, 3001, "3000"]',
      '4:30 services.api.parameters[2]: the parameter 3000 is given twice (each parameter must be a different text, because it names its instance)',
    ],
    ['parameters: [a, true]', '4:21 services.api.parameters[1]: expected text or a number, found true'],
    ['parameters: [a, .inf]', '4:21 services.api.parameters[1]: expected text or a number, found Infinity'],
    ['onRotate: HUPP', '4:15 services.api.onRotate: there is no signal "HUPP" (did you mean "SIGHUP"?)'],
    ['onRotate: SIGKILL', '4:15 services.api.onRotate: SIGKILL cannot be used here'],
    ['onRotate: stop', '4:15 services.api.onRotate: SIGSTOP cannot be used here'],
    [
      'onRotate: 1',
      '4:15 services.api.onRotate: expected restart, none, or the name of a signal, found 1 (put quotes around it)',
    ],
    [
      'stop: { signal: SIGTREM }',
      '4:21 services.api.stop.signal: there is no signal "SIGTREM" (did you mean "SIGTERM"?)',
    ],
    ['stop: { signal: SIGSTOP }', '4:21 services.api.stop.signal: SIGSTOP cannot be used here'],
    [
      'stop: { timeout: 30 }',
      '4:22 services.api.stop.timeout: expected a duration such as 10s, or never, found 30 (add a unit: 30s or 30ms)',
    ],
    ['stop: { timeout: nevr }', `4:22 services.api.stop.timeout: "nevr" is not a duration (${TEN_SECONDS})`],
    ['stop: 30s', '4:11 services.api.stop: expected a mapping with signal and timeout, found "30s"'],
    ['watch: 5', '4:12 services.api.watch: expected true, false, a path or a list of paths, found 5'],
    ['watch: [a, 5]', '4:16 services.api.watch[1]: expected a path, found 5 (put quotes around it)'],
    ['watch: ""', '4:12 services.api.watch: expected a path, found an empty text'],
    [
      'watch: "bin-%alt"',
      '4:12 services.api.watch: %alt is not replaced here (give a file that all instances share)',
    ],
    ['env: { "A=B": x }', '4:12 services.api.env["A=B"]: "A=B" cannot be the name of a variable'],
    ['env: { "": x }', '4:12 services.api.env[""]: "" cannot be the name of a variable'],
    [
      'env: { "A\\0B": x }',
      '4:12 services.api.env["A\\u0000B"]: "A\\u0000B" cannot be the name of a variable',
    ],
    ['env: { A: }', '4:12 services.api.env.A: expected text, a number, true or false, found nothing'],
    ['env: { A: [x] }', '4:15 services.api.env.A: expected text, a number, true or false, found a list'],
    [
      'env: { A: "x\\0" }',
      '4:15 services.api.env.A: contains a NUL character (remove it: arguments, variables and paths cannot contain it)',
    ],
    [
      'cwd: "x\\0"',
      '4:10 services.api.cwd: contains a NUL character (remove it: arguments, variables and paths cannot contain it)',
    ],
    ['cwd: nowhere', /^4:10 services\.api\.cwd: there is no folder \/.*\/nowhere$/],
    [
      'cwd: alternate.config.yaml',
      /^4:10 services\.api\.cwd: \/.*\/alternate\.config\.yaml is not a folder$/,
    ],
    ['envFile: none.env', /^4:14 services\.api\.envFile: there is no file \/.*\/none\.env$/],
    ['envFile: .', /^4:14 services\.api\.envFile: \/.* is a folder$/],
    ['user: no-such-user', '4:11 services.api.user: there is no user "no-such-user" on this machine'],
    ['group: no-such-group', '4:12 services.api.group: there is no group "no-such-group" on this machine'],
    ['user: -u', '4:11 services.api.user: there is no user "-u" on this machine'],
    [
      'restart: alwys',
      '4:14 services.api.restart: expected always, on-failure, never, or a mapping, found "alwys" (did you mean "always"?)',
    ],
    [
      'restart: { policy: onfailure }',
      '4:24 services.api.restart.policy: expected always, on-failure or never, found "onfailure" (did you mean "on-failure"?)',
    ],
    ['restart: { delay: 1m, maxDelay: 1s }', '4:37 services.api.restart.maxDelay: is shorter than delay'],
    [
      'restart: { maxAttempts: 0 }',
      '4:29 services.api.restart.maxAttempts: expected a whole number from 1 on, found 0',
    ],
    [
      'restart: { maxAttempts: 1.5 }',
      '4:29 services.api.restart.maxAttempts: expected a whole number from 1 on, found 1.5',
    ],
    ['restart: { dealy: 1s }', '4:16 services.api.restart.dealy: unknown key (did you mean "delay"?)'],
    [
      'output: prefx',
      '4:13 services.api.output: expected prefix, inherit, ignore, or a mapping with file, found "prefx" (did you mean "prefix"?)',
    ],
    ['output: { maxSize: 10MB }', '4:5 services.api.output: the key "file" is missing'],
    [
      'output: { file: a, maxSize: 10 }',
      '4:33 services.api.output.maxSize: expected a size such as 10MB or 512KiB, found 10 (add a unit: 10B or 10MB)',
    ],
    [
      'output: { file: a, maxSize: 10M }',
      '4:33 services.api.output.maxSize: "10M" has an unknown unit (for instance 10MB, 512KiB or 1000B)',
    ],
    [
      'output: { file: a, maxSize: 0MB }',
      '4:33 services.api.output.maxSize: "0MB" must be above 0 (for instance 10MB, 512KiB or 1000B)',
    ],
    [
      'hooks: { beforStart: x }',
      '4:14 services.api.hooks.beforStart: unknown key (did you mean "beforeStart"?)',
    ],
    [
      'hooks: { beforeStart: "" }',
      '4:27 services.api.hooks.beforeStart: the command is empty (give a program)',
    ],
    [
      'hooks: { afterRotate: [] }',
      '4:27 services.api.hooks.afterRotate: expected a list of at least one word, found an empty list',
    ],
    [
      "hooks: { afterReady: 'a \"b' }",
      '4:26 services.api.hooks.afterReady: a quote is not closed: "b (close it)',
    ],
    [
      'hooks: { beforeStop: a\\ }',
      '4:26 services.api.hooks.beforeStop: a backslash at the end escapes nothing (write \\\\ for a backslash)',
    ],
  ])('%s', async (line, error) => {
    const found = await inService(line);
    expect(found).toHaveLength(1);
    expect(found[0]).toEqual(typeof error === 'string' ? error : expect.stringMatching(error));
  });
});

describe('what would be mistaken for the words of the manager', () => {
  test.each([
    ['"30\\n00"', String.raw`30\n00`],
    ['"\\e[2J"', String.raw`\x1b[2J`],
    ['"a\\u202eb"', String.raw`a\u202eb`],
  ])('a parameter %s', async (written, shown) => {
    expect(await errorsOf(`services: { api: { command: x %alt, parameters: [a, ${written}] } }`)).toEqual([
      `1:53 services.api.parameters[1]: the parameter "${shown}" contains a control character (remove it: parameters appear in log lines and tables)`,
    ]);
  });

  test('the name of a service', async () => {
    expect(await errorsOf('services: { alternate: { command: x } }')).toEqual([
      '1:13 services.alternate: its output would look like the log of the manager: "alternate | " (choose another name, for instance one that describes what the service does)',
    ]);
    expect(await errorsOf('services: { alternate-2: { command: x } }')).toEqual([]);
  });
});
