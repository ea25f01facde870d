import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openRegular, openRegularHandle, readRegular, UnsuitableFile } from '../../src/util/regular-file.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'alternate-regular-'));
  onTestFinished(() => {
    rmSync(path, { recursive: true });
  });
  return path;
}

test('a regular file is read whole, up to the limit', () => {
  const file = join(folder(), 'file');
  const text = 'line\n'.repeat(50_000);
  writeFileSync(file, text);
  expect(readRegular(file, text.length).toString()).toBe(text);
  expect(() => readRegular(file, text.length - 1)).toThrow('it is larger than 249999 bytes');
});

test('a file of /proc, which has no size, is one too', () => {
  expect(readRegular('/proc/self/status', 100_000).toString()).toContain('Name:');
  expect(() => readRegular('/proc/self/status', 10)).toThrow(UnsuitableFile);
});

test('a FIFO, a folder, a device and a socket are refused at once', async () => {
  const path = folder();
  const [fifo, socket] = [join(path, 'fifo'), join(path, 'socket')];
  execFileSync('mkfifo', [fifo]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => void server.close());
  for (const [what, message] of [
    [fifo, 'it is a FIFO, not a regular file'],
    [path, 'it is a folder, not a regular file'],
    ['/dev/null', 'it is a device, not a regular file'],
    [socket, 'ENXIO'],
  ] as const) {
    expect(() => openRegular(what)).toThrow(message);
    await expect(openRegularHandle(what)).rejects.toThrow(message);
  }
});

test('a link is followed, or refused where links have no business', async () => {
  const path = folder();
  writeFileSync(join(path, 'file'), 'text');
  const link = join(path, 'link');
  symlinkSync('file', link);
  closeSync(openRegular(link));
  expect(() => openRegular(link, 'refuse')).toThrow('ELOOP');
  await expect(openRegularHandle(link, 'refuse')).rejects.toThrow('ELOOP');
});
