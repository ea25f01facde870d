/** What an instance that shares sockets finds: its descriptors, its environment; and how it can fail to be started. */
import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { Stage } from '../support/stage.ts';
import { freePort } from '../support/ports.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { becomes, descriptorsOf, environmentOf, listenerOn } from './fixtures/listen-stand.ts';

const linux = process.platform === 'linux';
const asRoot = process.getuid?.() === 0;

/** One whose instance is `sleep`, so that nothing is open that the program opened itself. */
async function sleeping(given: Partial<RawService> = {}) {
  const theatre = await Theatre.open();
  const ports = [await freePort(), await freePort()];
  const listen = { http: `127.0.0.1:${ports[0] ?? 0}`, admin: `:${ports[1] ?? 0}` };
  theatre.start({ web: { command: 'sleep 300', listen, ...given } });
  const { current } = await theatre.running('web');
  return { theatre, ports, pid: current?.pid ?? 0 };
}

/** The numbers of its descriptors, without what whoever started this test has handed down to every process. */
function handedOn(pid: number): number[] {
  const own = descriptorsOf(process.pid);
  const open = [...descriptorsOf(pid)].filter(([fd, what]) => fd < 5 || own.get(fd) !== what);
  return open.map(([fd]) => fd).sort((one, other) => one - other);
}

describe.skipIf(!linux)('an instance', () => {
  test('has its sockets from descriptor 3 on, and nothing else that is not its own', async () => {
    const { ports, pid } = await sleeping();
    await becomes(pid, 'sleep');
    const open = descriptorsOf(pid);
    expect(handedOn(pid)).toEqual([0, 1, 2, 3, 4]);
    expect([open.get(3), open.get(4)]).toEqual(ports.map(listenerOn));
    expect(open.get(0)).toBe('/dev/null');
  });

  test('is told of them, with its own pid', async () => {
    const { ports, pid } = await sleeping();
    await becomes(pid, 'sleep');
    expect(environmentOf(pid)).toMatchObject({
      LISTEN_FDS: '2',
      LISTEN_PID: String(pid),
      LISTEN_FDNAMES: 'http:admin',
      SERVER_STARTER_PORT: `127.0.0.1:${ports[0] ?? 0}=3;${ports[1] ?? 0}=4`,
      ALTERNATE_PARAMETER: 'blue',
    });
    expect(environmentOf(pid)['NOTIFY_FD']).toBeUndefined();
  });

  test('has one descriptor more where it is to say that it is ready', async () => {
    const theatre = await Theatre.open();
    const port = await freePort();
    theatre.script('app', 'echo >&"$NOTIFY_FD"; exec sleep 300');
    theatre.start({ web: { command: './app', ready: { notify: true }, listen: port } });
    const { current } = await theatre.running('web');
    const pid = current?.pid ?? 0;
    await becomes(pid, 'sleep');
    expect(handedOn(pid)).toEqual([0, 1, 2, 3, 4]);
    expect(environmentOf(pid)['NOTIFY_FD']).toBe('4');
  });

  test('finds sockets that block, as systemd hands them out', async () => {
    const { pid } = await sleeping();
    for (const fd of [3, 4]) {
      const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1];
      expect(Number.parseInt(flags ?? '', 8) & 0o4000).toBe(0);
    }
  });

  test('has the same environment as one without sockets, odd names included', async () => {
    const env = { 'A-B': '1 2', 'my.key': "it's", IFS: ':', BASH_ENV: '/none', EMPTY: '', PS1: '$ ' };
    const { theatre, pid } = await sleeping({ env });
    await becomes(pid, 'sleep');
    const shared = environmentOf(pid);
    theatre.configure({ web: { command: 'sleep 300', parameters: ['blue', 'green'], env } });
    await theatre.ask('POST', '/v1/reload');
    const { current } = await theatre.service(
      'web',
      (web) => web.state === 'running' && web.current?.pid !== pid,
    );
    const alone = environmentOf(current?.pid ?? 0);
    const differ = [...new Set([...Object.keys(shared), ...Object.keys(alone)])].filter(
      (name) => shared[name] !== alone[name],
    );
    // bash, which hands on odd names, leaves `_` behind.
    expect(differ.sort().filter((name) => name !== 'PWD' && name !== '_')).toEqual([
      'ALTERNATE_PARAMETER',
      'LISTEN_FDNAMES',
      'LISTEN_FDS',
      'LISTEN_PID',
      'SERVER_STARTER_PORT',
    ]);
    expect(shared).toMatchObject(env);
  });

  test.skipIf(!asRoot)('of another user, who may read nothing here', async () => {
    const { pid } = await sleeping({ user: 'nobody', cwd: '/' });
    await becomes(pid, 'sleep');
    expect(environmentOf(pid)).toMatchObject({ LISTEN_PID: String(pid), USER: 'nobody' });
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t65534/m);
    expect(handedOn(pid)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('LISTEN_PID is the pid of the instance', () => {
  test.each([
    ['a script', './app'],
    ['a path with blanks and quotes', ["./a 'b'/$HOME app"]],
    ['a name from PATH', 'app-of-path'],
    ['a path with =', './a=b/app'],
    ['words that a shell would read', ['./app', '$(exit 1)', '; exit 2', '*', '']],
  ] as const)('%s', async (_what, command) => {
    const theatre = await Theatre.open();
    const text = 'printf "<%s> " "$LISTEN_PID" "$$" "$@"; echo; exec sleep 300';
    for (const name of ['app', "a 'b'/$HOME app", 'a=b/app', 'bin/app-of-path']) {
      mkdirSync(path.dirname(path.join(theatre.folder, name)), { recursive: true });
      theatre.script(name, text);
    }
    const PATH = `${theatre.folder}/bin:${process.env['PATH'] ?? ''}`;
    const words = typeof command === 'string' ? command : ([...command] as [string, ...string[]]);
    theatre.start({ web: { command: words, listen: await freePort(), env: { PATH } } });
    const pid = (await theatre.running('web')).current?.pid ?? 0;
    const args = typeof command === 'string' ? [] : command.slice(1);
    await theatre.logged(`web:blue | ${[pid, pid, ...args].map((word) => `<${word}> `).join('')}\n`);
  });
});

describe('a program that cannot be started gives the same reason as without listen', () => {
  async function reasonsOf(
    given: Partial<RawService>,
    prepare: (theatre: Theatre) => void = () => undefined,
  ) {
    const theatre = await Theatre.open();
    prepare(theatre);
    const service: RawService = { command: './app', restart: 'never', ...given };
    const listen = await freePort();
    const alternate = theatre.start({
      shared: { ...service, listen },
      alone: { ...service, parameters: ['blue', 'green'] },
    });
    const { code, stderr } = await until('the end', alternate.ended);
    expect(code).toBe(1);
    const [shared, alone] = ['shared', 'alone'].map(
      (name) => new RegExp(`${name}: failed: (.*)`).exec(stderr)?.[1],
    );
    expect(shared).toBe(alone);
    expect(alternate.stdout).toBe('');
    return shared?.replace(theatre.folder, '');
  }

  test.each<[string, Partial<RawService>, ((theatre: Theatre) => void) | undefined, RegExp]>([
    ['missing', {}, undefined, /^\/app does not exist/],
    [
      'not in PATH',
      { command: 'no-such-program' },
      undefined,
      /^there is no program no-such-program in PATH/,
    ],
    ['not executable', {}, (t) => t.write('app', 'x', 0o644), /^\/app is not an executable file/],
    ['a folder', {}, (t) => t.write('app/x', ''), /^\/app is not an executable file/],
    ['under a file', { command: './a/app' }, (t) => t.write('a', ''), /^\/a\/app does not exist: a part/],
    [
      'without its interpreter',
      {},
      (t) => t.write('app', '#! /no/such\n', 0o755),
      /the interpreter in the first line/,
    ],
  ])('%s', async (_what, given, prepare, reason) => {
    expect(await reasonsOf(given, prepare)).toMatch(reason);
  });

  test("a bare name is not taken from the manager's folder", async () => {
    const reason = await reasonsOf({ command: 'app' }, (theatre) => theatre.script('app', 'sleep 300'));
    expect(reason).toMatch(/^there is no program app in PATH/);
  });

  test.skipIf(!asRoot)('not executable for the user of the service', async () => {
    const prepare = (theatre: Theatre): void => {
      copyFileSync('/bin/sleep', path.join(theatre.folder, 'app'));
      chmodSync(path.join(theatre.folder, 'app'), 0o700);
      theatre.openToEverybody();
    };
    expect(await reasonsOf({ user: 'nobody', output: 'ignore' }, prepare)).toMatch(
      /^\/app is not an executable file for this user/,
    );
  });
});

describe('ready by NOTIFY_FD', () => {
  async function puppets() {
    const theatre = await Theatre.open();
    const listen = [await freePort(), `127.0.0.1:${await freePort()}`] as [number, string];
    theatre.start({ web: { command: Stage.command(), ready: { notify: true }, listen } });
    const puppet = await theatre.puppet('blue');
    expect(await puppet.do('env', { name: 'NOTIFY_FD' })).toMatchObject({ value: '5' });
    return { theatre, puppet };
  }

  test.each([
    ['a newline', ['\n']],
    ['READY=1', ['READY=1']],
    ['READY=1 in two writes', ['REA', 'DY=1']],
    ['other words before it', ['STATUS=loading', '\nREADY=1\n']],
  ])('%s', async (_what, writes) => {
    const { theatre, puppet } = await puppets();
    for (const text of writes) {
      expect((await theatre.service('web')).state).toBe('starting');
      await puppet.do('writeDescriptor', { descriptor: 5, text });
    }
    await theatre.running('web');
  });
});
