import { execFileSync } from 'node:child_process';
import { mkdir, readlink, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig, loadControl } from '../../src/config/load.ts';
import { instantiate } from '../../src/config/instance.ts';
import { addFile, loadOk, makeFolder, errorsOf } from './folder.ts';

const SERVICES = 'services: { api: { command: x } }';

describe('loadConfig', () => {
  test('finds the file from the working directory upward', async () => {
    const folder = await makeFolder({ 'alternate.config.yaml': SERVICES, 'a/b/c.txt': '' });
    const result = await loadConfig({ cwd: join(folder, 'a/b') });
    expect(result).toMatchObject({ ok: true, config: { path: join(folder, 'alternate.config.yaml') } });
    expect(result.ok && result.config.services[0]?.baseDir).toBe(folder);
  });

  test('says when there is none, and what to do', async () => {
    const cwd = await makeFolder();
    expect(await loadConfig({ cwd })).toEqual({
      ok: false,
      diagnostics: [
        {
          severity: 'error',
          file: null,
          line: null,
          column: null,
          frame: null,
          message: `there is no configuration in ${cwd} or above`,
          hint: 'write one with `alternate init`, or give its path with --config',
        },
      ],
    });
  });

  test.each([
    ['none.yaml', 'cannot be read: there is no such file'],
    ['.', 'cannot be read: it is a folder, not a regular file'],
    ['fifo.yaml', 'cannot be read: it is a FIFO, not a regular file'],
    ['fifo.mjs', 'cannot be read: it is a FIFO, not a regular file'],
    ['endless.yaml', 'cannot be read: it is a device, not a regular file'],
    ['huge.yaml', 'cannot be read: it is larger than 4194304 bytes'],
    ['a.yaml/b.yaml', 'cannot be read: a part of its path is not a folder'],
    ['loop.yaml', 'cannot be read: its symbolic links form a circle'],
    ['latin1.yaml', 'is not UTF-8 text'],
  ])('says why %s cannot be read', async (file, message) => {
    const cwd = await makeFolder({ 'a.yaml': SERVICES });
    await symlink('loop.yaml', join(cwd, 'loop.yaml'));
    execFileSync('mkfifo', [join(cwd, 'fifo.yaml'), join(cwd, 'fifo.mjs')]);
    await symlink('/dev/zero', join(cwd, 'endless.yaml'));
    await writeFile(join(cwd, 'huge.yaml'), '');
    // Without a block on the disk.
    await truncate(join(cwd, 'huge.yaml'), 10 * 1024 ** 3);
    await writeFile(join(cwd, 'latin1.yaml'), Buffer.from('# caf\u00e9', 'latin1'));
    const result = await loadConfig({ file, cwd });
    expect(result).toMatchObject({
      ok: false,
      diagnostics: [
        {
          file: join(cwd, file),
          line: null,
          message,
        },
      ],
    });
  });

  test.each(['x.yaml', 'x.yml', 'x.json', '.alternaterc', 'x.conf'])(
    'reads %s as YAML, so also as JSON',
    async (name) => {
      expect((await loadOk(SERVICES, name)).services).toHaveLength(1);
      expect((await loadOk('{ "services": {\n\t"api": { "command": "x" }\n} }', name)).services).toHaveLength(
        1,
      );
    },
  );

  test('paths are relative to the folder as it was named, so that a link in it is followed anew', async () => {
    const folder = await makeFolder({
      'releases/41/alternate.config.yaml': 'services: { api: { command: x, cwd: bin, watch: bin/x } }',
      'releases/41/bin/x': '41',
      'releases/42/bin/x': '42',
    });
    await symlink('releases/41', join(folder, 'current'));
    const result = await loadConfig({ file: 'current/alternate.config.yaml', cwd: folder });
    if (!result.ok) throw new Error('refused');
    const [service] = result.config.services;
    expect(result.config.path).toBe(join(folder, 'releases/41/alternate.config.yaml'));
    expect(service?.cwd).toBe(join(folder, 'current/bin'));
    expect(service?.watch).toEqual([join(folder, 'current/bin/x')]);

    await symlink('releases/42', join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'current'));
    expect(await readlink(join(folder, 'current'))).toBe('releases/42');
    expect(service && instantiate(service, null).cwd).toBe(join(folder, 'current/bin'));
  });

  test('checks folders and env files for each parameter', async () => {
    const folder = await makeFolder({
      'alternate.config.yaml':
        'services: { api: { command: x, parameters: [blue, green], cwd: "%alt", envFile: "%alt/.env" } }',
      'blue/.env': '',
      'green/other': '',
    });
    const result = await loadConfig({ cwd: folder });
    expect(result.ok ? [] : result.diagnostics.map(({ message }) => message)).toEqual([
      `services.api.envFile: there is no file ${join(folder, 'green/.env')}`,
    ]);
  });

  test('a parameter can be an absolute path', async () => {
    const folder = await makeFolder({ 'blue/x': '', 'green/x': '' });
    const [blue, green] = [join(folder, 'blue'), join(folder, 'green')];
    const config = await loadOk(
      `services: { api: { command: x, parameters: [${blue}, ${green}], cwd: "%alt" } }`,
    );
    const [service] = config.services;
    expect(service && instantiate(service, green).cwd).toBe(green);
  });
});

describe('package.json', () => {
  test('holds a configuration under the key alternate', async () => {
    const text =
      '{\n\t"name": "x",\n\t"alternate": { "services": { "api": { "command": "x", "overlap": "1s" } } }\n}';
    const folder = await makeFolder({ 'package.json': text });
    const result = await loadConfig({ cwd: folder });
    expect(result).toMatchObject({ ok: true, config: { path: join(folder, 'package.json') } });
    expect(result.ok && result.config.services[0]?.overlapMs).toBe(1000);
  });

  test('has its errors at their places', async () => {
    const text =
      '{\n\t"overlap": 5,\n\t"alternate": {\n\t\t"services": { "api": { "command": "x", "overlap": 5 } }\n\t}\n}';
    expect(await errorsOf(text, 'package.json')).toEqual([
      expect.stringMatching(/^4:53 services\.api\.overlap: expected a duration/),
    ]);
  });

  test('without that key is no configuration', async () => {
    expect(await errorsOf('{ "name": "x" }', 'package.json')).toEqual(['1:1 there is no key "alternate"']);
  });
});

describe('loadControl', () => {
  test('gives the socket even where the services are wrong', async () => {
    const folder = await makeFolder({
      'alternate.config.yaml':
        'control: { socket: x.sock }\nservices: { api: { comand: x, overlap: 5 } }\nfoo: 1',
    });
    expect(await loadControl({ cwd: folder })).toEqual({
      ok: true,
      path: join(folder, 'alternate.config.yaml'),
      control: { path: join(folder, 'x.sock'), mode: 0o600 },
    });
  });

  test.each([
    [
      'control: { socket: 5 }\nservices: {}',
      'control.socket: expected a path, or false for no socket, found 5',
    ],
    ['control: [', 'Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ['text', 'expected a mapping with services, found "text"'],
  ])('but not where control itself is: %j', async (text, message) => {
    const folder = await makeFolder({ 'alternate.config.yaml': text });
    expect(await loadControl({ cwd: folder })).toMatchObject({ ok: false, diagnostics: [{ message }] });
  });

  test('says when there is no file', async () => {
    const folder = await makeFolder();
    expect(await loadControl({ cwd: folder, file: 'none.yaml' })).toMatchObject({ ok: false });
  });
});

test('reads what the file holds now, not what it held', async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, 'x'));
  for (const command of ['one', 'two']) {
    await addFile(folder, 'x/alternate.config.yaml', `services: { api: { command: ${command} } }`);
    const result = await loadConfig({ cwd: join(folder, 'x') });
    expect(result.ok && result.config.services[0]?.command).toEqual([command]);
  }
});
