import { describe, expect, onTestFinished, test } from 'vitest';
import { runAlternate, temporaryFolder, writeConfig, type Ended } from '../support/alternate.ts';
import { freePorts } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { isThere } from './fixtures/examples.ts';
import { ask, echoed, stand, startProxy, type Stand } from './fixtures/export-stand.ts';

/** Sets a proxy up with what was exported; what the user writes himself is as little as can be. */
const SET_UP: Readonly<Record<string, (stand: Stand) => Promise<void>>> = {
  async nginx(stand) {
    stand.write('http.conf', await stand.exported('nginx', '--part', 'http'));
    stand.write('location.conf', await stand.exported('nginx', 'web', '--part', 'location'));
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${name};`,
    );
    stand.write(
      'nginx.conf',
      `daemon off; pid nginx.pid; events {} http { access_log off; ${temporary.join(' ')}
        # A cache of open files must not hide what the route says.
        open_file_cache max=100; open_file_cache_valid 1h; open_file_cache_errors on;
        include http.conf;
        server { listen 127.0.0.1:${stand.port}; location / { include location.conf; } } }`,
    );
    startProxy(stand, 'nginx', '-p', '.', '-c', 'nginx.conf', '-e', 'stderr');
  },
  async apache2(stand) {
    stand.write('web.conf', await stand.exported('apache', 'web'));
    const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'rewrite'].map(
      (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
    );
    stand.write(
      'httpd.conf',
      `${modules.join('\n')}
User #65534
Group #65534
ServerName localhost
DefaultRuntimeDir .
PidFile httpd.pid
ErrorLog error.log
Listen 127.0.0.1:${stand.port}
<VirtualHost *:${stand.port}>
Include web.conf
</VirtualHost>`,
    );
    startProxy(stand, 'apache2', '-d', '.', '-f', 'httpd.conf', '-DFOREGROUND');
  },
  async caddy(stand) {
    stand.write('web.caddy', await stand.exported('caddy', 'web'));
    stand.write(
      'Caddyfile',
      `{\nadmin off\n}\nimport web.caddy\nhttp://127.0.0.1:${stand.port} {\nimport alternate-web\n}\n`,
    );
    startProxy(stand, 'caddy', 'run', '--config', 'Caddyfile', '--adapter', 'caddyfile');
  },
};

describe.each(['nginx', 'apache2', 'caddy'])('what is exported for %s works', (program) => {
  test.skipIf(!isThere(program))(`with ${program}, from a folder with an odd name`, async () => {
    const proxied = await stand();
    await SET_UP[program]?.(proxied);
    // No file, no instance.
    await until(`${program} to answer 503`, async () => {
      return (await ask(proxied, '/').catch(() => null)) === 503;
    });
    proxied.route('one', true);
    const target = '/a%20b%2Fc%3Fd/?x=%26&y=1';
    expect(await ask(proxied, target, 'a body')).toEqual({
      instance: 'one',
      url: target,
      host: `127.0.0.1:${proxied.port}`,
      body: 'a body',
    });
    // As in a rotation: the new file first.
    proxied.route('two', true);
    proxied.route('one', false);
    expect(await ask(proxied, '/')).toMatchObject({ instance: 'two', url: '/' });
    proxied.route('one', true);
    proxied.route('two', false);
    expect(await ask(proxied, '/')).toMatchObject({ instance: 'one' });
    expect(await echoed(proxied, 'hello')).toBe('hello');
    proxied.route('one', false);
    expect(await ask(proxied, '/')).toBe(503);
  });
});

test.skipIf(!isThere('nginx'))('the whole of nginx stands in http { }, with nginx', async () => {
  const proxied = await stand();
  const whole = await proxied.exported('nginx');
  proxied.write('whole.conf', whole.replace('listen 127.0.0.1:8080;', `listen 127.0.0.1:${proxied.port};`));
  proxied.write(
    'nginx.conf',
    'daemon off; pid nginx.pid; events {} http { access_log off; include whole.conf; }',
  );
  startProxy(proxied, 'nginx', '-p', '.', '-c', 'nginx.conf', '-e', 'stderr');
  proxied.route('two', true);
  const seen = await until('an answer', () => ask(proxied, '/').catch(() => null));
  expect(seen).toMatchObject({ instance: 'two' });
});

test.skipIf(!isThere('haproxy'))(
  'what is exported for haproxy works: both begin as ready, and one that is not there costs no request, with haproxy',
  async () => {
    const proxied = await stand();
    const [nobody = 0] = await freePorts(1);
    const exported = await proxied.exported('haproxy', 'told');
    const socket = /stats socket .*/.exec(exported)?.[0] ?? '';
    // One of the two is not there.
    const [, first = ''] = /server \S+ 127\.0\.0\.1:(\d+)/.exec(exported) ?? [];
    proxied.write('web.cfg', exported.replace(`127.0.0.1:${first}\n`, `127.0.0.1:${nobody}\n`));
    proxied.write(
      'haproxy.cfg',
      `global\n ${socket}\ndefaults\n mode http\n timeout client 60s\n timeout connect 5s\n timeout server 60s
frontend f\n bind 127.0.0.1:${proxied.port}\n default_backend web\n`,
    );
    startProxy(proxied, 'haproxy', '-db', '-f', 'haproxy.cfg', '-f', 'web.cfg');
    await until('an answer', () => ask(proxied, '/').catch(() => null));
    for (let count = 0; count < 4; count++)
      expect(await ask(proxied, '/a%20b', 'x')).toMatchObject({ instance: 'two', url: '/a%20b', body: 'x' });
    expect(await echoed(proxied, 'hello')).toBe('hello');
  },
);

describe('the command line', () => {
  const run = async (yaml: string, ...words: string[]): Promise<Ended> => {
    const folder = temporaryFolder();
    onTestFinished(() => {
      folder.remove();
    });
    writeConfig(folder.path, yaml);
    return await runAlternate(['export', ...words], { cwd: folder.path });
  };
  const plain = 'services: { api: { command: sleep 300 } }';

  test.each([
    [1, ['nginx'], /no service has route: \{ files/],
    [1, ['haproxy', 'api'], /api has no route: add route: \{ haproxy/],
    [1, ['nginx', 'web'], /there is no service web\. The services are: api/],
    [2, ['systemd', 'api'], /runs the manager with all its services/],
    [2, ['apache', '--part', 'http'], /--part can be used only with nginx/],
    [2, ['varnish'], /nginx, apache, caddy, haproxy, systemd, supervisord/],
    [2, [], /missing required argument 'kind'/],
  ] as const)('exit code %i for %j', async (code, words, reason) => {
    const ended = await run(plain, ...words);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(reason);
  });

  test('a wrong configuration is said, and nothing exported', async () => {
    expect(await run('services: { api: { comand: x } }', 'systemd')).toMatchObject({ code: 2, stdout: '' });
  });

  test('the first line says what made it', async () => {
    const { stdout } = await run(plain, 'supervisord');
    expect(stdout).toMatch(/^; Made from .*\/alternate\.config\.yaml by: alternate export supervisord\n/);
  });
});
