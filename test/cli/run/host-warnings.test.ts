import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hostWarnings, type Host } from '../../../src/cli/run/host-warnings.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { temporaryFolder, writeConfig } from '../../support/alternate.ts';

const PLENTY: Host = { root: false, openFiles: 100_000, inotifyWatches: 100_000, watchFailure: null };
const isRoot = process.getuid?.() === 0;

function folder(files: Readonly<Record<string, string>> = {}): string {
  const temporary = temporaryFolder();
  const made = temporary.path;
  onTestFinished(() => {
    temporary.remove();
  });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(made, name)), { recursive: true });
    writeFileSync(path.join(made, name), text, { mode: 0o755 });
  }
  return made;
}

/** `line:column message` of each. */
async function warningsIn(where: string, yaml: string, host: Host = PLENTY): Promise<string[]> {
  const loaded = await loadConfig({ file: writeConfig(where, yaml), cwd: where });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  return loaded
    .locate(hostWarnings(loaded.config, host))
    .map(({ line, column, message }) => `${line ?? '-'}:${column ?? '-'} ${message.replaceAll(where, '')}`);
}

describe('a program that does not exist', () => {
  test.each([
    [
      'command: no-such-program %alt',
      '1:29 services.api.command: there is no program no-such-program in PATH',
    ],
    ['command: ./missing', '1:29 services.api.command: /missing does not exist'],
    [
      'command: ./plain',
      '1:29 services.api.command: /plain is not an executable file for this user (chmod +x?)',
    ],
    ['command: node missing.mjs', '1:29 services.api.command: /missing.mjs does not exist'],
    [
      'command: ./orphan',
      '1:29 services.api.command: the interpreter in the first line of /orphan does not exist',
    ],
    [
      'command: sleep 1, hooks: { beforeStop: ./missing }',
      '1:59 services.api.hooks.beforeStop: /missing does not exist',
    ],
    ['command: sleep 1, ready: { exec: ./missing }', '1:53 services.api.ready.exec: /missing does not exist'],
    ['command: ./app-%alt, parameters: [a, b, c]', '1:29 services.api.command: /app-b does not exist'],
    [
      'command: ./app-a, env: { PATH: /nowhere }, hooks: { afterRotate: sleep 1 }',
      '1:85 services.api.hooks.afterRotate: there is no program sleep in PATH',
    ],
  ])('%s', async (keys, warning) => {
    const where = folder({ plain: '', orphan: '#!/no/such/interpreter\n', 'app-a': '#!/bin/sh\n' });
    chmodSync(path.join(where, 'plain'), 0o644);
    expect(await warningsIn(where, `services: { api: { ${keys} } }`)).toEqual([warning]);
  });

  test('not one that is there: in PATH, beside the configuration, or in the working directory', async () => {
    const where = folder({
      app: '#!/bin/sh\n',
      'slots/a/own': '#!/bin/sh\n',
      'slots/b/own': '#!/bin/sh\n',
      'server.mjs': '',
    });
    const yaml = `services:
  one: { command: ./app }
  two: { command: ./own, cwd: slots/%alt, parameters: [a, b] }
  three: { command: node server.mjs }
  four: { command: node --eval "1" }
  five: { command: sh -c 'exec missing.sh' }`;
    expect(await warningsIn(where, yaml)).toEqual([]);
  });

  test('a key in defaults is found there, and a value that may be a secret is not repeated', async () => {
    const where = folder();
    const yaml = 'defaults: { command: ./missing }\nservices: { a: {}, b: { command: TOKEN=s3cret x } }';
    expect(await warningsIn(where, yaml)).toEqual(['1:22 defaults.command: /missing does not exist']);
  });
});

test('an env file with an error, with which every launch would fail', async () => {
  const where = folder({ 'x.env': 'A=1\nnonsense\n' });
  expect(await warningsIn(where, 'services: { api: { command: sleep 1, envFile: x.env } }')).toEqual([
    '1:47 services.api.envFile: /x.env:2: not-an-assignment',
  ]);
});

describe.skipIf(!isRoot)('as root, a file that others may write to', () => {
  const asRoot = { ...PLENTY, root: true };

  test('is the configuration, a program, a script or an env file; each is named once', async () => {
    const where = folder({ app: '#!/bin/sh\n', 'server.mjs': '', 'x.env': '', 'own/tool': '#!/bin/sh\n' });
    chmodSync(path.join(where, 'x.env'), 0o666);
    chownSync(path.join(where, 'app'), 65534, 65534);
    chownSync(path.join(where, 'server.mjs'), 0, 65534);
    chmodSync(path.join(where, 'server.mjs'), 0o775);
    chownSync(path.join(where, 'own'), 65534, 0);
    const yaml = `services:
  one: { command: ./app, envFile: x.env }
  two: { command: node server.mjs, hooks: { beforeStart: own/tool, afterRotate: own/tool } }
  three: { command: ./app }`;
    writeConfig(where, yaml);
    const file = path.join(where, 'alternate.config.yaml');
    chmodSync(file, 0o666);
    const warnings = await warningsIn(where, yaml, asRoot);
    expect(
      warnings.map((warning) => warning.replace(/ (?:belongs|can be).*, but root/, ' …, but root')).sort(),
    ).toEqual([
      '1:1 /alternate.config.yaml …, but root runs what it contains',
      '2:19 services.one.command: /app …, but root runs what it contains',
      '2:35 services.one.envFile: /x.env …, but root runs what it contains',
      '3:19 services.two.command: /server.mjs …, but root runs what it contains',
      '3:58 services.two.hooks.beforeStart: /own …, but root runs what it contains',
    ]);
  });

  test('not the program of a service that runs as another user, nor what only root may write to', async () => {
    const where = folder({ app: '#!/bin/sh\n', 'server.mjs': '' });
    chownSync(path.join(where, 'app'), 65534, 65534);
    // That user must be able to reach it.
    chmodSync(where, 0o755);
    const yaml = `services:
  one: { command: ./app, user: 65534, group: 65534 }
  two: { command: node server.mjs }`;
    expect(await warningsIn(where, yaml, asRoot)).toEqual([]);
  });
});

describe('limits that are too low', () => {
  const watching = 'services: { api: { command: sleep 1, watch: lib } }';

  test('of file watches: as many as are needed, and as many again for other programs', async () => {
    const where = folder({ 'lib/a': 'x', 'lib/b': 'x', 'lib/c/d': 'x' });
    expect(await warningsIn(where, watching, { ...PLENTY, inotifyWatches: 11 })).toEqual([
      '1:45 services.api.watch: 6 files and folders are watched, but this user may have only 11 file watches: without them, alternate checks for changes twice per second',
    ]);
    expect(await warningsIn(where, watching, { ...PLENTY, inotifyWatches: 12 })).toEqual([]);
    expect(await warningsIn(where, watching, { ...PLENTY, inotifyWatches: null })).toEqual([]);
  });

  test.each(['EMFILE', 'ENOSPC'])('a watch cannot be made: %s', async (watchFailure) => {
    const where = folder({ 'lib/a': 'x' });
    expect(await warningsIn(where, watching, { ...PLENTY, watchFailure })).toEqual([
      expect.stringContaining(
        `1:45 services.api.watch: this user has no file watches left (${watchFailure})`,
      ),
    ]);
    expect(
      await warningsIn(where, 'services: { a: { command: sleep 1 } }', { ...PLENTY, watchFailure }),
    ).toEqual([]);
  });

  test('of open files', async () => {
    const yaml = (count: number): string =>
      `services: { ${Array.from({ length: count }, (_, index) => `s${index}: { command: sleep 1 }`).join(', ')} }`;
    const where = folder();
    expect(await warningsIn(where, yaml(9), { ...PLENTY, openFiles: 128 })).toEqual([
      '1:1 services: the manager may open 128 files, but these services need about 136',
    ]);
    expect(await warningsIn(where, yaml(8), { ...PLENTY, openFiles: 128 })).toEqual([]);
  });
});
