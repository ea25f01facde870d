import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freePorts } from '../support/alternate.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { root } from './pages.ts';

const config = readFileSync(path.join(root, 'alternate.config.yaml'), 'utf8');

/** `npm start` in a copy of the repository's examples, on free ports and with a short overlap. */
async function started(): Promise<{ theatre: Theatre; ports: number[] }> {
  const theatre = await Theatre.open();
  cpSync(path.join(root, 'examples/first'), path.join(theatre.folder, 'examples/first'), { recursive: true });
  const ports = await freePorts(4);
  const yaml = ['3000', '3001', '3010', '3011'].reduce(
    (text, port, index) => text.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), String(ports[index])),
    config,
  );
  theatre.start(yaml.replace('overlap: 3s', 'overlap: 50ms'));
  for (const name of ['web', 'clock']) await theatre.running(name);
  return { theatre, ports };
}

const answer = async (port: number | undefined): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${port ?? 0}/`);
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
  const [web, nextWeb, clock, nextClock] = ports;
  expect(await answer(web)).toMatch(new RegExp(`^hello from ${web ?? 0} \\(pid \\d+\\)\\n$`));
  expect(await answer(clock)).toMatch(new RegExp(`from ${clock ?? 0}\\n$`));
  const rotated = await alternate.command('rotate', '--all');
  expect(rotated).toMatchObject({ code: 0 });
  expect(rotated.stderr).toMatch(new RegExp(`^web: rotated ${web ?? 0} -> ${nextWeb ?? 0} in `, 'm'));
  expect(await answer(nextWeb)).toContain(`hello from ${nextWeb ?? 0}`);
  expect(await answer(nextClock)).toContain(`from ${nextClock ?? 0}`);
  // They leave when they are told to, and not by KILL.
  await theatre.service('web', ({ retiring }) => retiring.length === 0);
  expect((await alternate.stop()).code).toBe(0);
  expect(alternate.stderr).not.toContain('killed');
});

test('the first minute of the README: a greeting that is changed, and a release that is broken', async () => {
  const { theatre, ports } = await started();
  const { alternate } = theatre;
  const file = path.join(theatre.folder, 'examples/first/server.mjs');
  const good = readFileSync(file, 'utf8');
  writeFileSync(file, good.replace("'hello'", "'good day'"));
  await theatre.service('web', ({ rotations }) => rotations.completed === 1);
  expect(await answer(ports[1])).toContain('good day');
  writeFileSync(file, `${good}\n}{`);
  await until('the log says why', () => /SyntaxError[^]*rotation .* failed/.test(alternate.stderr));
  const status = await alternate.command('status');
  expect(status.stdout).toMatch(/last rotation to \d+ failed: the instance exited with code 1/);
  expect(await answer(ports[1])).toContain('good day');
  writeFileSync(file, good);
  await theatre.service('web', ({ rotations }) => rotations.completed === 2);
  expect(await answer(ports[0])).toContain('hello');
});
