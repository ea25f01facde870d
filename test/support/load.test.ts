import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from './ports.ts';
import { startLoad, type FailureReason, type Load, type LoadOptions, type LoadResult } from './load.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
/** How many requests a connection has brought is given, from 1. */
type Answering = (socket: Socket, request: number) => void;

/** A server that does to its connections what a test wants, at each piece of bytes that comes. */
async function serving(answer: Answering): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let requests = 0;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => {
      answer(socket, ++requests);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function started(options: LoadOptions): Load {
  const load = startLoad({ connections: 2, maxRequests: 40, ...options });
  onTestFinished(() => {
    load.discard();
  });
  return load;
}

/** What the load says of twenty requests to such a server. */
async function judged(answer: Answering, options: Partial<LoadOptions> = {}): Promise<LoadResult> {
  const load = started({ port: await serving(answer), ...options });
  await load.until(20);
  return await load.stop();
}

describe('each harm to a request is counted under its name', () => {
  test.each<[string, FailureReason, Answering]>([
    ['reset', 'reset', (socket) => void socket.resetAndDestroy()],
    ['closed without an answer', 'closed', (socket) => void socket.end()],
    ['cut off in the head', 'truncated', (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-')],
    ['cut off in the body', 'truncated', (socket) => void socket.end(OK.slice(0, -1))],
    ['cut off between two chunks', 'truncated', (socket) => void socket.end(`${CHUNKED}2\r\nok\r\n`)],
    ['answered with 500', 'status', (socket) => void socket.write(OK.replace('200 OK', '500 Oh'))],
    ['answered with more than was said', 'malformed', (socket) => void socket.write(`${OK}!`)],
    ['answered in another language', 'malformed', (socket) => void socket.write('SSH-2.0-x\r\n\r\n')],
    ['never answered', 'timeout', () => undefined],
  ])('%s', async (_name, reason, harm) => {
    const everyThird: Answering = (socket, request) => {
      if (request % 3 === 0) harm(socket, request);
      else socket.write(OK);
    };
    const result = await judged(everyThird, reason === 'timeout' ? { timeoutMs: 300 } : {});
    expect(result.failures).toEqual({ [reason]: result.failed });
    expect(result.failed).toBeGreaterThan(0);
    expect(result.answered).toBeGreaterThan(0);
    expect(result.sent).toBe(result.answered + result.failed);
    expect(result.examples[0]).toMatchObject({ kind: 'get', reason, requestOnConnection: 3 });
    expect(result.examples[0]?.localPort).toBeGreaterThan(0);
  });

  test('refused', async () => {
    const load = started({ port: await freePort() });
    await load.until(4);
    const result = await load.stop();
    expect(result.failures).toEqual({ refused: result.sent });
    expect(result.examples[0]).toMatchObject({ reason: 'refused', code: 'ECONNREFUSED' });
  });

  test('late, though answered', async () => {
    const slowly: Answering = (socket) => void setTimeout(() => socket.write(OK), 60);
    const result = await judged(slowly, { lateMs: 50, connections: 10 });
    expect(result).toMatchObject({ failed: 0, late: result.answered });
    expect(result.examples[0]).toMatchObject({ reason: 'late', kind: 'get' });
  });
});

describe('what harms no request is not counted as a failure', () => {
  test('connections that the server closes together with the answer, or while they are idle', async () => {
    // Node.js closes a turn of its loop after the answer. A request that is sent in between is lost, and counts.
    const workload = [{ name: 'get', pauseMs: 50 }];
    const closing: Answering = (socket, request) => {
      if (request % 3 === 0) socket.end(OK);
      else socket.write(OK);
    };
    const result = await judged(closing, { workload });
    expect(result).toMatchObject({ failed: 0, failures: {}, examples: [] });
    expect(result.reconnects).toBeGreaterThan(0);
  });

  test.each<[string, number, readonly string[]]>([
    ['in chunks, byte by byte', 200, Array.from(`${CHUNKED}2;x=y\r\nok\r\n0\r\nTrailer: x\r\n\r\n`)],
    [
      'without a body, after a 103',
      204,
      ['HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No', ' Content\r\n\r\n'],
    ],
  ])('answers %s', async (_name, status, pieces) => {
    const piecewise: Answering = (socket) => {
      const [piece, ...more] = pieces;
      const write = (next: string | undefined): void => {
        if (next !== undefined) socket.write(next, () => setImmediate(write, more.shift()));
      };
      write(piece);
    };
    const result = await judged(piecewise, { workload: [{ name: 'get', status }] });
    expect(result).toMatchObject({ failed: 0, failures: {}, reconnects: 0 });
    expect(result.answered).toBeGreaterThanOrEqual(20);
  });

  test('answers that end with their connection', async () => {
    const result = await judged((socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nto the end'));
    expect(result).toMatchObject({ failed: 0, failures: {}, reconnects: 0 });
  });
});

test('a real server: GETs, POSTs and fresh connections, each kind counted, none after the bound', async () => {
  const bodies = new Set<number>();
  const connections = new Set<Socket>();
  const server = createHttpServer((request, response) => {
    let bytes = 0;
    connections.add(request.socket);
    request.on('data', (part: Buffer) => (bytes += part.length));
    request.on('end', () => {
      if (request.method === 'POST') bodies.add(bytes);
      response.end('x'.repeat(100_000));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const workload = [{ name: 'get' }, { name: 'post', bodyBytes: 200_000 }, { name: 'fresh', fresh: true }];
  const load = started({ port, connections: 3, workload, maxRequests: 90 });
  await expect(load.until(91)).rejects.toThrow(/the load ended \(requests\) before 91 more requests had/);
  const result = await load.stop();
  expect(result).toMatchObject({ sent: 90, answered: 90, failed: 0, ending: 'requests' });
  const { get, post, fresh } = result.kinds;
  expect(bodies).toEqual(new Set([200_000]));
  expect(connections.size).toBe(2 + (fresh?.sent ?? 0));
  expect((get?.answered ?? 0) + (post?.answered ?? 0) + (fresh?.answered ?? 0)).toBe(90);
});
