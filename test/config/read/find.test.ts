import { existsSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { cosmiconfig } from 'cosmiconfig';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findConfig as searchConfig } from '../../../src/config/read/find.ts';
import { makeFolder } from '../folder.ts';

const started = process.cwd();
const isRoot = process.getuid?.() === 0;
/** Any user but root and the one of this process. */
const STRANGER = 65_534;

/** The file that a search finds; throws the reason of a refusal. */
async function findConfig(cwd: string): Promise<string | null> {
  const search = await searchConfig(cwd);
  if (!search.ok) throw new Error(search.reason.message);
  return search.value;
}

afterEach(() => {
  process.chdir(started);
  vi.unstubAllEnvs();
});

describe('findConfig', () => {
  test.each([
    'alternate.config.yaml',
    'alternate.config.yml',
    'alternate.config.json',
    'alternate.config.js',
    'alternate.config.mjs',
    'alternate.config.cjs',
    '.alternaterc',
    '.alternaterc.json',
    '.alternaterc.yaml',
    '.alternaterc.yml',
    '.alternaterc.js',
    '.alternaterc.mjs',
    '.alternaterc.cjs',
  ])('finds %s, in the folder and from below, without reading it', async (name) => {
    const folder = await makeFolder({
      [name]: '{{ neither YAML nor JSON nor a module',
      'a/b/package.json': '{}',
    });
    expect(await findConfig(folder)).toBe(join(folder, name));
    expect(await findConfig(join(folder, 'a/b'))).toBe(join(folder, name));
  });

  test('finds the key alternate in package.json, and passes over one without it', async () => {
    const folder = await makeFolder({
      'package.json': '{ "alternate": { "services": {} } }',
      'a/package.json': '{ "name": "x" }',
      'a/b/package.json': 'broken {',
      'a/b/c/package.json': '',
      'a/b/c/d/package.json': 'null',
    });
    expect(await findConfig(join(folder, 'a/b/c/d'))).toBe(join(folder, 'package.json'));
  });

  test('prefers the nearest folder, then the order of the names', async () => {
    const folder = await makeFolder({
      'alternate.config.yaml': '',
      'a/.alternaterc': '',
      'a/package.json': '{ "alternate": {} }',
      'a/alternate.config.yml': '',
    });
    expect(await findConfig(join(folder, 'a'))).toBe(join(folder, 'a/alternate.config.yml'));
  });

  test('finds an empty file too: that is an error to be told', async () => {
    const folder = await makeFolder({ 'alternate.config.yml': '' });
    expect(await findConfig(folder)).toBe(join(folder, 'alternate.config.yml'));
  });

  test('passes over a folder of that name', async () => {
    const folder = await makeFolder({ 'alternate.config.yml': '' });
    await mkdir(join(folder, 'alternate.config.yaml'));
    expect(await findConfig(folder)).toBe(join(folder, 'alternate.config.yml'));
  });

  test.skipIf(process.getuid?.() === 0)('passes over a file that cannot be read', async () => {
    const folder = await makeFolder({ 'alternate.config.yaml': '', 'alternate.config.yml': '' });
    await chmod(join(folder, 'alternate.config.yaml'), 0);
    expect(await findConfig(folder)).toBe(join(folder, 'alternate.config.yml'));
  });

  test("does not take a file from the user's own configuration folder", async () => {
    const folder = await makeFolder({ 'home/alternate/config.yaml': 'x: 1', 'work/x': '' });
    vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'home'));
    expect(await findConfig(join(folder, 'work'))).toBeNull();
  });

  test('answers null where there is none', async () => {
    expect(await findConfig(await makeFolder())).toBeNull();
  });
});

describe('a FIFO', () => {
  test('among the places of the search is refused, not opened', async () => {
    const folder = await makeFolder({ 'a/x': '' });
    execFileSync('mkfifo', [join(folder, 'alternate.config.yml')]);
    expect(await searchConfig(join(folder, 'a'))).toMatchObject({
      ok: false,
      reason: {
        message: expect.stringContaining(`${folder}/alternate.config.yml is neither a file`) as string,
      },
    });
  });
});

test.each(['broken {', 'null'])(
  'a package.json %j that stops cosmiconfig is a reason, not a throw',
  async (text) => {
    const folder = await makeFolder({ 'package.json': text });
    process.chdir(folder);
    expect(await searchConfig(folder)).toMatchObject({
      ok: false,
      reason: { message: expect.stringContaining(`cannot read its settings in ${folder}: `) as string },
    });
  },
);

describe('a search runs no code', () => {
  const marker = (name: string) =>
    `require('node:fs').writeFileSync(__dirname + '/${name}-ran', ''); module.exports = {};`;

  const traps = { '.config/config.js': marker('js'), '.config/config.cjs': marker('cjs') };

  /** What cosmiconfig runs by itself. The code is run a moment after the call, with nothing to wait for but its mark. */
  async function springTrap(): Promise<void> {
    const folder = await makeFolder(traps);
    process.chdir(folder);
    cosmiconfig('alternate', { searchPlaces: ['alternate.config.yaml'] });
    await vi.waitFor(
      () => {
        expect(existsSync(join(folder, '.config/js-ran'))).toBe(true);
      },
      { timeout: 30_000 },
    );
  }

  const ran = (folder: string): string[] =>
    ['js', 'cjs'].filter((kind) => existsSync(join(folder, `.config/${kind}-ran`)));

  test('of the configuration that it finds', async () => {
    const folder = await makeFolder({ 'alternate.config.cjs': marker('config') });
    expect(await findConfig(folder)).toBe(join(folder, 'alternate.config.cjs'));
    expect(existsSync(join(folder, 'config-ran'))).toBe(false);
  });

  test('of a working directory whose alternate.config.yaml says all', async () => {
    const folder = await makeFolder({ ...traps, 'alternate.config.yaml': 'services: {}' });
    process.chdir(folder);
    expect(await findConfig(folder)).toBe(join(folder, 'alternate.config.yaml'));
    // By the time that a later trap has sprung, an earlier one would have too.
    await springTrap();
    expect(ran(folder)).toEqual([]);
  });

  test.skipIf(!isRoot).each([
    ['the folder', '.', 0o755, 'belongs to nobody'],
    ['its .config', '.config', 0o755, '.config belongs to nobody'],
    ['a file of its .config', '.config/config.js', 0o755, 'config.js belongs to nobody'],
    ['nothing, but every user may write to it', null, 0o777, 'can be written to by every user'],
    ['nothing, but every user may add to it', null, 0o1777, 'can be written to by every user'],
  ])('of a working directory in which another user owns %s (root)', async (_what, owned, mode, reason) => {
    const folder = await makeFolder(traps);
    process.chdir(folder);
    await chmod(folder, mode);
    if (owned !== null) await chown(join(folder, owned), STRANGER, STRANGER);
    expect(await searchConfig(folder)).toMatchObject({
      ok: false,
      reason: { message: expect.stringContaining(reason) as string },
    });
    await springTrap();
    expect(ran(folder)).toEqual([]);
  });
});

describe.skipIf(!isRoot)('a configuration that another user may have put there (root)', () => {
  test.each(['alternate.config.yaml', 'alternate.config.js', 'package.json'])(
    '%s is refused',
    async (name) => {
      const folder = await makeFolder({ [name]: '{"alternate":{"services":{}}}', 'a/x': '' });
      await chmod(folder, 0o755);
      await chown(join(folder, name), STRANGER, STRANGER);
      const refused = {
        ok: false,
        reason: {
          message: `${join(folder, name)} is not used, because it may come from another user: ${join(folder, name)} belongs to nobody (mode 0644)`,
          hint: 'give the path of a configuration that you trust: --config FILE',
        },
      };
      expect(await searchConfig(join(folder, 'a'))).toEqual(refused);
      expect(await searchConfig(folder)).toEqual(refused);
    },
  );

  test('is refused by the folder that lets them, also above', async () => {
    const folder = await makeFolder({ 'a/b/alternate.config.yaml': '' });
    await chown(join(folder, 'a'), STRANGER, STRANGER);
    expect(await searchConfig(join(folder, 'a/b'))).toMatchObject({
      reason: { message: expect.stringContaining(`${folder}/a belongs to nobody`) as string },
    });
  });

  test('is used with sudo by the user who owns it', async () => {
    const folder = await makeFolder({ 'alternate.config.yaml': '' });
    for (const path of [folder, join(folder, 'alternate.config.yaml')]) await chown(path, STRANGER, STRANGER);
    expect(await searchConfig(folder)).toMatchObject({ ok: false });
    vi.stubEnv('SUDO_UID', String(STRANGER));
    expect(await searchConfig(folder)).toMatchObject({ ok: true });
    vi.stubEnv('SUDO_UID', '1');
    expect(await searchConfig(folder)).toMatchObject({ ok: false });
  });

  test('or reaches by a link', async () => {
    const folder = await makeFolder({ 'theirs/real.yaml': '' });
    await chown(join(folder, 'theirs'), STRANGER, STRANGER);
    await symlink('theirs/real.yaml', join(folder, 'alternate.config.yaml'));
    expect(await searchConfig(folder)).toMatchObject({
      reason: { message: expect.stringContaining(`${folder}/theirs belongs to nobody`) as string },
    });
  });
});
