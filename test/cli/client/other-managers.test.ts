import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { otherManager } from '../../../src/cli/client/other-managers.ts';
import { temporaryFolder } from '../../support/alternate.ts';

const own = process.getuid?.() ?? 0;

async function listening(): Promise<{ folder: string; name: string }> {
  const temporary = temporaryFolder();
  const folder = temporary.path;
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(path.join(folder, 'x.sock'), resolve));
  onTestFinished(async () => {
    await new Promise((resolve) => server.close(resolve));
    temporary.remove();
  });
  return { folder, name: 'x.sock' };
}

test('a manager at the place of a user is named, with what reaches it', async () => {
  const { folder, name } = await listening();
  expect(await otherManager(name, 0, [{ uid: own, folder }])).toMatch(
    new RegExp(
      `^user \\S+ runs the manager of this configuration. To reach it, use --socket ${folder}/x\\.sock$`,
    ),
  );
});

test('not one that answers in the place of another user', async () => {
  const { folder, name } = await listening();
  expect(await otherManager(name, 0, [{ uid: own + 1, folder }])).toBeNull();
});

test('nor a socket that is not there', async () => {
  const { folder } = await listening();
  expect(await otherManager('y.sock', 0, [{ uid: own, folder }])).toBeNull();
});

test.skipIf(own === 0)(
  'as an ordinary user: what root or the owner has cannot be seen, and that is said',
  async () => {
    const { folder } = await listening();
    const closed = path.join(folder, 'closed');
    mkdirSync(closed, { mode: 0o000 });
    expect(await otherManager('x.sock', own, [{ uid: own, folder: closed }])).toMatch(
      /^you run no manager .* may not see/,
    );
    expect(await otherManager('x.sock', own + 1, [{ uid: own, folder: closed }])).toBeNull();
  },
);
