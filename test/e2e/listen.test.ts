/** Sockets are there before anything is started, or nothing is started. */
import { existsSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Alternate } from '../support/alternate.ts';
import { processFacts, processGone } from '../support/processes.ts';
import { freePort } from '../support/ports.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { ask, knock, listening, listeningCommand, tryToConnect } from './fixtures/listen-stand.ts';

async function strangerOn(port: number): Promise<void> {
  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    stranger.close();
  });
}

test('an address in use: exit 1, and says which service, which address and who; nothing was started', async () => {
  const [taken, free] = [await freePort(), await freePort()];
  await strangerOn(taken);
  const theatre = await Theatre.open();
  const { ended } = theatre.start({
    other: { command: 'touch started' },
    fine: listening(`127.0.0.1:${free}`),
    web: listening(`127.0.0.1:${taken}`),
  });
  const { code, stderr } = await until('the end', ended);
  const name = path.basename(realpathSync(process.execPath));
  const who = process.platform === 'linux' ? `${name} (pid ${process.pid})` : 'another process';
  expect(code).toBe(1);
  expect(stderr).toContain(`web: cannot listen on 127.0.0.1:${taken}: ${who} listens there already`);
  expect(stderr).not.toMatch(/bug in alternate|manager .* started/);
  expect(await tryToConnect(free)).toBe('ECONNREFUSED');
  expect(existsSync(path.join(theatre.folder, 'started'))).toBe(false);
});

test('where nothing is started, what a killed manager left behind is still found by the next one', async () => {
  const plain = { command: 'sleep 300' };
  const theatre = await Theatre.started({ plain });
  const pid = (await theatre.running('plain')).current?.pid ?? 0;
  await until('it is listed', () =>
    theatre.read('control.sock.running').includes(`"pid":${pid},"serves":true`),
  );
  theatre.alternate.signal('SIGKILL');
  await until('the end of the manager', theatre.alternate.ended);
  const port = await freePort();
  await strangerOn(port);
  const { code } = await until(
    'the end',
    theatre.start({ plain, web: listening(`127.0.0.1:${port}`) }).ended,
  );
  expect(code).toBe(1);
  expect(processFacts(pid)).not.toBeNull();
  theatre.start({ plain });
  await theatre.running('plain');
  await processGone(pid);
});

test('every address that cannot be had is named at once', async () => {
  const ports = [await freePort(), await freePort()];
  for (const port of ports) await strangerOn(port);
  const theatre = await Theatre.open();
  const [first = 0, second = 0] = ports;
  const { ended } = theatre.start({
    s0: listening(`127.0.0.1:${first}`),
    s1: listening(`127.0.0.1:${second}`),
    folder: listening('unix:missing/a.sock'),
  });
  const { code, stderr } = await until('the end', ended);
  expect(code).toBe(1);
  expect(stderr).toMatch(/s0: cannot listen on/);
  expect(stderr).toMatch(/s1: cannot listen on/);
  expect(stderr).toMatch(/folder: cannot listen on unix:\/.*\/missing\/a\.sock: the folder does not exist\n/);
});

test('validate does not open anything', async () => {
  const port = await freePort();
  await strangerOn(port);
  const theatre = await Theatre.open();
  theatre.configure({ web: listening(`127.0.0.1:${port}`) });
  const { code } = await until('the end', theatre.runClassic('validate'));
  expect(code).toBe(0);
});

const unprivilegedFrom = (): number =>
  Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));

test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0 || unprivilegedFrom() <= 80)(
  'a privileged port for another user than root (setpriv)',
  async () => {
    const theatre = await Theatre.open();
    theatre.openToEverybody();
    const privileged = { web: listening('127.0.0.1:79') };
    const config = JSON.stringify({ control: { socket: false }, services: privileged });
    theatre.write('c.json', config);
    const manager = new Alternate(['--config', 'c.json'], {
      cwd: theatre.folder,
      through: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
    });
    const { code, stderr } = await until('the end', manager.ended);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'web: cannot listen on 127.0.0.1:79: a port below 1024 needs root, or a node with CAP_NET_BIND_SERVICE',
    );
  },
);

test('all kinds of addresses at once; unix sockets have their mode and are gone at the end', async () => {
  const [one, two] = [await freePort(), await freePort()];
  const theatre = await Theatre.open();
  const manager = theatre.start({
    web: listening({
      local: `127.0.0.1:${one}`,
      all: `:${two}`,
      unix: 'unix:web.sock',
      admin: { address: 'unix:admin.sock', mode: '0600' },
    }),
  });
  const { current } = await theatre.running('web');
  const places = ['web.sock', 'admin.sock'].map((name) => path.join(theatre.folder, name));
  expect(places.map((place) => statSync(place).mode & 0o777)).toEqual([0o666, 0o600]);
  for (const to of [one, two, ...places])
    expect(await ask(to)).toBe(`blue ${current?.pid ?? 0} ${current?.pid ?? 0}`);
  expect((await manager.stop()).code).toBe(0);
  expect(places.filter((place) => existsSync(place))).toEqual([]);
  expect(await tryToConnect(one)).toBe('ECONNREFUSED');
});

test('a backlog over what the kernel allows is said, and what is waiting is never accepted by the manager', async () => {
  const theatre = await Theatre.open();
  const port = await freePort();
  // Long enough for the connection below to be there before the server is.
  theatre.script('slowly', 'until [ -e go ]; do sleep 0.02; done; exec "$@"');
  theatre.start({
    web: {
      ...listening({ address: port, backlog: 65535 }),
      command: `./slowly ${listeningCommand}`,
    },
  });
  await theatre.logged(
    /listens on :\d+; the kernel limits the backlog of 65535 to \d+ \(net\.core\.somaxconn\)/,
    'stderr',
  );
  const { outcome, socket } = await knock(port);
  expect(outcome).toBe('connected');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const { next } = await theatre.service('web', (service) => typeof service.next?.pid === 'number');
  expect(answer).toBe('');
  writeFileSync(path.join(theatre.folder, 'go'), '');
  await until('the answer', () => answer.includes(`blue ${next?.pid ?? 0}`));
});
