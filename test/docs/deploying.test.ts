import { mkdirSync } from 'node:fs';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { bin } from '../support/alternate.ts';
import { freePorts } from '../support/ports.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { fences, page } from './pages.ts';

const deploying = page('docs/deploying.md');

/** The fence of a language that holds this text, with other ports in it. */
function printed(language: string, text: string, ports: readonly number[] = []): string {
  const found = fences(language, [deploying]).filter((fence) => fence.text.includes(text));
  const [fence, ...more] = found;
  if (fence === undefined || more.length > 0) throw new Error(`not one ${language} fence with ${text}`);
  return ports.reduce(
    (before, port, index) => before.replaceAll(String(3000 + index), String(port)),
    fence.text,
  );
}

/** A server that answers with the REVISION beside it, and exits at once if that is `broken`. */
const server = (port: string): string => `import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const revision = readFileSync(new URL('REVISION', import.meta.url), 'utf8').trim();
if (revision === 'broken') process.exit(1);
createServer((request, response) => response.end(revision)).listen(Number(${port}), '127.0.0.1');
`;

const revisionAt = async (port: number | undefined): Promise<string> =>
  await (await fetch(`http://127.0.0.1:${port ?? 0}/`, { headers: { connection: 'close' } })).text();

test('the idle slot: a build is deployed beside the one that serves, and a broken one changes nothing', async () => {
  const theatre = await Theatre.open();
  const ports = await freePorts(2);
  const build = (revision: string): void => {
    theatre.write('build/server.mjs', server('process.env.PORT'));
    theatre.write('build/REVISION', revision);
  };
  for (const port of ports) {
    theatre.write(`slots/${port}/server.mjs`, server('process.env.PORT'));
    theatre.write(`slots/${port}/REVISION`, 'first');
  }
  theatre.write('deploy.sh', printed('sh', 'deploy.sh', ports), 0o755);
  theatre.write('bin/alternate', `#!/bin/sh\nexec ${bin} "$@"\n`, 0o755);
  theatre.start(`${printed('yaml', 'cwd: slots/%alt', ports)}    overlap: 50ms\n`);
  await theatre.running('web');
  const deploy = async (): Promise<string> =>
    await new Promise((resolve) => {
      const env = {
        ...process.env,
        PATH: `${path.join(theatre.folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      };
      execFile('./deploy.sh', ['build'], { cwd: theatre.folder, env }, (error, _stdout, stderr) => {
        resolve(`${error === null ? 'done' : 'failed'}: ${stderr}`);
      });
    });
  expect(await revisionAt(ports[0])).toBe('first');
  for (const [revision, port] of [
    ['second', ports[1]],
    ['third', ports[0]],
  ] as const) {
    build(revision);
    expect(await until('the deployment', deploy())).toMatch(/^done: web: rotated /);
    expect(await revisionAt(port)).toBe(revision);
  }
  build('broken');
  expect(await until('the deployment', deploy())).toMatch(/^failed: web: the rotation .* failed after /);
  expect(await revisionAt(ports[0])).toBe('third');
  // A crash restarts what served, whatever lies in the other slot.
  const { current } = await theatre.running('web');
  process.kill(current?.pid ?? 0, 'SIGKILL');
  await theatre.service('web', ({ state, restarts }) => state === 'running' && restarts === 1);
  expect(await revisionAt(ports[0])).toBe('third');
});

test('REVISION: the rotation begins when it is written, and not while the rest is copied', async () => {
  const theatre = await Theatre.open();
  const ports = await freePorts(2);
  theatre.write('app/server.mjs', server('process.argv[3]'));
  theatre.write('app/REVISION', 'first');
  theatre.start(`${printed('yaml', 'watch: app/REVISION', ports)}    overlap: 50ms\n`);
  await theatre.running('web');
  await theatre.followEvents();
  // In the middle of a deployment: no instance can be started from this.
  theatre.write('app/server.mjs', 'not yet a program');
  for (let file = 0; file < 50; file++) theatre.write(`app/lib/${file}.js`, String(file));
  theatre.write('app/server.mjs', server('process.argv[3]'));
  theatre.write('app/REVISION', 'second');
  await theatre.service('web', ({ rotations }) => rotations.completed === 1);
  expect(await revisionAt(ports[1])).toBe('second');
  expect(theatre.events.filter(({ type }) => type === 'rotation-started')).toHaveLength(1);
});

test('release folders: re-pointing the link rotates, and the old instance keeps its folder', async () => {
  const theatre = await Theatre.open();
  const ports = await freePorts(2);
  for (const release of ['41', '42']) {
    theatre.write(`releases/${release}/server.mjs`, server('process.argv[3]'));
    theatre.write(`releases/${release}/REVISION`, release);
  }
  const link = async (target: string): Promise<void> => {
    const command = printed('sh', 'ln -sfn').replaceAll('releases/42', target);
    await new Promise((resolve) => execFile('sh', ['-c', command], { cwd: theatre.folder }, resolve));
  };
  mkdirSync(path.join(theatre.folder, 'run'));
  await link('releases/41');
  const services = printed('yaml', 'cwd: current', ports).replace(/^control:\n.*\n/, '');
  theatre.start(`${services}    overlap: 50ms\n`);
  await theatre.running('web');
  expect(await revisionAt(ports[0])).toBe('41');
  await link('releases/42');
  await theatre.service('web', ({ rotations }) => rotations.completed === 1);
  expect(await revisionAt(ports[1])).toBe('42');
});

test('a Node.js cluster on an inherited socket: ready when all workers listen, and gone when all have ended', async () => {
  const theatre = await Theatre.open();
  const [port = 0] = await freePorts(1);
  theatre.write('cluster.mjs', printed('js', 'cluster.isPrimary'));
  const node = printed('yaml', 'node cluster.mjs')
    .replace(/ {2}python:[^]*/, '')
    .replace('8080', String(port));
  theatre.start(`${node}    overlap: 50ms\n`);
  await theatre.running('node');
  const workers = async (): Promise<Set<string>> =>
    new Set(await Promise.all(Array.from({ length: 8 }, async () => await revisionAt(port))));
  await until('both workers have answered', async () => (await workers()).size === 2);
  expect(await theatre.rotate('node')).toMatchObject({ outcome: 'completed', from: 'blue', to: 'green' });
  await theatre.service('node', ({ retiring }) => retiring.length === 0);
  for (const answer of await workers()) expect(answer).toMatch(/^hello from green, worker \d+\n$/);
  expect(theatre.alternate.stderr).toMatch(/blue \(pid \d+\) exited \(code 0\)/);
});
