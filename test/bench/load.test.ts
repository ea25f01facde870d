/** The load of `bench/zero-downtime` is only worth its word if it notices everything that can go wrong. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

const sources = path.resolve(import.meta.dirname, '../../bench/zero-downtime/load');
const compiler = spawnSync('cc', ['--version']).status === 0;

interface Account {
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly badStatuses: Readonly<Record<string, number>>;
  readonly foundClosed: number;
  readonly sessions: number;
}

const HELLO = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n';
const UPGRADED =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

describe.skipIf(!compiler)('the load of bench/zero-downtime (needs cc)', () => {
  let folder: string;
  let server: Server | null = null;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'alt-load-'));
    const files = readdirSync(sources).filter((name) => name.endsWith('.c'));
    const words = ['-O1', '-Wall', '-Werror', '-o', path.join(folder, 'load')];
    execFileSync('cc', [...words, ...files.map((name) => path.join(sources, name))]);
  }, 60_000);

  afterEach(() => {
    server?.close();
    server = null;
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** A server that does this with each connection's every piece of data; gives its port. */
  async function serve(onData: (socket: Socket) => void): Promise<number> {
    const sockets = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', () => {
        onData(socket);
      });
    });
    server = sockets;
    await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve));
    return (sockets.address() as AddressInfo).port;
  }

  /** Three requests, one after the other, unless the words say otherwise. */
  async function load(port: number, ...words: string[]): Promise<Account> {
    const usual = ['--port', String(port), '--connections', '1', '--requests', '3', '--seconds', '20'];
    const child = spawn(path.join(folder, 'load'), [...usual, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    return JSON.parse(printed) as Account;
  }

  test('counts what is answered', async () => {
    const port = await serve((socket) => socket.write(HELLO));
    expect(await load(port)).toMatchObject({ requests: 3, ok: 3, failed: 0 });
  });

  test.each<[string, (socket: Socket) => void]>([
    ['reset', (socket) => socket.resetAndDestroy()],
    ['unanswered', (socket) => socket.end()],
    ['truncated', (socket) => socket.end(HELLO.slice(0, -2))],
    ['wrong-content', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')],
  ])('notices what is %s', async (kind, onData) => {
    const account = await load(await serve(onData));
    expect(account).toMatchObject({ requests: 3, ok: 0, failed: 3, failures: { [kind]: 3 } });
  });

  test('counts each status that is not 200', async () => {
    const port = await serve((socket) => socket.write(HELLO.replace('200 OK', '502 Bad Gateway')));
    expect(await load(port)).toMatchObject({
      failed: 3,
      failures: { 'bad-status': 3 },
      badStatuses: { 502: 3 },
    });
  });

  test('notices a stream with a piece missing', async () => {
    const chunk = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabd\r\n0\r\n\r\n';
    const port = await serve((socket) => socket.write(chunk));
    const account = await load(port, '--mode', 'stream', '--bytes', '3');
    expect(account).toMatchObject({ ok: 0, failures: { 'wrong-content': 3 } });
  });

  test('notices a body of which a part was lost', async () => {
    const port = await serve((socket) => socket.write(HELLO.replace('hello\n', '4095\n\n')));
    const account = await load(port, '--mode', 'post', '--body', '4096');
    expect(account).toMatchObject({ ok: 0, failures: { 'wrong-content': 3 } });
  });

  test('notices what is late', async () => {
    const port = await serve(() => undefined);
    expect(await load(port, '--deadline', '100')).toMatchObject({ requests: 3, failures: { late: 3 } });
  });

  test('notices that nobody listens', async () => {
    const port = await serve(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    expect(await load(port)).toMatchObject({ requests: 3, failures: { refused: 3 } });
  });

  test('opens another connection where the kept one was closed between two requests, as clients do', async () => {
    const port = await serve((socket) => socket.end(HELLO));
    const account = await load(port, '--rate', '20');
    expect(account).toMatchObject({ requests: 3, ok: 3, failed: 0 });
    expect(account.foundClosed).toBeGreaterThan(0);
  });

  test('notices a WebSocket that ends without a goodbye', async () => {
    let upgraded = 0;
    const port = await serve((socket) => (upgraded++ % 2 === 0 ? socket.write(UPGRADED) : socket.end()));
    const account = await load(port, '--mode', 'ws', '--interval', '5', '--requests', '4');
    expect(account.sessions).toBeGreaterThan(0);
    expect(account.failures['bad-close']).toBe(account.failed);
    expect(account.failed).toBeGreaterThan(0);
  });
});
