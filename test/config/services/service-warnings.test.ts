import { describe, expect, test } from 'vitest';
import { warningsOf } from '../folder.ts';

/** The warnings of one service with these lines; the first of them is line 3 of the file. */
async function inService(...lines: string[]): Promise<string[]> {
  return await warningsOf(['services:', '  api:', ...lines.map((line) => `    ${line}`)].join('\n'));
}

const inCommand = async (command: string): Promise<string[]> =>
  await inService(`command: ${JSON.stringify(command)}`);

describe('shell syntax in a command', () => {
  test.each([
    ['x > out', '> is passed'],
    ['x >>out', '>>out is passed'],
    ['x 2>&1', '2>&1 is passed'],
    ['x 2>/dev/null', '2>/dev/null is passed'],
    ['x &>log', '&>log is passed'],
    ['x < in', '< is passed'],
    ['x <in', '<in is passed'],
    ['x | y', '| is passed'],
    ['x || y', '|| is passed'],
    ['cd a && x', '&& is passed'],
    ['x; y', '; is passed'],
    ['x ; y', '; is passed'],
    ['x &', '& is passed'],
    ['x&', '& is passed'],
    ['x $PORT', '$PORT is passed'],
    ['x --port=${PORT}', '${PORT} is passed'],
    ['x $(hostname)', '$( is passed'],
    ['x `hostname`', '` is passed'],
    ['~/bin/x', '~ is passed'],
    ['x ~/data', '~ is passed'],
    ['sh -c cd a && x', '&& is passed'],
    ['PORT=3000 x', 'PORT=… is used as the name of the program'],
  ])('%s', async (command, message) => {
    expect(await inCommand(command)).toEqual([
      expect.stringContaining(`3:14 services.api.command: ${message}`),
    ]);
  });

  test.each([
    "sh -c 'cd a && exec x --port $PORT > log 2>&1'",
    'sh -c "x | y; z &"',
    `nginx -g "daemon off;"`,
    'find . -exec x {} \\;',
    'x --filter a|b',
    'x "http://a/?b=1&c=2" http://a/?b=1&c=2',
    'x --expr ^a$ \\$PORT',
    "awk '{ print $1 }'",
    'pip install x>=1.0 >=2 <=3 <name> a->b a=>b',
    'x A=b --set C=d',
    'x a~ --glob *.js [a] !b',
    'x # a comment > out',
    './a=b',
  ])('none in %s', async (command) => {
    expect(await inCommand(command)).toEqual([]);
  });

  test('is looked for in hooks and checks as well, and not in a list of words', async () => {
    expect(
      await inService('command: x', 'hooks: { beforeStart: "a && b" }', 'ready: { exec: "a | b" }'),
    ).toEqual([
      expect.stringMatching(/^4:27 services\.api\.hooks\.beforeStart: && /),
      expect.stringMatching(/^5:20 services\.api\.ready\.exec: \| /),
    ]);
    expect(await inService('command: [x, ">", $PORT, "&&"]')).toEqual([]);
  });

  test('shows no value that may be a secret', async () => {
    for (const command of ['TOKEN=s3cret x', 'x --token=s3cret$A'])
      expect((await inCommand(command)).join()).not.toContain('s3cret');
  });
});

describe('a wrapper', () => {
  test.each([
    'npm start',
    'npx vite',
    'yarn run x',
    '/usr/bin/npm start',
    'pm2 start x',
    'sudo -u www x',
    'setsid x',
  ])('%s', async (command) => {
    expect(await inCommand(command)).toHaveLength(1);
  });

  test.each(['node server.mjs', './npm.js', 'gunicorn app', 'constructor', 'env A=b x'])(
    'not %s',
    async (command) => {
      expect(await inCommand(command)).toEqual([]);
    },
  );
});

describe('parameters that no %alt gives to the program', () => {
  const PARAMETERS = 'parameters: [a, b]';
  const WARNING = '4:17 services.api.parameters: the program of api does not get its parameter';

  test.each([['command: x'], ['command: x %%alt'], ['command: x', 'ready: { tcp: "%alt:80" }']])(
    '%s',
    async (...lines) => {
      const [command = '', ...others] = lines;
      expect(await inService(command, PARAMETERS, ...others)).toEqual([expect.stringContaining(WARNING)]);
    },
  );

  test.each([
    ['command: x %alt'],
    ['command: x', 'env: { PORT: "%alt" }'],
    ['command: x', 'hooks: { beforeStart: "prepare %alt" }'],
    ["command: sh -c 'exec x $ALTERNATE_PARAMETER'"],
    ['command: x', 'listen: ":80"'],
  ])('not %s', async (...lines) => {
    const text = ['services:', '  api:', ...[...lines, PARAMETERS].map((line) => `    ${line}`)].join('\n');
    expect(await warningsOf(text)).toEqual([]);
  });

  test('nor a service without parameters', async () => {
    expect(await inService('command: x')).toEqual([]);
  });

  test('names each service that takes them from defaults', async () => {
    const text = 'defaults: { parameters: [a, b] }\nservices: { one: { command: x }, two: { command: y } }';
    expect(await warningsOf(text)).toEqual([
      expect.stringMatching(/^1:25 defaults\.parameters: the program of one does not get its parameter/),
      expect.stringMatching(/^1:25 defaults\.parameters: the program of two does not get its parameter/),
    ]);
  });
});

describe('a check that is the same for every instance', () => {
  test.each([
    ['command: x %alt', 'parameters: [a, b]', 'ready: { exec: ./check }'],
    ['command: x', 'listen: ":80"', 'ready: { exec: ./check }'],
  ])('%s, %s, %s', async (...lines) => {
    expect(await inService(...lines)).toEqual([
      expect.stringContaining('5:20 services.api.ready.exec: the check is'),
    ]);
  });

  test.each([
    ['command: x %alt', 'parameters: [a, b]', 'ready: { exec: ./check %alt }'],
    ['command: x', 'ready: { exec: ./check }'],
    ['command: x', 'listen: ":80"', `ready: { exec: [sh, -c, 'test -e up-$ALTERNATE_PARAMETER'] }`],
  ])('not %s, %s, %s', async (...lines) => {
    expect(await inService(...lines)).toEqual([]);
  });
});

describe('an overlap that is shorter than the usual fail_timeout', () => {
  const PORTS = ['command: x %alt', 'parameters: [3000, 3001]', 'ready: { tcp: "%alt" }'];

  test('without route', async () => {
    expect(await inService(...PORTS, 'overlap: 9s')).toEqual([
      expect.stringContaining('6:14 services.api.overlap: is shorter than 10s'),
    ]);
  });

  test.each([
    [...PORTS],
    [...PORTS, 'overlap: 10s'],
    [...PORTS, 'overlap: 1s', 'route: { files: run }'],
    ['command: x %alt', 'parameters: [a, b]', 'overlap: 1s'],
    ['command: x', 'listen: ":80"', 'overlap: 1s'],
    ['command: x', 'ready: { tcp: 80 }', 'overlap: 1s'],
  ])('not: %s %s %s %s', async (...lines) => {
    expect(await inService(...lines)).toEqual([]);
  });
});

test('watch beside onRotate: none, which refuses what a change would ask for', async () => {
  expect(await inService('command: x', 'onRotate: none', 'watch: true')).toEqual([
    expect.stringContaining('5:12 services.api.watch: has no effect: a change requests a rotation'),
  ]);
});

describe('a port that two services have', () => {
  const two = (one: string, other: string): string =>
    `services:\n  a: { command: x %alt, ${one} }\n  b: { command: x %alt, ${other} }`;
  const ADDRESS = 'address: "127.0.0.2:%alt"';

  test.each([
    ['parameters: [3000, 3001]', 'parameters: [3001, 3002]'],
    [`parameters: [3000, 3001], ${ADDRESS}`, 'parameters: [3001, 3002]'],
  ])('%s and %s', async (one, other) => {
    expect(await warningsOf(two(one, other))).toEqual([
      expect.stringContaining('3:3 services.b: a has the parameter 3001 too'),
    ]);
  });

  test.each([
    ['parameters: [3000, 3001]', 'parameters: [3002, 3003]'],
    ['parameters: [1, 2]', 'parameters: [1, 2]'],
    ['parameters: [blue, green]', 'parameters: [blue, green]'],
    [`parameters: [3000, 3001], ${ADDRESS}`, 'parameters: [3000, 3001], address: "127.0.0.3:%alt"'],
  ])('not %s and %s', async (one, other) => {
    expect(await warningsOf(two(one, other))).toEqual([]);
  });
});
