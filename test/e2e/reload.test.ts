import { describe, expect, test } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { runAlternate } from '../support/alternate.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const parameters: [string, string] = ['a', 'b'];
const web: RawService = { command: 'sleep 300', parameters, overlap: 0 };
const edge: RawService = { command: 'sleep 300' };
const puppet: RawService = { command: Stage.command(), parameters, overlap: 0 };

const started = (services: Record<string, RawService>): Promise<Theatre> => Theatre.started(services);

async function reload(theatre: Theatre): Promise<{ status: number; body: unknown }> {
  return await theatre.ask('POST', '/v1/reload');
}

/** Answered as soon as the configuration is taken up. */
async function reloadAtOnce(theatre: Theatre): Promise<unknown> {
  return (await theatre.ask('POST', '/v1/reload?wait=false')).body;
}

const pidOf = async (theatre: Theatre, name: string): Promise<number | null> =>
  (await theatre.running(name)).current?.pid ?? null;

test('added start, removed stop, changed are rotated, unchanged are not touched', async () => {
  const theatre = await started({
    same: web,
    sameEdge: edge,
    changed: web,
    changedEdge: edge,
    removed: puppet,
  });
  const [same, sameEdge, changedEdge] = [
    await pidOf(theatre, 'same'),
    await pidOf(theatre, 'sameEdge'),
    await pidOf(theatre, 'changedEdge'),
  ];
  const removed = await theatre.puppet('a');
  theatre.configure({
    added: web,
    same: web,
    sameEdge: edge,
    changed: { ...web, env: { NEW: '1' } },
    changedEdge: { ...edge, env: { NEW: '1' } },
  });
  expect(await reload(theatre)).toMatchObject({
    status: 200,
    body: {
      added: ['added'],
      removed: ['removed'],
      changed: ['changed', 'changedEdge'],
      unchanged: ['same', 'sameEdge'],
    },
  });
  await theatre.running('added');
  expect(
    await theatre.service(
      'changed',
      ({ state, rotations }) => state === 'running' && rotations.completed === 1,
    ),
  ).toMatchObject({ current: { parameter: 'b' } });
  const restarted = await theatre.service('changedEdge', ({ state, current }) => {
    return state === 'running' && current?.pid !== changedEdge;
  });
  expect(restarted).toMatchObject({ current: { parameter: null } });
  expect(await pidOf(theatre, 'same')).toBe(same);
  expect(await pidOf(theatre, 'sameEdge')).toBe(sameEdge);
  await until('the removed one is gone', () => removed.gone);
  const { services } = await theatre.alternate.status();
  expect(services.map(({ name }) => name)).toEqual(['added', 'same', 'sameEdge', 'changed', 'changedEdge']);
  expect((await theatre.ask('GET', '/v1/services/removed')).status).toBe(404);
});

test('the new instance runs as the new configuration says', async () => {
  const theatre = await started({ web: puppet });
  theatre.configure({ web: { ...puppet, env: { COLOUR: 'green-%alt' } } });
  await reload(theatre);
  const b = await theatre.puppet('b');
  expect(await b.do('env', { name: 'COLOUR' })).toMatchObject({ value: 'green-b' });
});

test('other parameters: the rotation takes the first of the new ones, then goes round them', async () => {
  const theatre = await started({ web });
  theatre.configure({ web: { ...web, parameters: ['x', 'y', 'z'] } });
  expect((await reload(theatre)).body).toMatchObject({ changed: ['web'] });
  await theatre.service('web', ({ current }) => current?.parameter === 'x');
  const taken = [];
  for (let count = 0; count < 3; count++) taken.push((await theatre.rotate('web')).to);
  expect(taken).toEqual(['y', 'z', 'x']);
});

test('a change of the parameters that keeps the current one', async () => {
  const theatre = await started({ web });
  theatre.configure({ web: { ...web, parameters: ['b', 'a', 'c'] } });
  await reload(theatre);
  const { current } = await theatre.service('web', ({ rotations }) => rotations.completed === 1);
  expect(current?.parameter).toBe('c');
});

test('a wrong configuration is refused whole: nothing changes, and the old one still counts', async () => {
  const theatre = await started({ web, edge });
  const pids = [await pidOf(theatre, 'web'), await pidOf(theatre, 'edge')];
  theatre.configure({
    web: { ...web, env: { NEW: '1' } },
    added: edge,
    bad: { ...web, overlap: 'soon' },
  });
  const refused = await reload(theatre);
  expect(refused).toMatchObject({ status: 422 });
  expect(refused.body).toEqual({
    errors: [expect.stringMatching(/^alternate\.config\.yaml:\d+:\d+: .*"soon" is not a duration/)],
  });
  expect([await pidOf(theatre, 'web'), await pidOf(theatre, 'edge')]).toEqual(pids);
  expect((await theatre.ask('GET', '/v1/services/added')).status).toBe(404);
  await theatre.alternate.logged(/the new configuration is refused. Nothing has changed/);
  // What is refused is not what the next one is compared with.
  theatre.configure({ web, edge });
  expect((await reload(theatre)).body).toMatchObject({ changed: [], unchanged: ['web', 'edge'] });
});

describe('a roll-out that fails', () => {
  const green = { ...puppet, env: { COLOUR: 'green' } };
  const broken: RawService = { ...puppet, command: './missing %alt' };

  test('the command exits with 1, and the service keeps the configuration that serves', async () => {
    const theatre = await started({ web: green, edge });
    const first = await theatre.puppet('a');
    theatre.configure({ web: broken, edge });
    const { code, stderr } = await runAlternate(['reload'], { cwd: theatre.folder });
    expect(stderr).toMatch(/web: the new configuration failed: .*does not exist.*stays in force/);
    expect(code).toBe(1);
    expect(await theatre.service('web')).toMatchObject({
      state: 'running',
      current: { pid: first.pid },
      detail: expect.stringMatching(/last reload failed .*The previous one serves/) as unknown,
    });
    // A crash restarts what served.
    first.tell('exit', { code: 1 });
    const again = await theatre.puppet('a', 2);
    expect(await again.do('env', { name: 'COLOUR' })).toMatchObject({ value: 'green' });
    // The next reload tries the new one again, although the file has not changed.
    expect((await reload(theatre)).body).toMatchObject({
      changed: ['web'],
      unchanged: ['edge'],
      failed: [{ service: 'web', reason: expect.stringContaining('does not exist') as unknown }],
    });
    expect((await theatre.running('web')).current?.pid).toBe(again.pid);
  });

  test('back to the configuration that serves: nothing is rolled out, and the status is silent again', async () => {
    const theatre = await started({ web: green });
    const first = await theatre.puppet('a');
    theatre.configure({ web: broken });
    await reload(theatre);
    theatre.configure({ web: green });
    expect((await reload(theatre)).body).toMatchObject({ changed: [], unchanged: ['web'], failed: [] });
    expect(await theatre.service('web')).toMatchObject({ current: { pid: first.pid }, detail: null });
  });

  test('a service without parameters comes back with the configuration that served', async () => {
    const theatre = await started({ edge: { command: Stage.command('edge'), env: { COLOUR: 'green' } } });
    await theatre.puppet('edge');
    theatre.configure({ edge: { command: './missing' } });
    expect((await reload(theatre)).body).toMatchObject({ failed: [{ service: 'edge' }] });
    const again = await theatre.puppet('edge', 2);
    expect(await again.do('env', { name: 'COLOUR' })).toMatchObject({ value: 'green' });
  });

  test('a service that is added and does not start is listed, too', async () => {
    const theatre = await started({ edge });
    theatre.configure({ edge, web: { command: './missing' } });
    expect((await reload(theatre)).body).toMatchObject({ added: ['web'], failed: [{ service: 'web' }] });
  });
});

test('a change of settings alone applies at once, and no process is replaced', async () => {
  const theatre = await started({ web: { ...puppet, overlap: '1h' } });
  const a = await theatre.puppet('a');
  theatre.configure({ web: { ...puppet, overlap: 0, stop: { signal: 'SIGQUIT' }, restart: 'never' } });
  const answer = (await reload(theatre)).body;
  expect(answer).toMatchObject({ changed: [], applied: ['web'], unchanged: [], failed: [] });
  expect(await theatre.service('web')).toMatchObject({
    current: { pid: a.pid },
    rotations: { completed: 0 },
  });
  await a.do('ignore', { signal: 'SIGQUIT' });
  expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed', to: 'b' });
  await until('QUIT', () => a.signals.includes('SIGQUIT'));
  a.tell('exit');
});

test('a change of watch alone: the new files are watched from then on', async () => {
  const theatre = await Theatre.open();
  theatre.write('one', '1');
  theatre.write('two', '2');
  theatre.start({ web: { ...web, watch: 'one' } });
  await theatre.running('web');
  theatre.configure({ web: { ...web, watch: 'two' } });
  expect((await reload(theatre)).body).toMatchObject({ applied: ['web'] });
  theatre.write('two', 'another');
  await theatre.service('web', ({ rotations }) => rotations.completed === 1);
});

test('a service that is removed and comes back starts when its namesake has gone', async () => {
  const theatre = await started({ web: puppet, edge });
  const a = await theatre.puppet('a');
  await a.do('ignore', { signal: 'SIGTERM' });
  theatre.configure({ edge });
  await reload(theatre);
  await until('TERM', () => a.signals.includes('SIGTERM'));
  theatre.configure({ web: puppet, edge });
  expect(await reloadAtOnce(theatre)).toMatchObject({ added: ['web'], unchanged: ['edge'] });
  expect(a.gone).toBe(false);
  expect(theatre.stage.puppets).toHaveLength(1);
  a.tell('exit');
  const again = await theatre.puppet('a', 2);
  expect(await pidOf(theatre, 'web')).toBe(again.pid);
});

test('during a rotation: one more follows, with the new configuration', async () => {
  const theatre = await started({ web: { ...puppet, overlap: '1h' } });
  const rotation = theatre.rotate('web');
  const b = await theatre.puppet('b');
  await theatre.service('web', ({ next }) => next?.state === 'ready');
  theatre.configure({ web: { ...puppet, env: { COLOUR: 'green' } } });
  await reloadAtOnce(theatre);
  expect(await theatre.service('web')).toMatchObject({ state: 'rotating', pendingRotation: true });
  b.tell('exit', { code: 1 });
  expect(await rotation).toMatchObject({ outcome: 'failed' });
  const second = await theatre.puppet('b', 2);
  expect(await second.do('env', { name: 'COLOUR' })).toMatchObject({ value: 'green' });
  await theatre.service('web', ({ rotations }) => rotations.completed === 1);
});

describe('services that do not run', () => {
  test('a failed one is tried again, changed or not', async () => {
    const failing: RawService = { ...web, command: './app %alt', restart: { maxAttempts: 1, delay: '1ms' } };
    const theatre = await Theatre.open();
    theatre.script('app', 'exit 1');
    theatre.start({ same: failing, changed: failing, edge });
    for (const name of ['same', 'changed']) await theatre.service(name, ({ state }) => state === 'failed');
    theatre.script('app', 'exec sleep 300');
    theatre.configure({ same: failing, changed: { ...failing, env: { A: '1' } }, edge });
    expect((await reload(theatre)).body).toMatchObject({ changed: ['changed'], unchanged: ['same', 'edge'] });
    await theatre.running('same');
    await theatre.running('changed');
  });

  test('a stopped one stays stopped, and starts with the new configuration', async () => {
    const theatre = await started({ web: puppet, edge });
    await theatre.puppet('a');
    await theatre.ask('POST', '/v1/services/web/stop');
    theatre.configure({ web: { ...puppet, env: { COLOUR: 'green' } }, edge });
    await reload(theatre);
    expect(await theatre.service('web')).toMatchObject({ state: 'stopped' });
    await theatre.ask('POST', '/v1/services/web/start');
    const again = await theatre.puppet('a', 2);
    expect(await again.do('env', { name: 'COLOUR' })).toMatchObject({ value: 'green' });
  });
});

test('two reloads at once both take the last configuration', async () => {
  const theatre = await started({ web });
  theatre.configure({ web, edge });
  const answers = await Promise.all([reload(theatre), reload(theatre)]);
  expect(answers.map(({ body }) => (body as { added: string[] }).added)).toEqual(
    expect.arrayContaining([['edge'], []]),
  );
  await theatre.running('edge');
});
