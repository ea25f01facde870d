/** scripts/build.ts in a copy of the project: its dist/ is whole at every moment. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/until.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** On the file system of node_modules, where the build has its aside. */
function copy(): string {
  const caches = path.join(root, 'node_modules/.cache');
  mkdirSync(caches, { recursive: true });
  const folder = mkdtempSync(path.join(caches, 'build-test-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  for (const name of [
    'bin',
    'scripts',
    'src',
    'schema',
    'package.json',
    'tsconfig.json',
    'tsconfig.types.json',
  ])
    cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
  mkdirSync(path.join(folder, 'node_modules'));
  for (const name of readdirSync(path.join(root, 'node_modules')))
    if (!name.startsWith('.'))
      symlinkSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name));
  return folder;
}

function build(folder: string): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], { cwd: folder, stdio: 'inherit' });
}

async function built(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) await until('the end of the build', once(child, 'exit'), 55_000);
  expect(child.exitCode).toBe(0);
}

function works(folder: string): void {
  const words = ['validate', '--config', path.join(root, 'alternate.config.yaml')];
  const ended = spawnSync(path.join(folder, 'bin/alternate'), words, { encoding: 'utf8' });
  expect(ended).toMatchObject({ status: 0, stdout: '' });
}

test('one that is killed, and two at once, leave a dist/ that works', async () => {
  const folder = copy();
  const first = build(folder);
  const second = build(folder);
  await Promise.all([built(first), built(second)]);
  works(folder);
  const aside = path.join(folder, 'node_modules/.cache/alternate-build');
  expect(readdirSync(aside)).toEqual([]);
  const third = build(folder);
  await until('something of it', () => existsSync(path.join(aside, String(third.pid), 'dist/bin.cjs')));
  third.kill('SIGKILL');
  await once(third, 'exit');
  works(folder);
});
