import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startLoad, type LoadResult } from '../support/load.ts';
import { until } from '../support/until.ts';
import { exampleOf, isThere, startExample, type Example } from './fixtures/examples.ts';

const WORKLOAD = [
  { name: 'get' },
  { name: 'post', bodyBytes: 2_000 },
  { name: 'get on a new connection', fresh: true },
  { name: 'post on a new connection', bodyBytes: 2_000, fresh: true },
  { name: 'get now and then', pauseMs: 50 },
];

async function answerOf({ port }: Example): Promise<string | null> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    return response.status === 200 ? await response.text() : null;
  } catch {
    return null;
  }
}

/** Through the proxy, as soon as it and an instance are up. */
async function firstAnswer(example: Example): Promise<string> {
  return await until('an answer through the proxy', () => answerOf(example));
}

async function underLoad(example: Example, act: () => Promise<void>): Promise<LoadResult> {
  const load = startLoad({ port: example.port, connections: 10, workload: WORKLOAD });
  onTestFinished(() => {
    load.discard();
  });
  await load.until(300);
  await act();
  await load.until(300);
  return await load.stop();
}

describe.each([
  ['nginx', 'nginx'],
  ['apache', 'apache2'],
  ['caddy', 'caddy'],
  ['haproxy', 'haproxy'],
])('examples/%s', (name, program) => {
  test.skipIf(!isThere(program))(`no request fails in two rotations, with ${program}`, async () => {
    const example = await exampleOf(name);
    const [first, second] = example.parameters;
    const alternate = startExample(example);
    expect(await firstAnswer(example)).toContain(`hello from ${first} `);
    // All of them through the proxy: its own start is over, and HAProxy has been told.
    await alternate.service('web', ({ state }) => state === 'running');
    const loaded = await underLoad(example, async () => {
      for (const to of [second, first]) {
        expect(await alternate.command('rotate', 'web')).toMatchObject({ code: 0 });
        expect(await answerOf(example)).toContain(`hello from ${to} `);
      }
    });
    expect(loaded).toMatchObject({ failed: 0, late: 0, failures: {}, examples: [] });

    // The proxy itself is a service: told to rotate it reads its configuration again, or is restarted.
    expect(await alternate.command('rotate', 'proxy')).toMatchObject({ code: 0 });
    // A HAProxy that is just reading its configuration loses the signal to stop.
    if (name === 'haproxy') await alternate.logged(/Loading success/, 2);
    expect(await firstAnswer(example)).toContain(`hello from ${first} `);
    expect((await alternate.stop()).code).toBe(0);
    expect(alternate.stderr).not.toMatch(/killed|bug/);
    // Nothing is written anywhere else, and no route is left behind.
    const written = readdirSync(example.folder).filter((entry) => !entry.startsWith('control.sock'));
    expect(written).toContain('state');
    for (const entry of written)
      expect(entry === 'state' || existsSync(path.join('examples', name, entry))).toBe(true);
    if (name !== 'haproxy') expect(readdirSync(path.join(example.folder, 'state/web'))).toEqual([]);
  });
});
