/** Many rotations: no request is lost, and nothing is left behind. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startLoad, type LoadRequest } from '../support/load.ts';
import { freePort } from '../support/ports.ts';
import { Theatre } from '../support/theatre.ts';
import { ask, becomes, descriptorsOf, listenerOn, listening } from './fixtures/listen-stand.ts';

const everyKind: readonly LoadRequest[] = [
  { name: 'get' },
  { name: 'post', bodyBytes: 20_000 },
  { name: 'fresh', fresh: true },
  { name: 'fresh-post', bodyBytes: 200_000, fresh: true },
  { name: 'slow', path: '/slow' },
  // Idle in between, so that a request meets a server that is about to stop.
  { name: 'now-and-then', pauseMs: 50 },
];

test.each([0, 50])('six rotations under load, overlap %d ms: 0 failed', async (overlap) => {
  const port = await freePort();
  const theatre = await Theatre.started({
    web: listening(`127.0.0.1:${port}`, { overlap: overlap === 0 ? 0 : `${overlap}ms` }),
  });
  const load = startLoad({ port, connections: 12, workload: everyKind, lateMs: 10_000 });
  onTestFinished(() => {
    load.discard();
  });
  await load.until(100);
  for (let count = 0; count < 6; count++) {
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed' });
    await load.until(100);
  }
  const result = await load.stop();
  expect(result).toMatchObject({ failed: 0, examples: [] });
  for (const { name } of everyKind) expect(result.kinds[name]?.answered, name).toBeGreaterThan(0);
});

const rotations = Number(process.env['ROTATIONS'] ?? 200);

test.skipIf(process.platform !== 'linux')(
  `${rotations} rotations leave no descriptor behind, in the manager or in an instance`,
  async () => {
    const port = await freePort();
    const theatre = await Theatre.open();
    // As little as can say that it is ready.
    theatre.script('app', 'echo >&"$NOTIFY_FD"; exec sleep 300');
    theatre.start({
      web: {
        command: './app',
        listen: [`127.0.0.1:${port}`, 'unix:web.sock'],
        ready: { notify: true },
        overlap: 0,
      },
    });
    await theatre.running('web');
    const manager = theatre.alternate.pid;
    const settled = async (): Promise<{ manager: number; instance: number }> => {
      const { current } = await theatre.service('web', ({ retiring }) => retiring.length === 0);
      const pid = current?.pid ?? 0;
      await becomes(pid, 'sleep');
      return { manager: descriptorsOf(manager).size, instance: descriptorsOf(pid).size };
    };
    for (let count = 0; count < 10; count++) await theatre.rotate('web');
    const before = await settled();
    const socket = listenerOn(port);
    for (let count = 10; count < rotations; count++) await theatre.rotate('web');
    const after = await settled();
    // The connection of whoever looks may still be there.
    expect(after.manager).toBeLessThanOrEqual(before.manager + 2);
    expect(after.instance).toBe(before.instance);
    expect(listenerOn(port)).toBe(socket);
    expect((await theatre.running('web')).rotations).toEqual({ completed: rotations, failed: 0 });
  },
  120_000,
);

test('the example of a server that stops well, told to take what it inherits', async () => {
  const port = await freePort();
  const theatre = await Theatre.open();
  const example = readFileSync(
    path.resolve(import.meta.dirname, '../../examples/stopping/server.mjs'),
    'utf8',
  );
  const shared = example.replace("server.listen(port, '127.0.0.1',", 'server.listen({ fd: 3 },');
  expect(shared).not.toBe(example);
  theatre.write('server.mjs', shared.replace('const LAME_DUCK_MS = 1_000', 'const LAME_DUCK_MS = 300'));
  const command = `${process.execPath} server.mjs`;
  theatre.start({ web: { command, listen: port, ready: { output: '^listening' } } });
  await theatre.running('web');
  const load = startLoad({ port, connections: 8, workload: everyKind.slice(0, 4), lateMs: 10_000 });
  onTestFinished(() => {
    load.discard();
  });
  for (let count = 0; count < 5; count++) {
    await load.until(100);
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed' });
  }
  await load.until(100);
  expect(await load.stop()).toMatchObject({ failed: 0, examples: [] });
  expect(await ask(port)).toMatch(/^GET with 0 characters, from \d+\n$/);
});
