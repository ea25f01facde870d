import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Alternate, runAlternate } from '../support/alternate.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { wire } from '../support/wire.ts';
import { edge, fragile, manager, said, web } from '../support/clients.ts';

describe('status', () => {
  test('a table that is read at a glance', async () => {
    const { theatre, client } = await manager({ web, fragile });
    await theatre.rotate('web');
    await theatre.rotate('fragile');
    const shown = await client('status');
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    const rows = shown.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(rows).toEqual([
      ['SERVICE', 'STATE', 'PARAMETER', 'PID', 'UPTIME', 'ROTATIONS', 'RESTARTS', 'NOTE'],
      ['web', 'running', 'b', expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+s$/), '1', '0'],
      [
        'fragile',
        'running',
        'a',
        expect.stringMatching(/^\d+$/),
        expect.stringMatching(/^\d+s$/),
        '0 done, 1 failed',
        '0',
        'last rotation to b failed: the instance exited with code 1',
      ],
    ]);
    const one = await client('status', 'fragile');
    expect(one.stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(['SERVICE', 'fragile', '']);
  });

  test('exits with 1 if a service that is shown has failed, and says what to do', async () => {
    const failing = { command: 'false', restart: 'never' } as const;
    const { theatre, client } = await manager({ web });
    expect(await client('status')).toMatchObject({ code: 0 });
    theatre.configure({ web, failing });
    await theatre.ask('POST', '/v1/reload');
    await theatre.service('failing', ({ state }) => state === 'failed');
    const shown = await client('status');
    expect(shown).toMatchObject({ code: 1, stderr: '' });
    expect(shown.stdout).toMatch(
      /^failing +failed .* the instance exited with code 1; to try again: alternate start failing$/m,
    );
    const json = await client('status', '--json');
    expect(json).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({ services: [{ name: 'web' }, { state: 'failed' }] });
    expect(await client('status', 'web')).toMatchObject({ code: 0 });
    expect(await client('status', 'failing', '--json')).toMatchObject({ code: 1 });
  });

  test('in a back-off: the last exit and the time of the next try', async () => {
    const { client, theatre } = await manager({ web });
    const crashing = { command: 'sh -c "exit 7"', restart: { delay: '1h', maxDelay: '1h' } };
    theatre.configure({ web, crashing });
    await theatre.ask('POST', '/v1/reload');
    const { detail } = await theatre.service(
      'crashing',
      ({ state, restarts }) => state === 'backoff' && restarts === 1,
    );
    expect(detail).toMatch(/^the instance exited with code 7; next try at 20\d\d-\S+Z \(restart 2\)$/);
    const shown = await client('status', 'crashing');
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toMatch(/the instance exited with code 7; next try in 3[56]\d\ds \(restart 2\)$/m);
  });

  test('--json is exactly the document', async () => {
    const { client, socket } = await manager({ web, edge });
    const document = (await wire(socket, 'GET', '/v1/status')).body as { services: unknown[] };
    const shown = await client('status', '--json');
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(shown.stdout)).toStrictEqual(document);
    const one = await client('status', 'edge', '--json');
    expect(JSON.parse(one.stdout)).toStrictEqual({ ...document, services: [document.services[1]] });
    expect(await client('status', 'edge', 'wob', '--json')).toMatchObject(
      said(1, /alternate: there is no service "wob"\. The services are: web, edge/),
    );
  });

  test('--watch stays live, and ends when the manager does', async () => {
    const { theatre, alternate } = await manager({ web });
    const watching = new Alternate(['status', '--watch'], { cwd: theatre.folder });
    await until('a first table', () => /^web +running +a /m.test(watching.stdout));
    await theatre.rotate('web');
    await until('the table after the rotation', () => /^web +running +b /m.test(watching.stdout));
    await alternate.stop();
    const ended = await until('the end of watching', watching.ended);
    expect(ended).toMatchObject({ code: 1, stderr: 'alternate: the manager has ended\n' });
    // Not a terminal: nothing moves a cursor.
    expect(ended.stdout).not.toContain('\u001b');
  });

  test('works while the configuration has an error, whether the socket is named in it or not', async () => {
    const { theatre, client } = await manager({ web });
    for (const text of [
      'control: { socket: control.sock }\nservices: { web: { comand: x } }',
      'control: { socket: control.sock }\nservices:\n  web: { command: [sleep, }\n\tparameters: 3\n',
    ]) {
      theatre.write('alternate.config.yaml', text);
      expect(await client('status')).toMatchObject({ code: 0, stderr: '' });
      expect(await client('validate')).toMatchObject({ code: 2 });
    }
    await theatre.alternate.stop();
    expect(await client('status')).toMatchObject({ code: 1 });

    const unnamed = theatre.write('own/alternate.config.yaml', 'services: { web: { command: sleep 300 } }');
    const other = new Alternate([], { cwd: path.dirname(unnamed) });
    try {
      await other.service('web', ({ state }) => state === 'running');
      theatre.write('own/alternate.config.yaml', 'services: [');
      expect(await other.command('status')).toMatchObject({ code: 0, stderr: '' });
    } finally {
      await other.discard();
    }
  });
});

describe('how a manager is found', () => {
  test('by --socket, by $ALTERNATE_SOCKET, by --config, and by a search upward', async () => {
    const { theatre, socket } = await manager({ web });
    const deep = path.join(theatre.folder, 'some/where');
    mkdirSync(deep, { recursive: true });
    const config = path.join(theatre.folder, 'alternate.config.yaml');
    const works = async (words: string[], cwd: string, env: Record<string, string> = {}): Promise<void> => {
      expect(await runAlternate(words, { cwd, env })).toMatchObject({ code: 0, stderr: '' });
    };
    await works(['status', '--socket', socket], '/');
    await works(['--socket', '../../control.sock', 'status'], deep);
    await works(['status'], '/', { ALTERNATE_SOCKET: socket });
    await works(['-c', config, 'status'], '/');
    await works(['status'], deep);
    // What is named wins over what is found.
    const wrong = await runAlternate(['status', '--socket', 'nothing.sock'], { cwd: deep });
    expect(wrong).toMatchObject(
      said(
        1,
        /alternate: no manager is running: there is no socket \S+nothing\.sock\. To start a manager: .*/,
      ),
    );
  });

  test('none there: exit 1 for every command that needs one', async () => {
    const theatre = await Theatre.open();
    theatre.configure({ web });
    for (const words of [
      'status',
      'status --json',
      'status --watch',
      'rotate web',
      'reload',
      'events',
      'shutdown',
    ])
      expect(await runAlternate(words.split(' '), { cwd: theatre.folder })).toMatchObject(
        said(
          1,
          /alternate: no manager is running: there is no socket \S+control\.sock. To start a manager: alternate --config FILE/,
        ),
      );
    theatre.write(
      'alternate.config.yaml',
      'control: { socket: false }\nservices: { web: { command: sleep 300 } }',
    );
    expect(await runAlternate(['status'], { cwd: theatre.folder })).toMatchObject(
      said(1, /alternate: the manager has no control socket: \S+ switches it off \(control\.socket: false\)/),
    );
  });
});

test.skipIf(process.getuid?.() !== 0)(
  'as root, a manager that another user runs: who runs it, and how to reach it',
  async () => {
    const theatre = await Theatre.open();
    theatre.openToEverybody();
    // No control.socket: each user has a place of his own, here below TMPDIR.
    const config = theatre.write('site/alternate.config.yaml', 'services: { web: { command: sleep 300 } }');
    mkdirSync(path.join(theatre.folder, 'tmp'), { mode: 0o777 });
    chmodSync(path.join(theatre.folder, 'tmp'), 0o777);
    const env = { TMPDIR: path.join(theatre.folder, 'tmp'), XDG_RUNTIME_DIR: '' };
    const through = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const other = new Alternate(['--config', config], { cwd: '/', env, through });
    onTestFinished(() => other.discard());
    await other.logged(/web: running/);
    const asRoot = async (...words: string[]): Promise<{ code: number | null; stderr: string }> =>
      await runAlternate(['--config', config, ...words], { cwd: '/', env });
    const { code, stderr } = await asRoot('status');
    expect(code).toBe(1);
    const [, socket = ''] =
      /^alternate: user nobody runs the manager of this configuration. To reach it, use --socket (\S+)\n$/.exec(
        stderr,
      ) ?? [];
    expect(socket).toMatch(/\/tmp\/alternate-65534\/\w+\.sock$/);
    expect(await asRoot('--socket', socket, 'status')).toMatchObject({ code: 0 });
    expect(await asRoot('rotate', 'web')).toMatchObject({ code: 1, stderr });
    await other.stop();
    expect((await asRoot('status')).stderr).toMatch(
      /^alternate: no manager is running: there is no socket \/run\/alternate\/\w+\.sock\. To start a manager/,
    );
  },
);
