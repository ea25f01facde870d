import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tryHttp, withoutSecrets } from '../../../src/process/probe/http.ts';
import { failureOf } from '../../support/failure-of.ts';
import { freePorts } from '../../support/ports.ts';

const never = new AbortController().signal;

const failing = async (...args: Parameters<typeof tryHttp>): Promise<string | null> =>
  failureOf(await tryHttp(...args));

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(listener: RequestListener): Promise<string> {
  return await listen(createServer(listener));
}

describe('tryHttp', () => {
  test.each([200, 204, 299, 300, 302, 399])('%i is well', async (status) => {
    const url = await serve((_request, response) => response.writeHead(status).end());
    expect(await failing(url, never)).toBeNull();
  });

  test.each([400, 404, 500, 503, 599])('%i is told', async (status) => {
    const url = await serve((_request, response) => response.writeHead(status).end());
    expect(await failing(url, never)).toBe(`${url} answered ${status}`);
  });

  test('a redirect is not followed', async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url);
      response.writeHead(302, { Location: '/elsewhere' }).end();
    });
    expect(await failing(`${url}/start?a=b`, never)).toBeNull();
    expect(asked).toEqual(['/start?a=b']);
  });

  test('it is a GET on a connection that is not kept', async () => {
    let seen: IncomingMessage | undefined;
    const url = await serve((request, response) => {
      seen = request;
      response.end('a body that nobody reads'.repeat(10_000));
    });
    expect(await failing(url, never)).toBeNull();
    expect([seen?.method, seen?.headers.connection]).toEqual(['GET', 'close']);
  });

  test('a refused connection is told by its errno', async () => {
    const [port = 0] = await freePorts(1);
    expect(await failing(`http://127.0.0.1:${port}/x`, never)).toBe(
      `http://127.0.0.1:${port}/x: ECONNREFUSED`,
    );
  });

  test('what is not HTTP is told', async () => {
    const url = await listen(createPlainServer((socket) => void socket.end('SSH-2.0-nothing\r\n')));
    expect(await failing(url, never)).toMatch(/: HPE_/);
  });

  test('https is tried too', async () => {
    const url = await listen(createPlainServer((socket) => void socket.end('plain')));
    expect(await failing(url.replace('http', 'https'), never)).toMatch(
      /^https:.*: (EPROTO|ERR_SSL|ECONNRESET)/,
    );
  });

  test('given up, it resolves at once although nobody answers', async () => {
    const controller = new AbortController();
    const url = await serve(() => {
      controller.abort();
    });
    expect(await failing(url, controller.signal)).toMatch(/: ABORT_ERR$/);
  });
});

describe('secrets in the URL', () => {
  test.each([
    ['http://127.0.0.1:3000/healthz', 'http://127.0.0.1:3000/healthz'],
    ['http://user:pass@127.0.0.1:3000/healthz?token=abc', 'http://user:***@127.0.0.1:3000/healthz?token=***'],
    ['HTTPS://user:a@b:c@host/', 'HTTPS://user:***@host/'],
    ['http://token@host/path', 'http://***@host/path'],
    ['http://:pass@host', 'http://:***@host'],
    ['http://host/a@b:c?d@e', 'http://host/a@b:c?***'],
    ['http://host/?a=1&b=x=y&c&=z&&token', 'http://host/?a=***&b=***&***&=***&&***'],
    ['http://host/?next=http://u:p@h/?x=1#fragment', 'http://host/?next=***'],
    ['http:\\\\user:pass@host\\a', 'http:\\\\user:***@host\\a'],
    ['http://user:pass\n@host/?a=1\n2', 'http://user:***@host/?a=***'],
  ])('%j is shown as %j', (url, shown) => {
    expect(withoutSecrets(url)).toBe(shown);
  });

  test('are sent, and not repeated in the reason', async () => {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(`${request.headers.authorization ?? ''} ${request.url ?? ''}`);
      response.writeHead(403).end();
    });
    const place = url.replace('http://', '');
    expect(await failing(`http://user:pass@${place}/healthz?token=abc`, never)).toBe(
      `http://user:***@${place}/healthz?token=*** answered 403`,
    );
    expect(asked).toEqual([`Basic ${btoa('user:pass')} /healthz?token=abc`]);
    const [port] = await freePorts(1);
    const refused = await failing(`http://user:pass@127.0.0.1:${port ?? 0}/?token=abc`, never);
    expect(refused).toBe(`http://user:***@127.0.0.1:${port ?? 0}/?token=***: ECONNREFUSED`);
  });
});
