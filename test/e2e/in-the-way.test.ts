/** Somebody else holds what an instance, a socket or a rotation needs. */
import { readFileSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

async function stranger(port: number): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await new Promise((resolve) => server.close(resolve));
  });
}

test.each(['http', 'tcp'] as const)(
  'a stranger on the next port does not pass for the new instance (%s): the old one stays',
  async (kind) => {
    const [first = 0, second = 0] = await freePorts(2);
    const theatre = await Theatre.open();
    await stranger(second);
    theatre.start({
      web: {
        command: Stage.command(),
        parameters: [first, second],
        ready: kind === 'http' ? { http: 'http://127.0.0.1:%alt/' } : { tcp: '127.0.0.1:%alt' },
      },
    });
    const old = await theatre.puppet(String(first));
    await old.do('listen', { port: first });
    await theatre.running('web');
    const outcome = await theatre.rotate('web');
    expect(outcome).toMatchObject({
      outcome: 'failed',
      reason: `another process already listens on 127.0.0.1:${second}: end that process first`,
    });
    expect((await theatre.running('web')).current?.pid).toBe(old.pid);
    expect(old.signals).toEqual([]);
  },
);

test('nor for the only instance of a service without parameters', async () => {
  const [port = 0] = await freePorts(1);
  const theatre = await Theatre.open();
  await stranger(port);
  theatre.start({ web: { command: Stage.command('web'), ready: { tcp: port }, restart: 'never' } });
  await theatre.alternate.logged(
    new RegExp(`web: cannot start the command: another process already listens on ${port}`),
  );
  expect(theatre.stage.puppets).toHaveLength(0);
});

test('a stranger on the port that is checked does not pass for the new instance, whatever its address is', async () => {
  const [first = 0, second = 0] = await freePorts(2);
  const theatre = await Theatre.open();
  // What the instances listen on is free; what answers for them is not theirs.
  await stranger(second);
  theatre.start({
    web: {
      command: Stage.command(),
      parameters: [first, second],
      address: '127.0.0.2:%alt',
      ready: { tcp: '127.0.0.1:%alt' },
    },
  });
  await (await theatre.puppet(String(first))).do('listen', { port: first });
  await theatre.running('web');
  expect(await theatre.rotate('web')).toMatchObject({
    outcome: 'failed',
    reason: `another process already listens on 127.0.0.1:${second}: end that process first`,
  });
});

test('a service that is renamed by a reload waits for its old self, which holds the same parameters', async () => {
  const theatre = await Theatre.open();
  const service = { command: Stage.command(), parameters: ['a', 'b'] as [string, string] };
  theatre.start({ before: service });
  const old = await theatre.puppet('a');
  await old.do('ignore', { signal: 'SIGTERM' });
  await theatre.running('before');
  theatre.configure({ after: service });
  expect((await theatre.ask('POST', '/v1/reload')).body).toMatchObject({
    added: ['after'],
    removed: ['before'],
  });
  await until('the old one is told to stop', () => old.signals.includes('SIGTERM'));
  expect(theatre.stage.puppets).toHaveLength(1);
  old.tell('exit');
  const successor = await theatre.puppet('a', 2);
  expect((await theatre.running('after')).current?.pid).toBe(successor.pid);
});

test("a file that took the control socket's place is still there after the end", async () => {
  const theatre = await Theatre.open();
  const manager = theatre.start({ idle: { command: 'sleep 1000' } });
  await theatre.running('idle');
  renameSync(theatre.write('precious', 'precious'), theatre.socket);
  expect((await manager.stop()).code).toBe(0);
  expect(readFileSync(theatre.socket, 'utf8')).toBe('precious');
});

test('a rotation that is cut short by a stop does not say that the old instance goes on', async () => {
  const theatre = await Theatre.open();
  const manager = theatre.start({ web: { command: Stage.command(), parameters: ['a', 'b'], overlap: '1h' } });
  await theatre.running('web');
  const rotation = theatre.rotate('web');
  await theatre.puppet('b');
  await theatre.service('web', ({ state }) => state === 'rotating');
  await theatre.ask('POST', '/v1/services/web/stop');
  expect(await rotation).toMatchObject({ outcome: 'failed', reason: 'the service was stopped' });
  expect(manager.stderr).toMatch(/rotation a -> b failed: the service was stopped\n/);
});
