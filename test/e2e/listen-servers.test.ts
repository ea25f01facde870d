/** Real servers take the sockets that they inherit, and leave no connection refused when one takes over from another. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { startLoad } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { ask } from './fixtures/listen-stand.ts';

const SOCKET_PROXY = '/lib/systemd/systemd-socket-proxyd';
/** The distribution's, which sees the packages of the distribution. */
const PYTHON = '/usr/bin/python3';

function has(program: string, ...words: string[]): boolean {
  return spawnSync(program, words, { stdio: 'ignore' }).status === 0;
}

/**
 * One instance after another of a server on one socket, with fresh connections all the while.
 * @param said what an answer says of the instance; whatever it is, the next instance says something else
 */
async function takesOver(
  service: Omit<RawService, 'listen'>,
  files: Readonly<Record<string, string>>,
  said?: RegExp,
): Promise<void> {
  const theatre = await Theatre.open();
  for (const [name, text] of Object.entries(files)) theatre.write(name, text);
  const port = await freePort();
  theatre.start({
    web: { overlap: '300ms', stop: { timeout: '10s' }, ...service, listen: `127.0.0.1:${port}` },
  });
  await theatre.running('web');
  const first = await ask(port);
  if (said !== undefined) expect(first).toMatch(said);
  const load = startLoad({
    port,
    connections: 2,
    workload: [{ name: 'fresh', fresh: true, pauseMs: 5 }],
    lateMs: 15_000,
  });
  onTestFinished(() => {
    load.discard();
  });
  await load.until(10);
  expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed' });
  await theatre.service('web', ({ retiring }) => retiring.length === 0);
  await load.until(10);
  const { failures, answered } = await load.stop();
  expect(failures).not.toHaveProperty('refused');
  expect(failures).not.toHaveProperty('unreachable');
  expect(failures).not.toHaveProperty('timeout');
  expect(answered).toBeGreaterThanOrEqual(10);
  if (said === undefined) return;
  expect(first).not.toBe(await until('an answer', async () => await ask(port)));
}

test('Node: listen({ fd: 3 })', async () => {
  const code = `
    const server = require('http').createServer((request, response) => response.end('node ' + process.pid));
    server.listen({ fd: 3 }, () => console.log('up'));
    process.on('SIGTERM', () => server.close(() => process.exit(0)));`;
  await takesOver(
    { command: `${process.execPath} server.cjs`, ready: { output: '^up' } },
    { 'server.cjs': code },
    /^node \d+$/,
  );
});

test('Node: a cluster, whose workers share what the primary inherited', async () => {
  const code = `
    const cluster = require('cluster');
    if (cluster.isPrimary) {
      const workers = [cluster.fork(), cluster.fork()];
      let up = 0;
      cluster.on('listening', () => ++up === workers.length && console.log('up'));
      process.on('SIGTERM', () => cluster.disconnect(() => process.exit(0)));
    } else {
      process.on('SIGTERM', () => undefined);
      require('http').createServer((request, response) => response.end('of ' + process.ppid)).listen({ fd: 3 });
    }`;
  await takesOver(
    { command: `${process.execPath} server.cjs`, ready: { output: '^up' } },
    { 'server.cjs': code },
    /^of \d+$/,
  );
});

test.skipIf(!has('go', 'version'))(
  'Go: net.FileListener (go)',
  async () => {
    const code = `package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	listener, err := net.FileListener(os.NewFile(3, "web"))
	if err != nil {
		panic(err)
	}
	fmt.Println("up")
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		text := fmt.Sprintf("go %d", os.Getpid())
		connection.Read(make([]byte, 4096))
		fmt.Fprintf(connection, "HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%s", len(text), text)
		connection.Close()
	}
}
`;
    const theatre = await Theatre.open();
    const source = theatre.write('server.go', code);
    const program = path.join(theatre.folder, 'server');
    const built = spawnSync('go', ['build', '-o', program, source], { encoding: 'utf8' });
    expect(built.stderr).toBe('');
    await takesOver({ command: program, ready: { output: '^up' } }, {}, /^go \d+$/);
  },
  180_000,
);

test.skipIf(!has(PYTHON, '-V'))('Python: socket.socket(fileno=3) (python3)', async () => {
  const code = `
import os, socket
listener = socket.socket(fileno=3)
print('up', flush=True)
while True:
    connection, _ = listener.accept()
    connection.recv(4096)
    text = b'python %d' % os.getpid()
    connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%s' % (len(text), text))
    connection.close()
`;
  await takesOver(
    { command: `${PYTHON} server.py`, ready: { output: '^up' } },
    { 'server.py': code },
    /^python \d+$/,
  );
});

test.skipIf(!has('gunicorn', '--version'))('gunicorn: LISTEN_FDS (gunicorn)', async () => {
  const code = `
import os
def app(environ, start_response):
    start_response('200 OK', [])
    return [b'gunicorn %d' % os.getppid()]
`;
  await takesOver(
    { command: 'gunicorn --workers 2 app:app', ready: { output: 'Booting worker' } },
    { 'app.py': code },
    /^gunicorn \d+$/,
  );
});

test.skipIf(!has('uvicorn', '--version'))('uvicorn: --fd 3 (uvicorn)', async () => {
  const code = `
import os
async def app(scope, receive, send):
    if scope['type'] != 'http':
        return
    await send({'type': 'http.response.start', 'status': 200, 'headers': []})
    await send({'type': 'http.response.body', 'body': b'uvicorn %d' % os.getpid()})
`;
  await takesOver(
    { command: 'uvicorn --lifespan off --fd 3 app:app', ready: { output: 'Uvicorn running' } },
    { 'app.py': code },
    /^uvicorn \d+$/,
  );
});

test.skipIf(!has('haproxy', '-v'))('HAProxy: bind fd@3 (haproxy)', async () => {
  const configuration = `
defaults
  mode http
  timeout client 5s
  timeout connect 5s
  timeout server 5s
frontend web
  bind fd@3
  http-request return status 200 content-type text/plain lf-string "haproxy %pid"
`;
  await takesOver(
    { command: 'haproxy -db -f haproxy.cfg', stop: { signal: 'SIGUSR1' } },
    { 'haproxy.cfg': configuration },
    /^haproxy \d+$/,
  );
});

test.skipIf(!existsSync(SOCKET_PROXY))(
  "systemd's own library: systemd-socket-proxyd, by LISTEN_FDS and LISTEN_PID (systemd)",
  async () => {
    const backend = createServer((_request, response) => response.end('behind it'));
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      backend.closeAllConnections();
      backend.close();
    });
    const { port } = backend.address() as AddressInfo;
    await takesOver({ command: `${SOCKET_PROXY} 127.0.0.1:${port}` }, {});
  },
);
