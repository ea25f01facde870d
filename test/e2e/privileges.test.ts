/** What an instance of another user is given by a manager that is root, and what a hostile user cannot reach. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const asRoot = process.getuid?.() === 0;
const hasUnshare = asRoot && spawnSync('unshare', ['--mount', 'true']).status === 0;
const hasCompiler = asRoot && spawnSync('cc', ['--version']).status === 0;

/** The line that an instance has written, once it is there. */
async function written(theatre: Theatre, name: string): Promise<string> {
  return await until(`a line in ${name}`, () => {
    try {
      const text = theatre.read(name);
      return text.endsWith('\n') ? text.trimEnd() : null;
    } catch {
      return null;
    }
  });
}

test.skipIf(!hasUnshare)('the supplementary groups are those of the user (root, unshare)', async () => {
  const theatre = await Theatre.open();
  theatre.openToEverybody();
  theatre.write('group', `${readFileSync('/etc/group', 'utf8')}\nreaders:x:54321:nobody\n`);
  const group = path.join(theatre.folder, 'group');
  theatre.start(
    {
      web: {
        command: ['sh', '-c', 'id -G; exec sleep 300'],
        user: 'nobody',
        hooks: { beforeStart: ['sh', '-c', 'echo "hook $(id -G)"'] },
      },
    },
    { through: ['unshare', '--mount', 'sh', '-c', `mount --bind ${group} /etc/group && exec "$@"`, 'sh'] },
  );
  await theatre.logged(/^web \| .*\b54321\b/m);
  await theatre.logged(/^web:beforeStart \| hook .*\b54321\b/m);
});

test.skipIf(!asRoot)(
  'an id without an entry has a home of its own, no name and no groups (root)',
  async () => {
    const theatre = await Theatre.open();
    theatre.openToEverybody();
    theatre.start({
      web: {
        command: ['sh', '-c', 'echo "$(id -u) $(id -G) $HOME $USER $LOGNAME"; exec sleep 300'],
        user: 54321,
        group: 54322,
      },
    });
    await theatre.logged(/^web \| 54321 54322 \/ 54321 54321$/m);
  },
);

test.skipIf(!hasCompiler)(
  'a library in the env file of another user is never loaded by root (root, cc)',
  async () => {
    const theatre = await Theatre.open();
    theatre.openToEverybody();
    const source = theatre.write(
      'evil.c',
      `#include <stdio.h>
     #include <unistd.h>
     __attribute__((constructor)) static void loaded(void) { dprintf(2, "loaded by %d\\n", (int)geteuid()); }`,
    );
    const library = path.join(theatre.folder, 'evil.so');
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, source]);
    theatre.write('.env', `LD_PRELOAD=${library}\n`, 0o666);
    theatre.start({
      web: { command: ['sh', '-c', 'echo up; exec sleep 300'], user: 'nobody', envFile: '.env' },
    });
    await theatre.logged(/^web \| up$/m);
    await theatre.logged('web | loaded by 65534', 'stderr');
    expect(theatre.alternate.stderr).not.toContain('loaded by 0');
  },
);

test('an instance has the descriptor limit that the manager was started with', async () => {
  const theatre = await Theatre.open();
  theatre.start(
    { web: { command: ['sh', '-c', 'ulimit -Sn >limit; exec sleep 300'] } },
    { through: ['sh', '-c', 'ulimit -Sn 321; ALTERNATE_NOFILE_SOFT=321 exec "$@"', 'sh'] },
  );
  expect(await written(theatre, 'limit')).toBe('321');
  const manager = readFileSync(`/proc/${theatre.alternate.child.pid ?? 0}/limits`, 'latin1');
  // Node has raised the manager's own.
  expect(/^Max open files +(\d+)/m.exec(manager)?.[1]).not.toBe('321');
});

test.skipIf(!asRoot)('thousands of variables reach an instance of another user (root)', async () => {
  const theatre = await Theatre.open();
  theatre.openToEverybody();
  const names = Array.from({ length: 3_000 }, (_, index) => `A_RATHER_LONG_NAME_${index}`);
  theatre.write('.env', names.map((name) => `${name}=x y`).join('\n'));
  theatre.start({
    web: {
      command: [
        'sh',
        '-c',
        'echo "$(env | grep -c ^A_RATHER_LONG_NAME_) <$A_RATHER_LONG_NAME_7>"; exec sleep 300',
      ],
      user: 'nobody',
      envFile: '.env',
    },
  });
  await theatre.logged(/^web \| 3000 <x y>$/m);
});

test.skipIf(!asRoot)(
  'root leads no other user into a folder that this user may not enter (root)',
  async () => {
    const theatre = await Theatre.open();
    theatre.openToEverybody();
    theatre.write('secret/inner/.env', 'TOKEN=of-root\n');
    chmodSync(path.join(theatre.folder, 'secret'), 0o700);
    mkdirSync(path.join(theatre.folder, 'srv'));
    symlinkSync('../secret/inner', path.join(theatre.folder, 'srv/work'));
    symlinkSync('../secret/inner/.env', path.join(theatre.folder, 'srv/.env'));
    chownSync(path.join(theatre.folder, 'srv'), 65534, 65534);
    const service = {
      command: ['sh', '-c', 'echo "in: $(cat .env) $TOKEN"; exec sleep 300'] as [string, ...string[]],
      user: 'nobody',
    };
    theatre.start({
      folder: { ...service, cwd: 'srv/work', restart: 'never' },
      file: { ...service, envFile: 'srv/.env', restart: 'never' },
      other: { command: 'sleep 300' },
    });
    await theatre.service('folder', ({ state }) => state === 'failed');
    await theatre.service('file', ({ state }) => state === 'failed');
    expect(theatre.alternate.stdout).not.toContain('of-root');
  },
);
