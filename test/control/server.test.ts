import type { Server } from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { followEvents } from '../../src/control/client.ts';
import { createControlServer } from '../../src/control/server.ts';
import type { Answer } from '../../src/rotator/machine.ts';
import { temporaryFolder } from '../support/alternate.ts';
import { until } from '../support/until.ts';
import { RawConnection, wire } from '../support/wire.ts';
import { FakeCommands } from './fake-commands.ts';

async function serve(): Promise<{ commands: FakeCommands; socket: string; server: Server }> {
  const folder = temporaryFolder();
  const socket = path.join(folder.path, 'c.sock');
  const commands = new FakeCommands();
  const server = createControlServer(commands, socket);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    folder.remove();
  });
  return { commands, socket, server };
}

const get = 'GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n';

test('what was asked reaches the manager, whatever the body was', async () => {
  const { commands, socket } = await serve();
  for (const action of ['start', 'stop', 'restart', 'rotate'])
    await wire(socket, 'POST', `/v1/services/web/${action}`, { body: '{"unknown":[]}' });
  await wire(socket, 'POST', '/v1/services/web/signal', { body: '{"signal":"hup"}' });
  await wire(socket, 'POST', '/v1/services/web/signal');
  await wire(socket, 'POST', '/v1/reload');
  await wire(socket, 'POST', '/v1/shutdown');
  expect(commands.asked).toEqual([
    'start web',
    'stop web',
    'restart web',
    'rotate web',
    'signal web SIGHUP',
    'signal web SIGUSR1',
    'reload',
    'shutdown',
  ]);
});

test('nothing that is refused reaches the manager', async () => {
  const { commands, socket } = await serve();
  await wire(socket, 'POST', '/v1/shutdown', { headers: { Origin: 'http://evil.example' } });
  await wire(socket, 'POST', '/v1/shutdown', { headers: { Host: 'evil.example' } });
  await wire(socket, 'POST', '/v1/shutdown', { body: 'no JSON' });
  await wire(socket, 'POST', '/v1/services/wob/stop');
  await wire(socket, 'GET', '/v1/services/web/stop');
  expect(commands.asked).toEqual([]);
});

test.each([
  [{ type: 'done' }, 202],
  [{ type: 'failed', reason: 'no' }, 202],
  [{ type: 'refused', reason: 'it is stopped' }, 409],
  [{ type: 'rotated', result: { outcome: 'failed', from: 'a', to: 'b', reason: 'no', durationMs: 5 } }, 202],
] as const)('a rotation that is not waited for and ends at once with %o: %d', async (answer, status) => {
  const { commands, socket } = await serve();
  commands.answer = () => Promise.resolve(answer);
  expect((await wire(socket, 'POST', '/v1/services/web/rotate')).status).toBe(status);
});

test('a rotation that takes long is answered at once where it is not waited for', async () => {
  const { commands, socket } = await serve();
  commands.answer = () => new Promise(() => undefined);
  expect(await wire(socket, 'POST', '/v1/services/web/rotate')).toMatchObject({
    status: 202,
    body: { accepted: true },
  });
});

test('a manager that cannot answer: 500, and the next request is served', async () => {
  const { commands, socket } = await serve();
  commands.answer = () => Promise.reject(new Error('a bug'));
  expect(await wire(socket, 'POST', '/v1/services/web/start')).toMatchObject({
    status: 500,
    body: {
      error: { code: 'internal', message: 'the manager could not answer: this is a bug in alternate' },
    },
  });
  expect((await wire(socket, 'GET', '/v1/status')).status).toBe(200);
});

test('an event reader that goes away is forgotten', async () => {
  const { commands, socket } = await serve();
  const reader = (await RawConnection.open(socket)).write(get.replace('status', 'events'));
  await until('the reader', () => commands.listeners.size === 1);
  commands.happens('{"type":"one"}');
  await reader.receives('data: {"type":"one"}\n\n');
  reader.socket.destroy();
  await until('nobody', () => commands.listeners.size === 0);
});

test('an event reader that never reads is dropped before it costs memory, with a last event that says so', async () => {
  const { commands, socket } = await serve();
  const reader = (await RawConnection.open(socket)).write(get.replace('status', 'events'));
  await until('the reader', () => commands.listeners.size === 1);
  const event = JSON.stringify({ type: 'x'.repeat(10_000) });
  // 128 KiB wait here, and what the kernel holds there.
  for (let told = 0; told < 200; told++) {
    commands.happens(event);
    await new Promise(setImmediate);
  }
  await reader.receives('"type":"events-dropped"');
  expect(reader.received.split(event).length).toBeLessThan(100);
  expect(reader.received).toMatch(
    /data: \{"at":"[^"]+","service":null,"type":"events-dropped","reason":"this reader did not keep up: more than 128 KiB [^"]+"\}\n\n\r\n0\r\n\r\n$/,
  );
  await until('nobody', () => commands.listeners.size === 0);
});

test('one that is dropped and does not read even then is closed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { commands, socket } = await serve();
  (await RawConnection.open(socket)).write(get.replace('status', 'events'));
  await vi.waitUntil(() => commands.listeners.size === 1, 10_000);
  const event = JSON.stringify({ type: 'x'.repeat(10_000) });
  for (let told = 0; told < 200; told++) {
    commands.happens(event);
    await new Promise(setImmediate);
  }
  expect(commands.listeners.size).toBe(1);
  vi.advanceTimersByTime(60_000);
  await vi.waitUntil(() => commands.listeners.size === 0, 10_000);
});

const TOO_MANY_READERS = '128 clients already follow the events, which is the limit';

test('each event is subscribed to once, however many read; the 129th reader is refused', async () => {
  const { commands, socket } = await serve();
  const readers: RawConnection[] = [];
  for (let count = 0; count < 128; count++) {
    const reader = (await RawConnection.open(socket)).write(get.replace('status', 'events'));
    await reader.receives('text/event-stream');
    readers.push(reader);
  }
  expect(commands.listeners.size).toBe(1);
  expect(await wire(socket, 'GET', '/v1/events')).toMatchObject({
    status: 409,
    headers: { connection: 'close' },
    body: { error: { code: 'too-many-readers', message: TOO_MANY_READERS } },
  });
  const followed = followEvents(
    socket,
    () => undefined,
    () => undefined,
    new AbortController().signal,
  );
  expect(await until('a refusal', followed)).toEqual({
    ok: false,
    reason: { code: 'too-many-readers', message: TOO_MANY_READERS },
  });
  commands.happens('{"type":"one"}');
  for (const reader of readers) await reader.receives('data: {"type":"one"}\n\n');
  readers[0]?.socket.destroy();
  await until('a free place', async () => {
    const reader = (await RawConnection.open(socket)).write(get.replace('status', 'events'));
    await reader.receives('HTTP/1.1');
    return reader.received.startsWith('HTTP/1.1 200');
  });
});

test('connections are not accepted without a limit', async () => {
  const { server } = await serve();
  expect(server.maxConnections).toBe(1024);
});

describe('a body that is too large, or not wanted', () => {
  /** Sends all of it before it reads a byte, as many clients do. */
  async function send(socket: string, head: string, megabytes: number): Promise<RawConnection> {
    const connection = (await RawConnection.open(socket)).write(
      `${head}\r\nContent-Length: ${megabytes * 2 ** 20}\r\n\r\n`,
    );
    for (let sent = 0; sent < megabytes; sent++) {
      const taken = new Promise((resolve, reject) => {
        connection.socket.write('x'.repeat(2 ** 20), (error) => {
          if (error) reject(error);
          else resolve(undefined);
        });
      });
      await until(`megabyte ${sent + 1} of ${megabytes}`, taken);
    }
    return connection;
  }

  test.each([
    ['POST /v1/reload HTTP/1.1\r\nHost: localhost', 413, 'too-large'],
    ['POST /v1/shutdown HTTP/1.1\r\nHost: evil.example', 403, 'foreign-host'],
    ['POST /v1/nothing HTTP/1.1\r\nHost: localhost', 404, 'not-found'],
    ['POST /v1/status HTTP/1.1\r\nHost: localhost', 405, 'method-not-allowed'],
    ['POST /v1/services/wob/stop HTTP/1.1\r\nHost: localhost', 413, 'too-large'],
  ])('%j: %d, and the connection can be used again', async (head, status, code) => {
    const { commands, socket } = await serve();
    const connection = await send(socket, head, 20);
    await connection.receives(`"code":"${code}"`);
    expect(connection.received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    connection.write(get);
    await connection.receives('HTTP/1.1 200 OK');
    expect(commands.asked).toEqual([]);
  });

  test('beyond 64 MiB it is answered, and the connection is closed', async () => {
    const { socket } = await serve();
    const head = `POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const connection = (await RawConnection.open(socket)).write(head);
    const chunk = `100000\r\n${'x'.repeat(2 ** 20)}\r\n`;
    for (let sent = 0; sent < 64; sent++) connection.write(chunk);
    // With nothing on its way when the connection is closed, the answer is not lost.
    connection.write('1\r\nx\r\n');
    await connection.receives('HTTP/1.1 413');
    expect(connection.received).toContain('Connection: close');
    await connection.isClosed();
  });
});

describe('after 30 seconds', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const open = async (socket: string, bytes: string): Promise<RawConnection> => {
    const connection = (await RawConnection.open(socket)).write(bytes);
    connection.socket.on('data', (chunk: string) => (connection.received += chunk));
    return connection;
  };

  test('a connection that has not sent a whole request is closed', async () => {
    const { socket } = await serve();
    const waiting = [
      await open(socket, ''),
      await open(socket, 'GET /v1/st'),
      await open(socket, 'POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{'),
      await open(socket, get),
      await open(socket, get.repeat(3)),
    ];
    // The last two are kept alive after their answers.
    await vi.waitUntil(() => waiting[3]?.received.includes('200 OK'), 10_000);
    await vi.waitUntil(() => waiting[4]?.received.split('200 OK').length === 4, 10_000);
    vi.advanceTimersByTime(29_000);
    await wire(socket, 'GET', '/v1/status');
    expect(waiting.map(({ over }) => over)).toEqual(waiting.map(() => false));
    vi.advanceTimersByTime(1_000);
    await vi.waitUntil(() => waiting.every(({ over }) => over), 10_000);
  });

  test('one that is being answered is not, also when it sent several requests before', async () => {
    const { commands, socket } = await serve();
    let finish: (answer: Answer) => void = () => undefined;
    commands.answer = () => new Promise((resolve) => (finish = resolve));
    const following = await open(socket, get.repeat(3));
    await vi.waitUntil(() => following.received.split('200 OK').length === 4, 10_000);
    following.write(get.replace('status', 'events'));
    await vi.waitUntil(() => commands.listeners.size === 1, 10_000);
    const rotating = await open(
      socket,
      get.replace('GET /v1/status', 'POST /v1/services/web/rotate?wait=true'),
    );
    await vi.waitUntil(() => commands.asked.includes('rotate web'), 10_000);
    vi.advanceTimersByTime(3_600_000);
    finish({ type: 'rotated', result: { outcome: 'completed', from: 'a', to: 'b', durationMs: 3_600_000 } });
    await vi.waitUntil(() => rotating.received.includes('"outcome":"completed"'), 10_000);
    commands.happens('{"type":"late"}');
    await vi.waitUntil(() => following.received.includes('late'), 10_000);
  });
});
