import { spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { root } from './pages.ts';

const config = readFileSync(path.join(root, 'alternate.config.yaml'), 'utf8');

/** `npm start` in a copy of the repository's examples, on free ports and with a short overlap. */
async function started(): Promise<{ theatre: Theatre; ports: number[] }> {
  const theatre = await Theatre.open();
  cpSync(path.join(root, 'examples/first'), path.join(theatre.folder, 'examples/first'), { recursive: true });
  const ports = await freePorts(3);
  const yaml = ['3000', '3010', '3011'].reduce(
    (text, port, index) => text.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), String(ports[index])),
    config,
  );
  theatre.start(yaml.replace('overlap: 1s', 'overlap: 50ms'));
  for (const name of ['web', 'clock']) await theatre.running(name);
  return { theatre, ports };
}

/** On a connection of its own, as from another client. */
const answer = async (port: number | undefined, accept = '*/*'): Promise<string> => {
  const headers = { accept, connection: 'close' };
  const response = await fetch(`http://127.0.0.1:${port ?? 0}/`, { headers });
  return await response.text();
};

test('every file under examples/first is one that the configuration runs', () => {
  const files = readdirSync(path.join(root, 'examples/first'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
  expect(files).not.toEqual([]);
  for (const file of files) expect(config).toContain(`node ${file}`);
});

test('the first minute of the README: both answer, and rotate when asked', async () => {
  const { theatre, ports } = await started();
  const { alternate } = theatre;
  const [web, clock, nextClock] = ports;
  expect(await answer(web)).toMatch(/^hello from blue \(pid \d+\)\n$/);
  expect(await answer(web, 'text/html,*/*')).toMatch(
    /^<!doctype html>[^]*<h1[^>]*>hello from blue \(pid \d+\)<\/h1>/,
  );
  expect(await answer(clock)).toMatch(new RegExp(`from ${clock ?? 0}\\n$`));
  const rotated = await alternate.command('rotate', '--all');
  expect(rotated).toMatchObject({ code: 0 });
  expect(rotated.stderr).toMatch(/^web: rotated blue -> green in /m);
  // They leave when they are told to, and not by KILL; until then the old one may answer at the same address.
  await theatre.service('web', ({ retiring }) => retiring.length === 0);
  expect(await answer(web)).toMatch(/^hello from green \(pid \d+\)\n$/);
  expect(await answer(nextClock)).toContain(`from ${nextClock ?? 0}`);
  expect((await alternate.stop()).code).toBe(0);
  expect(alternate.stderr).not.toContain('killed');
});

test('the first minute of the README: a load through rotations and a crash', async () => {
  const { theatre, ports } = await started();
  const { alternate } = theatre;
  const load = spawn(process.execPath, ['examples/first/load.mjs', `http://127.0.0.1:${ports[0] ?? 0}/`], {
    cwd: theatre.folder,
  });
  onTestFinished(() => {
    load.kill('SIGKILL');
  });
  let said = '';
  load.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const ended = new Promise((resolve) => load.once('close', resolve));
  await until('the first line of the load', () => said.includes('blue'));
  for (const to of ['green', 'blue', 'green']) {
    expect(await alternate.command('rotate', 'web')).toMatchObject({ code: 0 });
    await until(`a line with ${to}`, () => said.trimEnd().split('\n').at(-1)?.includes(to));
  }
  expect(said).not.toMatch(/[1-9]\d* failed/);

  const { current } = await theatre.service('web', ({ retiring }) => retiring.length === 0);
  expect(await alternate.command('signal', 'web', 'KILL')).toMatchObject({ code: 0 });
  await theatre.service('web', ({ restarts }) => restarts === 1);
  const { current: next } = await theatre.running('web');
  expect(next?.pid).not.toBe(current?.pid);
  await until('a line with the one that came after it', () => said.includes(`green ${next?.pid ?? 0}`));
  load.kill('SIGINT');
  const code = await until('the end of the load', ended);
  // Those that the killed one had in its hands at that moment; a connection is never refused.
  const failed = /in all:\n.*requests {2}(\d+) failed(?: \((.*?)\))?/.exec(said);
  expect(code).toBe(failed?.[1] === '0' ? 0 : 1);
  expect(Number(failed?.[1])).toBeLessThanOrEqual(8);
  expect(failed?.[2] ?? 'ECONNRESET').toBe('ECONNRESET');
});

test('the first minute of the README: a greeting that is changed, and a release that is broken', async () => {
  const { theatre, ports } = await started();
  const { alternate } = theatre;
  const file = path.join(theatre.folder, 'examples/first/server.mjs');
  const good = readFileSync(file, 'utf8');
  const rotated = async (count: number): Promise<void> => {
    await theatre.service(
      'web',
      ({ rotations, retiring }) => rotations.completed === count && retiring.length === 0,
    );
  };
  writeFileSync(file, good.replace("'hello'", "'good day'"));
  await rotated(1);
  expect(await answer(ports[0])).toContain('good day');
  writeFileSync(file, `${good}\n}{`);
  await until('the log says why', () => /SyntaxError[^]*rotation .* failed/.test(alternate.stderr));
  const status = await alternate.command('status');
  expect(status.stdout).toMatch(/last rotation to blue failed: the instance exited with code 1/);
  expect(await answer(ports[0])).toContain('good day');
  writeFileSync(file, good);
  await rotated(2);
  expect(await answer(ports[0])).toContain('hello');
});
