import { describe, expect, test } from 'vitest';
import { exportApache } from '../../src/export/apache.ts';
import { exportCaddy } from '../../src/export/caddy.ts';
import { exportHaproxy } from '../../src/export/haproxy.ts';
import { exportNginx } from '../../src/export/nginx.ts';
import { routedServices, type FilesService, type HaproxyService } from '../../src/export/routed.ts';
import { configOf, origin, settingsOf, textOf } from './export-configuration.ts';

async function files(yaml: string, only: string | null = null): Promise<readonly FilesService[]> {
  const routed = routedServices(await configOf(yaml), 'files', only);
  if (!routed.ok) throw new Error(routed.message);
  return routed.services;
}

async function haproxy(yaml: string): Promise<readonly HaproxyService[]> {
  const routed = routedServices(await configOf(yaml), 'haproxy', null);
  if (!routed.ok) throw new Error(routed.message);
  return routed.services;
}

const three = `services:
  api: { command: x %alt, parameters: [3000, 3001, 3002], address: '%alt', route: { files: run/api } }`;
const parameters = (names: string): string => `services:
  api: { command: x %alt, parameters: ${names}, address: '%alt', route: { files: run/api } }`;
const folder = (name: string): string => `services:
  api: { command: x %alt, parameters: [3000, 3001], address: '%alt', route: { files: ${JSON.stringify(name)} } }`;

describe('which file exists is looked for in an order that no rotation slips through', () => {
  const looked = (text: string, pattern: RegExp): string[] =>
    [...text.matchAll(pattern)].map(([, found = '']) => found);
  const order = ['3000', '3001', '3002', '3000', '3001'];

  test('nginx', async () => {
    const text = textOf(exportNginx(await files(three), 'location', origin));
    expect(looked(text, /if \(-f "\/srv\/site\/run\/api\/(\d+)"\)/g)).toEqual(order);
  });

  test('Apache', async () => {
    const text = textOf(exportApache(await files(three), origin));
    expect(looked(text, /RewriteCond "\/srv\/site\/run\/api\/(\d+)" -f/g)).toEqual(order);
    expect(looked(text, /RewriteRule "\^" "http:\/\/127.0.0.1:(\d+)%1"/g)).toEqual(order);
  });

  test('Caddy', async () => {
    const text = textOf(exportCaddy(await files(three), origin));
    expect(looked(text, /reverse_proxy @api-\d+ 127.0.0.1:(\d+) /g)).toEqual(order);
  });
});

/** Each was found by losing requests without it; docs/behind-a-proxy.md says how. */
describe('what the settings that lose no request are', () => {
  const without = (text: string): string => text.replace(/^\s*#.*$/gm, '');

  test('nginx', async () => {
    const text = without(textOf(exportNginx(await files(three), 'all', origin)));
    const [first = ''] = /upstream api-3000 \{[^}]*\}/.exec(text) ?? [];
    expect(settingsOf(first)).toEqual(
      expect.arrayContaining([
        'server 127.0.0.1:3000 max_fails=0;',
        'server 127.0.0.1:3001 max_fails=0 backup;',
        'server 127.0.0.1:3002 max_fails=0 backup;',
        'keepalive_timeout 4s;',
      ]),
    );
    expect(settingsOf(text)).toEqual(
      expect.arrayContaining([
        'open_file_cache off;',
        'proxy_request_buffering off;',
        'proxy_next_upstream error timeout;',
      ]),
    );
    expect(text).not.toContain('non_idempotent');
  });

  test('Apache', async () => {
    const text = without(textOf(exportApache(await files(three), origin)));
    expect(text.match(/\[P,NE,E=proxy-prefetch-nonblocking:1\]/g)).toHaveLength(5);
    expect(text.match(/ProxySet ttl=4 retry=0 status=\+I/g)).toHaveLength(3);
  });

  test('Caddy', async () => {
    const text = without(textOf(exportCaddy(await files(three), origin)));
    expect(text).toContain('keepalive 4s');
    expect(text).not.toMatch(/lb_try_duration|fail_duration/);
  });
});

describe('nginx', () => {
  test('the parts are those of the whole, and name the same upstreams', async () => {
    const services = await files(three);
    const whole = settingsOf(textOf(exportNginx(services, 'all', origin)));
    for (const part of ['http', 'location'] as const)
      for (const line of settingsOf(textOf(exportNginx(services, part, origin))))
        expect(whole).toContain(line);
    expect(whole).toContain('upstream api-3001 {');
    expect(whole).toContain('server 127.0.0.1:3001 max_fails=0;');
  });

  test('a location is for one service', async () => {
    const two = `${three}\n  web: { command: x %alt, parameters: [1, 2], address: '%alt', route: { files: run/web } }`;
    const exported = exportNginx(await files(two), 'location', origin);
    expect(exported).toMatchObject({ ok: false, reason: 'several-services' });
    expect(exportNginx(await files(two, 'web'), 'location', origin)).toMatchObject({ ok: true });
  });
});

describe('names of upstreams and matchers', () => {
  const names = async (yaml: string, only: string | null = null): Promise<string[]> =>
    (await files(yaml, only)).flatMap(({ instances }) => instances.map(({ name }) => name));

  test('hold letters, digits, dots and dashes, and differ where only case or another sign tells parameters apart', async () => {
    expect(await names(parameters('[a_b:80, a-b:80, A__B:80, 127.0.0.1:80]'))).toEqual([
      'api-a-b-80',
      'api-a-b-80-2',
      'api-A-B-80-3',
      'api-127.0.0.1-80',
    ]);
  });

  test('are the same whether one service is exported or all', async () => {
    const two = `services:
  a-b: { command: x %alt, parameters: ['c:80', 'd:80'], address: '%alt', route: { files: run/1 } }
  a: { command: x %alt, parameters: ['b-c:80', 'e:80'], address: '%alt', route: { files: run/2 } }`;
    const all = await names(two);
    expect(all).toEqual(['a-b-c-80', 'a-b-d-80', 'a-b-c-80-2', 'a-e-80']);
    expect(await names(two, 'a')).toEqual(all.slice(2));
  });
});

describe('what cannot be written safely is refused', () => {
  test.each(['run/a"b', 'run/a\\b', 'run/a\nb', 'run/a$b'])('nginx, folder %j', async (name) => {
    const exported = exportNginx(await files(folder(name)), 'all', origin);
    expect(exported).toMatchObject({ ok: false, reason: 'not-writable' });
  });

  test.each(['run/a"b', 'run/a\\b', 'run/a\nb', 'run/a$b', 'run/%{x}'])('Apache, folder %j', async (name) => {
    expect(exportApache(await files(folder(name)), origin)).toMatchObject({ reason: 'not-writable' });
  });

  test.each(['run/a"b', 'run/a\\b', 'run/a\nb', 'run/{x}', 'run/*', 'run/[a]'])(
    'Caddy, folder %j',
    async (name) => {
      expect(exportCaddy(await files(folder(name)), origin)).toMatchObject({ reason: 'not-writable' });
    },
  );

  test('an address', async () => {
    const routed = routedServices(await configOf(parameters("['a;b:80', 'c:80']")), 'files', null);
    expect(routed).toMatchObject({ ok: false, reason: 'not-writable' });
  });

  test('spaces and letters of any language are fine', async () => {
    const services = await files(folder("run of it's é"));
    for (const text of [
      textOf(exportNginx(services, 'all', origin)),
      textOf(exportApache(services, origin)),
      textOf(exportCaddy(services, origin)),
    ])
      expect(text).toContain(`"/srv/site/run of it's é`);
  });

  test('a path that ends a comment does not', async () => {
    const odd = { ...origin, config: '/srv/a\nuser root;' };
    expect(textOf(exportNginx(await files(three), 'all', odd))).toContain('/srv/a?user root;');
  });
});

describe('HAProxy', () => {
  const yaml = `services:
  api:
    command: x %alt
    parameters: [3000, 3001]
    address: '[::1]:%alt'
    route: { haproxy: { socket: run/admin.sock, backend: api, server: s-%alt } }`;

  test('a server each, none of them checked or retried after something was sent', async () => {
    const text = textOf(exportHaproxy(await haproxy(yaml), origin));
    const lines = settingsOf(text);
    expect(lines.filter((line) => line.startsWith('server '))).toEqual([
      'server s-3000 [::1]:3000',
      'server s-3001 [::1]:3001',
    ]);
    expect(lines).toContain('retry-on conn-failure');
    expect(text).toContain('stats socket /srv/site/run/admin.sock mode 600 level admin');
  });

  test('two services with one backend are refused', async () => {
    const two = `${yaml}\n${yaml.replace('services:\n', '').replace('api:', 'web:').replace('[::1]:%alt', '[::1]:1%alt')}`;
    expect(exportHaproxy(await haproxy(two), origin)).toMatchObject({ reason: 'not-writable' });
  });
});

describe('which services', () => {
  const mixed = `${three}
  ha: { command: x %alt, parameters: [1, 2], address: '%alt', route: { haproxy: { socket: s, backend: b, server: x%alt } } }
  mute: { command: x %alt, parameters: [1, 2], route: { files: run/mute } }
  probed: { command: x %alt, parameters: [1, 2], ready: { http: 'http://127.0.0.1:1%alt/up' }, route: { files: run/p } }
  plain: { command: x }`;

  test.each([
    ['none', 'unknown-service', /The services are: api, ha, mute, probed, plain$/],
    ['plain', 'no-fitting-route', /^plain has no route: add route: \{ files/],
    ['ha', 'no-fitting-route', /has another type.* ha has route: \{ haproxy/],
    [
      'mute',
      'no-address',
      /^the configuration of mute does not name the addresses of its instances.*address: 127.0.0.1:%alt$/,
    ],
  ])('%s: %s', async (name, reason, message) => {
    const routed = routedServices(await configOf(mixed), 'files', name);
    expect(routed).toMatchObject({ ok: false, reason });
    expect((routed as { message: string }).message).toMatch(message);
  });

  test('no fitting one at all: what to add', async () => {
    const routed = routedServices(await configOf('services: { plain: { command: x } }'), 'haproxy', null);
    expect(routed).toMatchObject({
      reason: 'no-fitting-route',
      message: expect.stringContaining('haproxy') as unknown,
    });
  });

  test('an address that only the readiness check names is taken', async () => {
    const routed = routedServices(await configOf(mixed), 'files', 'probed');
    const [service] = routed.ok ? routed.services : [];
    expect(service?.instances.map(({ address }) => address)).toEqual(['127.0.0.1:11', '127.0.0.1:12']);
  });
});
