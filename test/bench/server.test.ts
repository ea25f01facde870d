/** The servers of `bench/zero-downtime` serve from a socket that they inherit, and from none that is meant for somebody else. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

const bench = path.resolve(import.meta.dirname, '../../bench/zero-downtime');
const compiler = spawnSync('cc', ['--version']).status === 0;

describe.skipIf(!compiler)('a server of bench/zero-downtime with an inherited socket (needs cc)', () => {
  let folder: string;
  let child: ChildProcess | null = null;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'alt-server-'));
    const sources = readdirSync(path.join(bench, 'server')).filter((name) => name.endsWith('.c'));
    const words = ['-O1', '-Wall', '-Werror', '-o', path.join(folder, 'server')];
    execFileSync('cc', [...words, ...sources.map((name) => path.join(bench, 'server', name))]);
  }, 60_000);

  afterEach(() => {
    child?.kill('SIGKILL');
    child = null;
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const commands: Record<string, () => string[]> = {
    c: () => [path.join(folder, 'server')],
    node: () => [process.execPath, path.join(bench, 'server.mjs')],
  };

  /** Starts it with a listening socket of ours as descriptor 3, which nobody else holds then; gives the port. */
  async function start(kind: string, listenPid: string): Promise<{ child: ChildProcess; port: number }> {
    const socket = createServer();
    await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve));
    const { port } = socket.address() as AddressInfo;
    const { fd } = (socket as Server & { _handle: { fd: number } })._handle;
    const command = [...(commands[kind]?.() ?? []), '--fd', '3', '--stop', 'linger'];
    const started = spawn('/bin/sh', ['-c', `export LISTEN_PID=${listenPid}; exec "$@"`, 'sh', ...command], {
      stdio: ['ignore', 'ignore', 'ignore', fd, 'pipe'],
      env: { ...process.env, LISTEN_FDS: '1', NOTIFY_FD: '4', SERVER_STARTER_PORT: '' },
    });
    socket.close();
    child = started;
    return { child: started, port };
  }

  describe.each(['c', 'node'])('%s', (kind) => {
    test('serves, says so where it is asked to, and ends with 0', async () => {
      const { child: server, port } = await start(kind, '$$');
      await new Promise((resolve) => server.stdio[4]?.once('data', resolve));
      const response = await fetch(`http://127.0.0.1:${port}/`);
      expect(await response.text()).toBe('hello\n');
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      expect(await ended).toBe(0);
    });

    test('does not take a socket that is meant for another process', async () => {
      const { child: server } = await start(kind, '1');
      expect(await new Promise((resolve) => server.once('exit', resolve))).toBe(1);
    });
  });
});
