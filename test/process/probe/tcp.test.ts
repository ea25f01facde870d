import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectTcp } from '../../../src/process/probe/tcp.ts';
import { failureOf } from '../../support/failure-of.ts';
import { freePorts } from '../../support/ports.ts';
import { until } from '../../support/until.ts';

const never = new AbortController().signal;

const failing = async (...args: Parameters<typeof connectTcp>): Promise<string | null> =>
  failureOf(await connectTcp(...args));

async function listen(host: string): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).resume();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, host, resolve);
  });
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, sockets };
}

describe('connectTcp', () => {
  test.each(['127.0.0.1:', 'localhost:', ':', ''])('an address that begins with "%s"', async (host) => {
    const { port } = await listen('127.0.0.1');
    expect(await failing(`${host}${port}`, never)).toBeNull();
  });

  test('the connection is closed again', async () => {
    const { port, sockets } = await listen('127.0.0.1');
    expect(await failing(String(port), never)).toBeNull();
    await until('the end of the connection', () => sockets[0]?.destroyed);
  });

  test('a refused connection is told with the address as it was given', async () => {
    const [port = 0] = await freePorts(1);
    expect(await failing(`127.0.0.1:${port}`, never)).toBe(`127.0.0.1:${port}: ECONNREFUSED`);
    expect(await failing(String(port), never)).toBe(`${port}: ECONNREFUSED`);
  });

  test('what is no address is told', async () => {
    expect(await failing('nowhere', never)).toBe('nowhere is not an address');
  });

  test('given up, it resolves at once', async () => {
    const controller = new AbortController();
    // TEST-NET-1 (RFC 5737): nobody answers.
    const tried = failing('192.0.2.1:80', controller.signal);
    controller.abort();
    expect(await tried).toMatch(/it was cancelled|ENETUNREACH|EHOSTUNREACH/);
  });
});
