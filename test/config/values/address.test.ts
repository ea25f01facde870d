import { expect, test } from 'vitest';
import { parseAddress } from '../../../src/config/values/address.ts';

test.each([
  ['127.0.0.1:3000', '127.0.0.1', 3000],
  ['localhost:80', 'localhost', 80],
  ['[::1]:8080', '::1', 8080],
  ['[fe80::1%eth0]:8080', 'fe80::1%eth0', 8080],
  [':3000', '127.0.0.1', 3000],
  ['3000', '127.0.0.1', 3000],
])('reads %s', (text, host, port) => {
  expect(parseAddress(text)).toEqual({ ok: true, value: { host, port } });
});

test.each([
  ['localhost', 'not-an-address'],
  ['', 'not-an-address'],
  ['::1:80', 'not-an-address'],
  ['http://a:80', 'not-an-address'],
  ['a b:80', 'not-an-address'],
  ['localhost:', 'not-an-address'],
  ['localhost:0', 'bad-port'],
  [':65536', 'bad-port'],
])('refuses %j: %s', (text, reason) => {
  expect(parseAddress(text)).toEqual({ ok: false, reason });
});
