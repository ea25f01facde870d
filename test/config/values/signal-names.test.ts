import { expect, test } from 'vitest';
import { parseSignal } from '../../../src/config/values/signal-names.ts';

test.each([
  ['SIGTERM', 'SIGTERM'],
  ['term', 'SIGTERM'],
  ['Hup', 'SIGHUP'],
  ['sigusr2', 'SIGUSR2'],
])('%s is %s', (text, signal) => {
  expect(parseSignal(text)).toEqual({ ok: true, value: signal });
});

test.each([
  ['SIGTREM', 'SIGTERM'],
  ['usr3', 'SIGUSR1'],
  ['toString', null],
  ['', null],
  ['15', null],
])('%j is none, but perhaps %s', (text, suggestion) => {
  expect(parseSignal(text)).toEqual({ ok: false, reason: { suggestion } });
});
