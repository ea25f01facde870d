import { openSync, closeSync } from 'node:fs';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { bindSocket, type BoundSocket } from '../../src/sockets/bind.ts';
import { startListening } from '../../src/sockets/start-listening.ts';
import type { ListenAddress } from '../../src/config/types.ts';
import { DONE } from '../../src/util/result.ts';
import { freeAddress, listenerOn, tryToConnect, unix } from './open-sockets.ts';
import { temporaryFolder } from '../routing/service.ts';
import path from 'node:path';

async function bound(address: ListenAddress): Promise<BoundSocket> {
  const result = await bindSocket(address);
  if (!result.ok) throw new Error(result.reason);
  onTestFinished(() => {
    result.value.close();
  });
  return result.value;
}

test('several at once: they listen, and what connects waits in the kernel', async () => {
  const addresses = [await freeAddress(), await freeAddress(null), unix(path.join(temporaryFolder(), 'a'))];
  const sockets = await Promise.all(addresses.map(bound));
  expect(await startListening(sockets.map(({ fd }) => ({ fd, backlog: 5 })))).toEqual(DONE);
  for (const address of addresses) {
    expect(await tryToConnect(address)).toBe('connected');
    if (address.type === 'tcp') expect(listenerOn(address.port)?.waiting).toBe(1);
  }
});

test('another time does not lose what waits', async () => {
  const address = await freeAddress();
  const { fd } = await bound(address);
  await startListening([{ fd, backlog: 5 }]);
  await tryToConnect(address);
  expect(await startListening([{ fd, backlog: 50 }])).toEqual(DONE);
  expect(listenerOn(address.port)?.waiting).toBe(1);
});

test('a program that accepts and waits finds a socket that blocks', async () => {
  const address = await freeAddress();
  const { fd } = await bound(address);
  await startListening([{ fd, backlog: 5 }]);
  const flags = `cat /proc/self/fdinfo/3`;
  const child = spawn('/bin/sh', ['-c', flags], { stdio: ['ignore', 'pipe', 'inherit', fd] });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  expect(Number.parseInt(/^flags:\s+(\d+)$/m.exec(said)?.[1] ?? '4000', 8) & 0o4000).toBe(0);
});

test('says which one cannot listen, and why', async () => {
  const { fd } = await bound(await freeAddress());
  const file = openSync('/dev/null', 'r');
  onTestFinished(() => {
    closeSync(file);
  });
  const failure = await startListening([
    { fd, backlog: 5 },
    { fd: file, backlog: 5 },
  ]);
  expect(failure).toMatchObject({
    ok: false,
    reason: { index: 1, code: expect.stringMatching(/^E[A-Z]+$/) as unknown },
  });
});
