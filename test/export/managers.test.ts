import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportSupervisord } from '../../src/export/supervisord.ts';
import { exportSystemd } from '../../src/export/systemd.ts';
import { configOf, origin, settingsOf, textOf } from './export-configuration.ts';

const program = { alternate: '/usr/local/bin/alternate', nodeFolder: '/usr/local/bin' };
const plain = 'services: { api: { command: x } }';
const examples = path.resolve(import.meta.dirname, '../../examples');

const unitOf = async (yaml: string): Promise<string[]> =>
  settingsOf(textOf(exportSystemd(await configOf(yaml), program, origin)));
const sectionOf = async (yaml: string): Promise<string[]> =>
  settingsOf(textOf(exportSupervisord(await configOf(yaml), program, origin)));

test('examples/systemd/alternate.service is what is exported for the configuration beside it', async () => {
  const read = (name: string): string => readFileSync(path.join(examples, 'systemd', name), 'utf8');
  const config = await configOf(read('alternate.config.yaml'));
  const exported = exportSystemd(config, program, { ...origin, command: 'alternate export systemd' });
  expect(textOf(exported)).toBe(read('alternate.service'));
});

describe('the time to stop is that of the slowest service, and something for the rest', () => {
  const two = 'services: { a: { command: x, stop: { timeout: 90s } }, b: { command: x } }';
  const never = 'services: { a: { command: x, stop: { timeout: never } }, b: { command: x } }';

  test.each([
    [plain, 'TimeoutStopSec=45s', 'stopwaitsecs=45'],
    [two, 'TimeoutStopSec=105s', 'stopwaitsecs=105'],
    [never, 'TimeoutStopSec=infinity', 'stopwaitsecs=86400'],
  ])('%s', async (yaml, systemd, supervisord) => {
    expect(await unitOf(yaml)).toContain(systemd);
    expect(await sectionOf(yaml)).toContain(supervisord);
  });
});

describe('systemd', () => {
  test('the time to start is that of the slowest readiness check; a hook may take as long as it likes', async () => {
    const ready = 'ready: { tcp: 3000, timeout: 4m }';
    expect(await unitOf(`services: { a: { command: x, ${ready} } }`)).toContain('TimeoutStartSec=300s');
    const hooks = 'hooks: { beforeStart: ./migrate }';
    expect(await unitOf(`services: { a: { command: x, ${hooks} } }`)).toContain('TimeoutStartSec=infinity');
  });

  test('a reload waits for the outcome, where there is a socket to ask on', async () => {
    expect(await unitOf(plain)).toContain(
      'ExecReload="/usr/local/bin/alternate" --config "/srv/site/alternate.config.yaml" reload',
    );
    expect(await unitOf(`control: { socket: false }\n${plain}`)).toContain(
      'ExecReload=/bin/kill -HUP $MAINPID',
    );
  });

  test('a socket in a folder of /run has that folder made', async () => {
    const socket = (name: string): string => `control: { socket: ${name} }\n${plain}`;
    expect(await unitOf(socket('/run/site/alternate.sock'))).toContain('RuntimeDirectory=site');
    for (const other of ['/run/alternate.sock', '/run/a/b/c.sock', 'run/a.sock'])
      expect((await unitOf(socket(other))).join()).not.toContain('RuntimeDirectory');
  });

  test('a node that is nowhere usual comes first', async () => {
    const nvm = { ...program, nodeFolder: '/home/me/.nvm/bin' };
    const text = textOf(exportSystemd(await configOf(plain), nvm, origin));
    expect(text).toContain('Environment="PATH=/home/me/.nvm/bin:/usr/local/sbin:');
  });

  test('signs that mean something are doubled, quotes and control characters refused', async () => {
    const config = await configOf(plain);
    const at = (name: string) => exportSystemd(config, program, { ...origin, config: name });
    const text = textOf(at('/srv/50% $HOME/a.yaml'));
    expect(text).toContain('--config "/srv/50%% $$HOME/a.yaml" run');
    expect(text).toContain('WorkingDirectory=/srv/50%% $HOME\n');
    for (const name of ['/srv/"a/a.yaml', '/srv/a\\/a.yaml', '/srv/a\n[Service]\n/a.yaml'])
      expect(at(name)).toMatchObject({ ok: false, reason: 'not-writable' });
  });
});

describe('supervisord', () => {
  test('the manager alone is told to stop: it stops the others in order', async () => {
    const lines = await sectionOf(plain);
    for (const line of ['stopsignal=TERM', 'stopasgroup=false', 'autorestart=true'])
      expect(lines).toContain(line);
  });

  test('per cent signs are doubled, and what would begin a comment is refused', async () => {
    const config = await configOf(plain);
    const at = (name: string) => exportSupervisord(config, program, { ...origin, config: name });
    expect(textOf(at('/srv/50%/a.yaml'))).toContain('--config "/srv/50%%/a.yaml" run');
    expect(at('/srv/a ;b/a.yaml')).toMatchObject({ ok: false, reason: 'not-writable' });
  });
});
