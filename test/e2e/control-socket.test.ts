import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { Alternate, runAlternate, writeConfig } from '../support/alternate.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { RawConnection, wire, type Answer, type Asking } from '../support/wire.ts';

const web: RawService = { command: 'sleep 300', parameters: ['a', 'b'], overlap: 0 };
const edge: RawService = { command: 'sleep 300' };

type Ask = (method: string, target: string, asking?: Asking) => Promise<Answer>;

async function manager(services: Record<string, RawService>) {
  const theatre = await Theatre.started(services);
  const { alternate, socket } = theatre;
  const ask: Ask = (method, target, asking) => wire(socket, method, target, asking);
  return { theatre, alternate, socket, ask };
}

describe('the socket file', () => {
  test("is its owner's alone, or as control.mode says; its folder is made", async () => {
    const theatre = await Theatre.open();
    theatre.start({ web });
    await theatre.running('web');
    expect(statSync(path.join(theatre.folder, 'control.sock')).mode & 0o777).toBe(0o600);
    const folder = path.join(theatre.folder, 'other');
    theatre.write('other/alternate.config.yaml', '');
    writeConfig(folder, 'control: {socket: run/c.sock, mode: "0660"}\nservices: {web: {command: sleep 300}}');
    const other = new Alternate([], { cwd: folder });
    try {
      await other.service('web', ({ state }) => state === 'running');
      expect(statSync(path.join(folder, 'run/c.sock')).mode & 0o777).toBe(0o660);
      expect(statSync(path.join(folder, 'run')).mode & 0o777).toBe(0o700);
    } finally {
      await other.discard();
    }
  });

  test('is refused to a second manager, which names the pid of the first', async () => {
    const { alternate, theatre, ask } = await manager({ web });
    const second = await runAlternate([], { cwd: theatre.folder });
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain(`pid ${alternate.pid} is running already`);
    expect((await ask('GET', '/v1/status')).status).toBe(200);
    expect(await theatre.service('web')).toMatchObject({ state: 'running', restarts: 0 });
  });

  test('that a killed manager left behind is replaced', async () => {
    const theatre = await Theatre.open();
    const socket = path.join(theatre.folder, 'control.sock');
    await leaveSocket(socket);
    expect(lstatSync(socket).isSocket()).toBe(true);
    theatre.start({ web });
    await theatre.running('web');
  });

  test('is taken by one of two managers that start at the same moment', async () => {
    const theatre = await Theatre.open();
    await leaveSocket(theatre.socket);
    theatre.configure({ web });
    const both = [0, 1].map(() => new Alternate([], { cwd: theatre.folder }));
    try {
      const refused = await until('the end of one', Promise.race(both.map(({ ended }) => ended)));
      expect(refused).toMatchObject({ code: 1 });
      const winner = both.find(({ child }) => child.exitCode === null);
      expect(refused.stderr).toContain(`pid ${winner?.pid ?? 0} is running already`);
      // The other one lost to the lock on the configuration, which comes before the socket.
      const answer = await until('an answer', () =>
        wire(theatre.socket, 'GET', '/v1/status').catch(() => null),
      );
      expect(answer.body).toMatchObject({ pid: winner?.pid });
    } finally {
      for (const one of both) await one.discard();
    }
  });

  test('that is a plain file is left alone: exit 1', async () => {
    const theatre = await Theatre.open();
    const socket = theatre.write('control.sock', 'precious');
    const alternate = theatre.start({ web });
    expect(await until('the end', alternate.ended)).toMatchObject({ code: 1 });
    expect(alternate.stderr).toContain(`${socket} exists and is not a socket`);
    expect(lstatSync(socket).isFile()).toBe(true);
  });

  test('of something else that does not speak HTTP is left alone: exit 1', async () => {
    const theatre = await Theatre.open();
    const socket = path.join(theatre.folder, 'control.sock');
    const foreign = createServer((connection) => connection.end('SSH-2.0\r\n'));
    await new Promise<void>((resolve) => foreign.listen(socket, resolve));
    try {
      const alternate = theatre.start({ web });
      expect(await until('the end', alternate.ended)).toMatchObject({ code: 1 });
      expect(alternate.stderr).toContain(`${socket} is in use`);
    } finally {
      foreign.close();
    }
  });

  test('is removed at exit, and made again when somebody else removes it', async () => {
    const { alternate, theatre, ask, socket } = await manager({ web });
    const following = await RawConnection.open(socket);
    following.write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await following.receives('200 OK');
    rmSync(socket);
    await until('the socket is back', () => existsSync(socket));
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect((await ask('GET', '/v1/status')).status).toBe(200);
    await theatre.rotate('web');
    await following.receives('rotation-completed');
    rmSync(socket);
    await until('the socket is back', () => existsSync(socket));
    expect((await ask('GET', '/v1/status')).status).toBe(200);
    expect(await alternate.stop()).toMatchObject({ code: 0 });
    expect(existsSync(socket)).toBe(false);
  });

  test('and its folder are made again when the folder is removed; a second manager is refused meanwhile', async () => {
    const theatre = await Theatre.open();
    const run = path.join(theatre.folder, 'run');
    const socket = path.join(run, 'c.sock');
    writeConfig(theatre.folder, JSON.stringify({ control: { socket }, services: { web } }));
    const alternate = new Alternate([], { cwd: theatre.folder });
    onTestFinished(() => alternate.discard());
    await alternate.service('web', ({ state }) => state === 'running');
    // At once: while it is removed file by file, the manager makes it again.
    renameSync(run, `${run}.removed`);
    rmSync(`${run}.removed`, { recursive: true });
    const second = await runAlternate([], { cwd: theatre.folder });
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain(`pid ${alternate.pid} is running already`);
    await until('socket and list are back', () => existsSync(socket) && existsSync(`${socket}.running`));
    expect(await alternate.service('web', ({ state }) => state === 'running')).toMatchObject({ restarts: 0 });
    expect(await alternate.stop()).toMatchObject({ code: 0 });
    expect(readdirSync(path.join(theatre.folder, '.state'))).toEqual([]);
  });

  test.each([{}, { STATE_DIRECTORY: '/proc/none' }])(
    'is none with `false`: a second manager is refused all the same, with %o',
    async (env) => {
      const theatre = await Theatre.open();
      const runtime = { XDG_RUNTIME_DIR: path.join(theatre.folder, 'run'), ...env };
      writeConfig(theatre.folder, JSON.stringify({ control: { socket: false }, services: { web } }));
      const alternate = new Alternate([], { cwd: theatre.folder, env: runtime });
      onTestFinished(() => alternate.discard());
      await alternate.logged(/running on a/);
      const second = await runAlternate([], { cwd: theatre.folder, env: runtime });
      expect(second).toMatchObject({ code: 1, stdout: '' });
      expect(second.stderr).toMatch(
        new RegExp(`^alternate \\| a manager with pid ${alternate.pid} is running already`, 'm'),
      );
      expect(second.stderr).not.toMatch(/manager \d+ runs/);
      expect(await alternate.stop()).toMatchObject({ code: 0 });
    },
  );

  test('with a path that a socket cannot have is refused, not cut', async () => {
    const theatre = await Theatre.open();
    theatre.configure({ web });
    const long = path.join(theatre.folder, 'x'.repeat(108));
    const ended = await runAlternate(['--socket', long], { cwd: theatre.folder });
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toContain('the path of the control socket is too long');
  });
});

/** A socket that nobody listens on, as after SIGKILL. */
async function leaveSocket(socket: string): Promise<void> {
  const code = `require('net').createServer().listen(${JSON.stringify(socket)},()=>process.kill(process.pid,'SIGKILL'))`;
  await new Promise((resolve) => spawn(process.execPath, ['-e', code]).once('exit', resolve));
}

describe('no client harms the manager', () => {
  test('slow and half-open requests, idle connections, garbage, and a reader that never reads', async () => {
    const { theatre, ask, socket, alternate } = await manager({ web, edge });
    const open = (): Promise<RawConnection> => RawConnection.open(socket);
    const idle = await Promise.all(Array.from({ length: 200 }, open));
    const slow = (await open()).write('POST /v1/services/web/rot');
    const slowBody = (await open()).write(
      'POST /v1/services/web/signal HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"sig',
    );
    const halfOpen = (await open()).write('GET /v1/status HTTP/1.1\r\nHost: local');
    halfOpen.socket.end();
    const deaf = (await open()).write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const pipelined = (await open()).write('GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50));
    const garbage = await Promise.all(
      [
        '\0\x01\x02\xff'.repeat(2_000),
        'GET /v1/status HTTP/9.9\r\n\r\n',
        'GET /v1/status HTTP/1.1\r\n\r\n',
        'GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\nNONSENSE\r\n\r\n\r\nMORE',
        `GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
        'POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n12345',
        'POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
        'CONNECT somewhere:1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
        'GET /v1/status HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nGET',
      ].map(async (bytes) => (await open()).write(bytes)),
    );
    // Requests and rotations go through meanwhile.
    for (let count = 0; count < 20; count++)
      expect(await ask('POST', '/v1/services/web/rotate?wait=true')).toMatchObject({
        body: { outcome: 'completed' },
      });
    await pipelined.receives('HTTP/1.1 200 OK');
    await until('50 answers', () => pipelined.received.split('HTTP/1.1 200 OK').length === 51);
    for (const connection of garbage) connection.socket.end();
    await Promise.all(garbage.map((connection) => connection.isClosed()));
    slow.write('ate?wait=true HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await slow.receives('"outcome":"completed"');
    slowBody.write('nal":"SIGUSR1"}'.padEnd(95));
    await slowBody.receives('202 Accepted');
    expect([...idle, deaf].some(({ closed }) => closed)).toBe(false);
    expect(await theatre.service('edge')).toMatchObject({ state: 'running', restarts: 0 });
    expect(alternate.stderr).not.toContain('bug in alternate');
    expect(await alternate.stop()).toMatchObject({ code: 0 });
  });
});
