import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readBody } from '../../src/control/body.ts';

/** A request's body as it arrives. */
function sent(...chunks: string[]): Promise<unknown> {
  const stream = new PassThrough();
  const read = readBody(stream as unknown as IncomingMessage);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return read;
}

test('none at all, or blanks, is null', async () => {
  expect(await sent()).toEqual({ ok: true, value: null, ended: true });
  expect(await sent(' \n')).toEqual({ ok: true, value: null, ended: true });
});

test('JSON, in pieces', async () => {
  expect(await sent('{"signal"', ':"SIG', 'HUP"}')).toEqual({
    ok: true,
    value: { signal: 'SIGHUP' },
    ended: true,
  });
});

test.each(['{', '"text"', '3', 'true', '{"a":1}x', '\u0000'])('%j is no JSON object: 400', async (text) => {
  expect(await sent(text)).toMatchObject({ ok: false, reason: { status: 400, code: 'bad-json' } });
});

test('of 16 KiB is read, of one byte more is not: 413', async () => {
  const padded = (bytes: number): string => `{"a":"${'x'.repeat(bytes - '{"a":""}'.length)}"}`;
  expect(await sent(padded(16 * 1024))).toMatchObject({ ok: true });
  expect(await sent(padded(16 * 1024 + 1))).toMatchObject({
    ok: false,
    reason: { status: 413, code: 'too-large' },
  });
});

test('what is too large is read to its end and discarded', async () => {
  const stream = new PassThrough();
  let answered = false;
  const read = readBody(stream as unknown as IncomingMessage).finally(() => (answered = true));
  for (let chunks = 0; chunks < 100; chunks++) {
    stream.write('x'.repeat(20_000));
    await new Promise(setImmediate);
  }
  expect(answered).toBe(false);
  stream.end();
  expect(await read).toMatchObject({ ok: false, ended: true, reason: { status: 413 } });
});

test('without an end it is read up to 64 MiB', async () => {
  const stream = new PassThrough();
  const read = readBody(stream as unknown as IncomingMessage);
  const chunk = 'x'.repeat(1024 * 1024);
  for (let chunks = 0; chunks < 65; chunks++)
    if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
  expect(await read).toMatchObject({ ok: false, ended: false, reason: { status: 413 } });
});

test('without an end it is waited for for ten seconds', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const stream = new PassThrough();
  const read = readBody(stream as unknown as IncomingMessage);
  stream.write('x'.repeat(20_000));
  await vi.waitUntil(() => vi.getTimerCount() > 0, 10_000);
  vi.advanceTimersByTime(10_000);
  expect(await read).toMatchObject({ ok: false, ended: false, reason: { status: 413 } });
});

test('a request that breaks off: 400', async () => {
  const stream = new PassThrough();
  const read = readBody(stream as unknown as IncomingMessage);
  stream.write('{');
  stream.destroy(new Error('aborted'));
  expect(await read).toMatchObject({ ok: false, reason: { status: 400, code: 'broken-request' } });
});
