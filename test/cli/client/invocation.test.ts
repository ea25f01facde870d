import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { clientCommand, type ManagerReach } from '../../../src/cli/client/invocation.ts';
import { temporaryFolder } from '../../support/alternate.ts';

const found = { file: 'alternate.config.yaml', isNamed: false, socket: undefined };
const named = (file: string): ManagerReach => ({ file, isNamed: true, socket: undefined });

/** A clone with the program in bin/, and links to it in other folders. */
function clone(): { folder: string; entry: string } {
  const folder = temporaryFolder();
  onTestFinished(() => {
    folder.remove();
  });
  const entry = path.join(folder.path, 'bin/alternate');
  mkdirSync(path.dirname(entry));
  writeFileSync(entry, '', { mode: 0o755 });
  for (const place of ['usr/bin', 'node_modules/.bin']) {
    mkdirSync(path.join(folder.path, place), { recursive: true });
    symlinkSync(entry, path.join(folder.path, place, 'alternate'));
  }
  return { folder: folder.path, entry };
}

test('from the clone it is called by its path', () => {
  const { folder, entry } = clone();
  expect(clientCommand({ entry, cwd: folder, env: { PATH: '/nowhere' } }, found)).toBe('bin/alternate');
  expect(clientCommand({ entry, cwd: path.dirname(entry), env: {} }, found)).toBe('./alternate');
  expect(clientCommand({ entry, cwd: path.join(folder, 'usr'), env: { PATH: '' } }, found)).toBe(entry);
});

test('where PATH has it, by its name; a folder that npm alone puts there does not count', () => {
  const { folder, entry } = clone();
  const link = path.join(folder, 'usr/bin/alternate');
  const inPath = `/nowhere:${path.join(folder, 'usr/bin')}`;
  expect(clientCommand({ entry: link, cwd: '/', env: { PATH: inPath } }, found)).toBe('alternate');
  expect(clientCommand({ entry, cwd: folder, env: { PATH: inPath } }, found)).toBe('alternate');
  const npm = path.join(folder, 'node_modules/.bin');
  expect(clientCommand({ entry, cwd: folder, env: { PATH: npm } }, found)).toBe('bin/alternate');
  const other = clone();
  expect(clientCommand({ entry: other.entry, cwd: other.folder, env: { PATH: inPath } }, found)).toBe(
    'bin/alternate',
  );
});

test('the configuration is named unless it is found anyway', () => {
  const { folder, entry } = clone();
  const from = { entry, cwd: folder, env: {} };
  expect(clientCommand(from, named('alternate.config.yaml'))).toBe('bin/alternate');
  expect(clientCommand(from, named(path.join(folder, 'alternate.config.yaml')))).toBe('bin/alternate');
  expect(clientCommand(from, named('site/alternate.config.yaml'))).toBe(
    'bin/alternate --config site/alternate.config.yaml',
  );
  expect(clientCommand(from, named("it's mine.yaml"))).toBe(`bin/alternate --config 'it'\\''s mine.yaml'`);
  expect(clientCommand(from, { ...named('x.yaml'), socket: 'c.sock' })).toBe('bin/alternate --socket c.sock');
  // The variable would lead to another manager.
  const elsewhere = { ...from, env: { ALTERNATE_SOCKET: '/run/other.sock' } };
  expect(clientCommand(elsewhere, { ...found, file: '/srv/alternate.config.yaml' })).toBe(
    'bin/alternate --config /srv/alternate.config.yaml',
  );
});
