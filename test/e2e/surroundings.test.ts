import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Puppet } from '../support/stage.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';

const command = Stage.command();
const parameters: [string, string] = ['a', 'b'];

async function variable(puppet: Puppet, name: string): Promise<unknown> {
  return (await puppet.do('env', { name }))['value'];
}

describe('the environment', () => {
  test('is that of the manager, then the env file, then env, then ALTERNATE_*', async () => {
    const theatre = await Theatre.open();
    theatre.write(
      'values.env',
      'FROM_FILE=file\nBOTH=file\nALL="of the file"\nALTERNATE_SERVICE=file\nexport QUOTED="a \\"b\\" # c"\n',
    );
    theatre.start(
      {
        web: {
          command,
          parameters,
          envFile: 'values.env',
          env: { BOTH: 'env', ALL: 'env-%alt-%%alt', NUMBER: 5, ALTERNATE_PARAMETER: 'env' },
        },
      },
      { env: { FROM_MANAGER: 'manager', ALL: 'manager' } },
    );
    const a = await theatre.puppet('a');
    const wanted = {
      FROM_MANAGER: 'manager',
      FROM_FILE: 'file',
      QUOTED: 'a "b" # c',
      BOTH: 'env',
      ALL: 'env-a-%alt',
      NUMBER: '5',
      ALTERNATE_SERVICE: 'web',
      ALTERNATE_PARAMETER: 'a',
      ALTERNATE_CONFIG: path.join(theatre.folder, 'alternate.config.yaml'),
      ALTERNATE_SOCKET: path.join(theatre.folder, 'control.sock'),
    };
    const found = await Promise.all(
      Object.keys(wanted).map(async (name) => [name, await variable(a, name)] as const),
    );
    expect(Object.fromEntries(found)).toEqual(wanted);
  });

  test('the env file is read again at each launch; one for each parameter is possible', async () => {
    const theatre = await Theatre.open();
    theatre.write('a.env', 'VALUE=first');
    theatre.write('b.env', 'VALUE=first');
    theatre.start({ web: { command, parameters, envFile: '%alt.env' } });
    const a = await theatre.puppet('a');
    expect(await variable(a, 'VALUE')).toBe('first');
    await theatre.running('web');
    theatre.write('b.env', 'VALUE=second');
    await theatre.rotate('web');
    expect(await variable(await theatre.puppet('b'), 'VALUE')).toBe('second');
  });

  test('an error in the env file fails the rotation with its line', async () => {
    const theatre = await Theatre.open();
    const file = theatre.write('values.env', 'GOOD=1\n');
    theatre.start({ web: { command, parameters, envFile: 'values.env' } });
    await theatre.running('web');
    theatre.write('values.env', 'GOOD=1\n\nno assignment\n');
    expect(await theatre.rotate('web')).toMatchObject({
      outcome: 'failed',
      reason: `${file}:3: not-an-assignment`,
    });
  });

  test('what an init system tells the manager is not passed on', async () => {
    const theatre = await Theatre.open();
    const env = {
      NOTIFY_SOCKET: '/run/nobody',
      LISTEN_FDS: '3',
      LISTEN_PID: '1',
      LISTEN_FDNAMES: 'x',
      WATCHDOG_USEC: '1',
      WATCHDOG_PID: '1',
    };
    theatre.start({ web: { command, parameters } }, { env });
    const a = await theatre.puppet('a');
    for (const name of Object.keys(env)) expect(await variable(a, name), name).toBeNull();
  });
});

describe('the working directory', () => {
  test("is the configuration's folder, wherever the manager was started", async () => {
    const theatre = await Theatre.open();
    mkdirSync(path.join(theatre.folder, 'elsewhere'));
    theatre.script('bin/app', `exec ${Stage.command('"$1"')}`);
    theatre.start(
      { web: { command: './bin/app %alt', parameters } },
      { cwd: path.join(theatre.folder, 'elsewhere') },
    );
    expect(await (await theatre.puppet('a')).do('cwd')).toMatchObject({ value: theatre.folder });
  });

  test('may hold the parameter', async () => {
    const theatre = await Theatre.open();
    for (const parameter of parameters)
      mkdirSync(path.join(theatre.folder, 'run', parameter), { recursive: true });
    theatre.start({ web: { command, parameters, cwd: 'run/%alt' } });
    expect(await (await theatre.puppet('a')).do('cwd')).toMatchObject({
      value: path.join(theatre.folder, 'run/a'),
    });
    await theatre.running('web');
    await theatre.rotate('web');
    expect(await (await theatre.puppet('b')).do('cwd')).toMatchObject({
      value: path.join(theatre.folder, 'run/b'),
    });
  });
});

describe('the words of a command', () => {
  test.each([
    ['a value with spaces stays one word', 'p %alt', ['two words', 'b'], ['p', 'two words']],
    [
      'quotes and shell characters in it mean nothing',
      'p x%alt',
      [`"it's" $(id) | * \\`, ''],
      ['p', `x"it's" $(id) | * \\`],
    ],
    ['%%alt is the text', 'p %%alt %%%alt', ['1', '2'], ['p', '%alt', '%%alt']],
    ['%alt in a value is not replaced again', 'p %alt', ['%alt', 'b'], ['p', '%alt']],
    [
      'words are split as a shell does',
      `p "a b"c\\ d 'e"f' "" # not this`,
      ['1', '2'],
      ['p', 'a bc d', 'e"f', ''],
    ],
  ])('%s', async (_what, words, values, argv) => {
    const theatre = await Theatre.open();
    theatre.start({ web: { command: Stage.command(words), parameters: values as [string, string] } });
    expect((await theatre.puppet('p')).argv).toEqual(argv);
  });

  test('a list is taken as it is', async () => {
    const theatre = await Theatre.open();
    const [node = '', puppet = ''] = Stage.command('').split(' ');
    theatre.start({ web: { command: [node, puppet, 'p', '"a b" %alt', 7, ''], parameters } });
    expect((await theatre.puppet('p')).argv).toEqual(['p', '"a b" a', '7', '']);
  });
});

const asRoot = process.getuid?.() === 0;

describe('user and group', () => {
  test.skipIf(!asRoot)('an instance runs as them, with their home (only root can do that)', async () => {
    const theatre = await Theatre.open();
    theatre.openToEverybody();
    theatre.start({
      web: { command: Stage.command('web'), user: 'nobody', group: 'daemon' },
      numbers: { command: Stage.command('numbers'), user: 65534, group: 1 },
      only: { command: Stage.command('only'), group: 'daemon' },
    });
    const web = await theatre.puppet('web');
    expect(await web.do('ids')).toMatchObject({ uid: 65534, gid: 1, groups: [65534, 1] });
    expect(await variable(web, 'USER')).toBe('nobody');
    expect(await variable(web, 'HOME')).toBe('/nonexistent');
    expect(await (await theatre.puppet('numbers')).do('ids')).toMatchObject({ uid: 65534, gid: 1 });
    expect(await (await theatre.puppet('only')).do('ids')).toMatchObject({ uid: 0, gid: 1 });
  });

  test.skipIf(!asRoot)('its hooks and checks run as them too (only root can do that)', async () => {
    const theatre = await Theatre.open();
    theatre.openToEverybody();
    theatre.start({
      web: {
        command: 'sleep 300',
        user: 'nobody',
        hooks: { afterReady: 'id -un' },
        ready: { exec: 'sh -c "test $(id -u) = 65534"' },
      },
    });
    await theatre.logged('web:afterReady | nobody\n');
  });
});
