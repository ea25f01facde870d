import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { accepts } from '../../src/control/client.ts';
import { listenOn, type ControlSocket } from '../../src/control/socket-file.ts';
import { temporaryFolder } from '../support/alternate.ts';
import { until } from '../support/until.ts';
import { wire } from '../support/wire.ts';

const SILENT = { lost: (): void => undefined, restored: (): void => undefined };

function place(): string {
  const folder = temporaryFolder();
  onTestFinished(() => {
    folder.remove();
  });
  return path.join(folder.path, 'c.sock');
}

/** A server that answers everything with its pid. */
function answering(pid: unknown): Server {
  return createHttpServer((_request, response) => response.end(JSON.stringify({ pid })));
}

async function listen(
  socket: string,
  mode = 0o600,
  pid: unknown = 4711,
): Promise<ControlSocket & { lost: string[] }> {
  const lost: string[] = [];
  const listening = await listenOn(answering(pid), socket, mode, {
    lost: (reason) => lost.push(reason),
    restored: () => lost.push('restored'),
  });
  onTestFinished(async () => {
    if (listening.ok) await listening.close();
  });
  return { ...listening, lost };
}

test.each([0o600, 0o660])('the socket has mode %o, and other files are made as before', async (mode) => {
  const socket = place();
  const modeOf = (name: string): number => {
    const file = path.join(path.dirname(socket), name);
    writeFileSync(file, '');
    return statSync(file).mode;
  };
  const before = modeOf('before');
  expect((await listen(socket, mode)).ok).toBe(true);
  expect(statSync(socket).mode & 0o777).toBe(mode);
  expect(modeOf('after')).toBe(before);
});

test('one that answers is not taken over: who it is, is said', async () => {
  const socket = place();
  await listen(socket);
  expect(await listen(socket)).toMatchObject({
    ok: false,
    reason: `a manager with pid 4711 is running already: it answers on ${socket}`,
  });
  const strange = place();
  await listen(strange, 0o600, 'no number');
  expect(await listen(strange)).toMatchObject({ ok: false, reason: /^another program is running already/ });
});

test('what is no socket is left alone', async () => {
  const socket = place();
  writeFileSync(socket, 'precious');
  expect(await listen(socket)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('left alone') as string,
  });
  expect(statSync(socket).size).toBe('precious'.length);
});

test('a socket of something that does not answer is left alone', async () => {
  const socket = place();
  const foreign = createServer((connection) => connection.destroy());
  await new Promise<void>((resolve) => foreign.listen(socket, resolve));
  onTestFinished(() => {
    foreign.close();
  });
  expect(await listen(socket)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('is in use') as string,
  });
  expect(existsSync(socket)).toBe(true);
});

test('closing removes the file, and ends connections', async () => {
  const socket = place();
  const listening = await listenOn(answering(1), socket, 0o600, SILENT);
  if (!listening.ok) throw new Error(listening.reason);
  await listening.close();
  expect(existsSync(socket)).toBe(false);
  expect(await accepts(socket)).toBe(false);
});

test('a removed file is made again, as often as it is removed, with the same mode', async () => {
  const socket = place();
  const { lost } = await listen(socket, 0o660);
  for (let count = 0; count < 3; count++) {
    rmSync(socket);
    await until('the socket is back', () => accepts(socket));
    expect(statSync(socket).mode & 0o777).toBe(0o660);
    expect((await wire(socket, 'GET', '/v1/status')).status).toBe(200);
  }
  expect(lost).toEqual([]);
});

test('where it cannot be made again, that is said once, and it is tried again at each look', async () => {
  const socket = place();
  const listening = await listen(socket);
  if (!listening.ok) throw new Error(listening.reason);
  const { lost } = listening;
  const folder = path.dirname(socket);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'in the way');
  await listening.look();
  await listening.look();
  expect(lost).toHaveLength(1);
  expect(lost[0]).toContain(folder);
  rmSync(folder);
  await listening.look();
  expect(lost.slice(1)).toEqual(['restored']);
  expect(await accepts(socket)).toBe(true);
});

test('its folder is made again at the next look, and hints work there, too', async () => {
  const socket = place();
  const listening = await listen(socket);
  if (!listening.ok) throw new Error(listening.reason);
  rmSync(path.dirname(socket), { recursive: true });
  await listening.look();
  expect(statSync(path.dirname(socket)).mode & 0o777).toBe(0o700);
  expect((await wire(socket, 'GET', '/v1/status')).status).toBe(200);
  rmSync(socket);
  await until('the socket is back', () => accepts(socket));
  expect(listening.lost).toEqual([]);
});
