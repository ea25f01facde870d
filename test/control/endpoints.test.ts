import { describe, expect, test } from 'vitest';
import { refusalOf, endpointOf } from '../../src/control/endpoints.ts';

test.each([
  ['GET', '/v1/status', { type: 'status' }],
  ['GET', '/v1/status?pretty=1', { type: 'status' }],
  ['GET', '/v1/events', { type: 'events' }],
  ['POST', '/v1/reload', { type: 'reload', wait: true }],
  ['POST', '/v1/reload?wait=true', { type: 'reload', wait: true }],
  ['POST', '/v1/reload?wait=false', { type: 'reload', wait: false }],
  ['POST', '/v1/shutdown', { type: 'shutdown' }],
  ['GET', '/v1/services/web', { type: 'service', name: 'web' }],
  ['GET', '/v1/services/a%2Fb%20c', { type: 'service', name: 'a/b c' }],
  ['POST', '/v1/services/web/rotate', { type: 'action', action: 'rotate', name: 'web', wait: false }],
  [
    'POST',
    '/v1/services/web/rotate?wait=true',
    { type: 'action', action: 'rotate', name: 'web', wait: true },
  ],
  [
    'POST',
    '/v1/services/web/rotate?wait=yes',
    { type: 'action', action: 'rotate', name: 'web', wait: false },
  ],
  ...['signal', 'start', 'stop', 'restart'].map(
    (action) =>
      ['POST', `/v1/services/web/${action}`, { type: 'action', action, name: 'web', wait: false }] as const,
  ),
  ['GET', 'http://localhost/v1/status', { type: 'status' }],
] as const)('%s %s', (method, target, endpoint) => {
  expect(endpointOf(method, target)).toEqual({ ok: true, value: endpoint });
});

test.each([
  '/',
  '',
  '*',
  '/v1',
  '/v1/',
  '/v1/status/',
  '/v1/status/web',
  '/v1/statu',
  '/v2/status',
  '/v1/services',
  '/v1/services/',
  '/v1/services//rotate',
  '/v1/services/web/',
  '/v1/services/web/explode',
  '/v1/services/web/rotate/now',
  '/v1/../etc/passwd',
])('there is nothing at %s', (target) => {
  expect(endpointOf('GET', target)).toMatchObject({ ok: false, reason: { status: 404, code: 'not-found' } });
});

test.each(['http://[', '/v1/services/%E0%A4%A', '//'])('%s cannot be read', (target) => {
  expect(endpointOf('GET', target)).toMatchObject({ ok: false, reason: { status: 400, code: 'bad-target' } });
});

test.each([
  ['POST', '/v1/status', 'GET'],
  ['HEAD', '/v1/status', 'GET'],
  ['GET', '/v1/shutdown', 'POST'],
  ['PUT', '/v1/services/web', 'GET'],
  ['GET', '/v1/services/web/rotate', 'POST'],
])('%s %s: only %s', (method, target, allow) => {
  expect(endpointOf(method, target)).toMatchObject({
    ok: false,
    reason: { status: 405, code: 'method-not-allowed', allow },
  });
});

describe('what a web page sent', () => {
  const socket = '/run/alternate/site.sock';

  test.each([{ host: 'localhost' }, { host: socket }, { host: '', accept: '*/*' }])(
    '%o is answered',
    (headers) => {
      expect(refusalOf(headers, socket)).toBeNull();
    },
  );

  test.each([
    [{ host: 'localhost', origin: 'http://localhost' }, 'web-page'],
    [{ host: 'localhost', origin: 'null' }, 'web-page'],
    [{ host: 'localhost', origin: '' }, 'web-page'],
    [{ host: 'localhost', 'sec-fetch-site': 'none' }, 'web-page'],
    [{ host: 'localhost.evil.example' }, 'foreign-host'],
    [{ host: '127.0.0.1' }, 'foreign-host'],
    [{}, 'foreign-host'],
  ])('%o is refused', (headers, code) => {
    expect(refusalOf(headers, socket)).toMatchObject({ status: 403, code });
  });
});
