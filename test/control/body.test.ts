import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
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
  expect(await sent()).toEqual({ ok: true, value: null });
  expect(await sent(' \n')).toEqual({ ok: true, value: null });
});

test('JSON, in pieces', async () => {
  expect(await sent('{"signal"', ':"SIG', 'HUP"}')).toEqual({ ok: true, value: { signal: 'SIGHUP' } });
});

test.each(['{', '"text"', '3', 'true', '{"a":1}x', '\u0000'])('%j is no JSON object: 400', async (text) => {
  expect(await sent(text)).toMatchObject({ ok: false, error: { status: 400, code: 'bad-json' } });
});

test('of 16 KiB is read, of one byte more is not: 413', async () => {
  const padded = (bytes: number): string => `{"a":"${'x'.repeat(bytes - '{"a":""}'.length)}"}`;
  expect(await sent(padded(16 * 1024))).toMatchObject({ ok: true });
  expect(await sent(padded(16 * 1024 + 1))).toMatchObject({
    ok: false,
    error: { status: 413, code: 'too-large' },
  });
});

test('too large is known before the end', async () => {
  const stream = new PassThrough();
  const read = readBody(stream as unknown as IncomingMessage);
  stream.write('x'.repeat(20_000));
  expect(await read).toMatchObject({ ok: false, error: { status: 413 } });
});

test('a request that breaks off: 400', async () => {
  const stream = new PassThrough();
  const read = readBody(stream as unknown as IncomingMessage);
  stream.write('{');
  stream.destroy(new Error('aborted'));
  expect(await read).toMatchObject({ ok: false, error: { status: 400, code: 'broken-request' } });
});
