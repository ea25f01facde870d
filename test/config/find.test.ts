import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cosmiconfig } from 'cosmiconfig';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findConfig } from '../../src/config/find.ts';
import { makeFolder } from './folder.ts';

const started = process.cwd();

afterEach(() => {
  process.chdir(started);
  vi.unstubAllEnvs();
});

describe('findConfig', () => {
  it.each([
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

  it('finds the key alternate in package.json, and passes over one without it', async () => {
    const folder = await makeFolder({
      'package.json': '{ "alternate": { "services": {} } }',
      'a/package.json': '{ "name": "x" }',
      'a/b/package.json': 'broken {',
      'a/b/c/package.json': '',
      'a/b/c/d/package.json': 'null',
    });
    expect(await findConfig(join(folder, 'a/b/c/d'))).toBe(join(folder, 'package.json'));
  });

  it('prefers the nearest folder, then the order of the names', async () => {
    const folder = await makeFolder({
      'alternate.config.yaml': '',
      'a/.alternaterc': '',
      'a/package.json': '{ "alternate": {} }',
      'a/alternate.config.yml': '',
    });
    expect(await findConfig(join(folder, 'a'))).toBe(join(folder, 'a/alternate.config.yml'));
  });

  it('finds an empty file too: that is a mistake to be told', async () => {
    const folder = await makeFolder({ 'alternate.config.yml': '' });
    expect(await findConfig(folder)).toBe(join(folder, 'alternate.config.yml'));
  });

  it('passes over a folder of that name', async () => {
    const folder = await makeFolder({ 'alternate.config.yml': '' });
    await mkdir(join(folder, 'alternate.config.yaml'));
    expect(await findConfig(folder)).toBe(join(folder, 'alternate.config.yml'));
  });

  it.skipIf(process.getuid?.() === 0)('passes over a file that cannot be read', async () => {
    const folder = await makeFolder({ 'alternate.config.yaml': '', 'alternate.config.yml': '' });
    await chmod(join(folder, 'alternate.config.yaml'), 0);
    expect(await findConfig(folder)).toBe(join(folder, 'alternate.config.yml'));
  });

  it("does not take a file from the user's own configuration folder", async () => {
    const folder = await makeFolder({ 'home/alternate/config.yaml': 'x: 1', 'work/x': '' });
    vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'home'));
    expect(await findConfig(join(folder, 'work'))).toBeNull();
  });

  it('answers null where there is none', async () => {
    expect(await findConfig(await makeFolder())).toBeNull();
  });
});

describe('a search runs no code of the working directory', () => {
  const marker = (name: string) =>
    `require('node:fs').writeFileSync(__dirname + '/${name}-ran', ''); module.exports = {};`;

  const traps = {
    '.config/config.js': marker('js'),
    '.config/config.cjs': marker('cjs'),
    '.config/config.ts': marker('ts'),
    '.config/config.mjs': marker('mjs'),
  };

  /** What cosmiconfig does by itself. The code is run a moment after the call, with nothing to wait for but its mark. */
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

  it.each([
    ['alternate.config.yaml', 'alternate.config.yaml'],
    ['.alternaterc.yaml', '.alternaterc.yaml'],
    ['README.md', null],
  ])('where there is %s', async (name, found) => {
    const folder = await makeFolder({ ...traps, [name]: 'services: {}' });
    process.chdir(folder);
    expect(await findConfig(folder)).toBe(found === null ? null : join(folder, found));
    // By the time that a later trap has sprung, an earlier one would have too.
    await springTrap();
    expect(
      ['js', 'cjs', 'ts', 'mjs'].filter((kind) => existsSync(join(folder, `.config/${kind}-ran`))),
    ).toEqual([]);
  });

  it('nor that of the configuration that it finds', async () => {
    const folder = await makeFolder({ 'alternate.config.cjs': marker('config') });
    expect(await findConfig(folder)).toBe(join(folder, 'alternate.config.cjs'));
    expect(existsSync(join(folder, 'config-ran'))).toBe(false);
  });

  it('and leaves the working directory as it was', async () => {
    const folder = await makeFolder();
    process.chdir(folder);
    await findConfig(folder);
    expect(process.cwd()).toBe(folder);
  });

  it('ignores settings for cosmiconfig in the working directory', async () => {
    const folder = await makeFolder({
      'package.json': '{ "cosmiconfig": { "searchPlaces": ["evil.yaml"] } }',
      'evil.yaml': 'services: {}',
    });
    process.chdir(folder);
    expect(await findConfig(folder)).toBeNull();
  });
});
