import { describe, expect, test } from 'vitest';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const edge = Stage.command('edge');
const other = Stage.command('other');

describe('onRotate: restart, the default', () => {
  test('the one instance is stopped, and only then started again: downtime', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ edge: { command: edge, stop: { timeout: 'never' } } });
    const first = await theatre.puppet('edge');
    await first.do('ignore', { signal: 'SIGTERM' });
    expect(await theatre.running('edge')).toMatchObject({ current: { parameter: null, pid: first.pid } });
    const rotation = theatre.rotate('edge');
    await until('TERM', () => first.signals.includes('SIGTERM'));
    expect(await theatre.service('edge')).toMatchObject({ current: null, next: null });
    first.tell('exit');
    expect(await rotation).toMatchObject({ outcome: 'completed', from: null, to: null });
    const second = await theatre.puppet('edge', 2);
    expect(await theatre.service('edge')).toMatchObject({
      state: 'running',
      current: { parameter: null, pid: second.pid },
      rotations: { completed: 1, failed: 0 },
    });
    expect(alternate.stderr).toMatch(/edge: stopping pid \d+ \(SIGTERM\)[^]*edge: started pid \d+/);
  });

  test('%alt is empty, and its variable too', async () => {
    const theatre = await Theatre.open();
    theatre.start({ edge: { command: Stage.command('edge "<%alt>"') } });
    const puppet = await theatre.puppet('edge');
    expect(puppet.argv).toEqual(['edge', '<>']);
    expect(await puppet.do('env', { name: 'ALTERNATE_PARAMETER' })).toMatchObject({ value: '' });
  });

  test('it is restarted when it crashes', async () => {
    const theatre = await Theatre.open();
    theatre.start({ edge: { command: edge } });
    (await theatre.puppet('edge')).tell('exit', { code: 1 });
    const second = await theatre.puppet('edge', 2);
    expect(await theatre.running('edge')).toMatchObject({ current: { pid: second.pid }, restarts: 1 });
  });
});

describe('onRotate: a signal', () => {
  test('goes to the one instance and to nobody else, and nothing is started', async () => {
    const theatre = await Theatre.open();
    theatre.start({ edge: { command: edge, onRotate: 'SIGHUP' }, other: { command: other } });
    const instance = await theatre.puppet('edge');
    const bystander = await theatre.puppet('other');
    await theatre.running('edge');
    expect(await theatre.rotate('edge')).toMatchObject({ outcome: 'completed', from: null, to: null });
    await until('HUP', () => instance.signals.length > 0);
    await Promise.all([instance.do('cwd'), bystander.do('cwd')]);
    expect([instance.signals, bystander.signals]).toEqual([['SIGHUP'], []]);
    expect(await theatre.service('edge')).toMatchObject({
      state: 'running',
      current: { pid: instance.pid },
      rotations: { completed: 1, failed: 0 },
    });
  });

  test('USR1 to the manager signals it, restarts another, and alternates a third', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({
      edge: { command: edge, onRotate: 'usr2' },
      other: { command: other, onRotate: 'restart' },
      web: { command: Stage.command('web-%alt'), parameters: ['a', 'b'] },
    });
    const instance = await theatre.puppet('edge');
    await theatre.puppet('other');
    await theatre.puppet('web-a');
    for (const name of ['edge', 'other', 'web']) await theatre.running(name);
    alternate.signal('SIGUSR1');
    await theatre.puppet('other', 2);
    await theatre.puppet('web-b');
    await until('USR2', () => instance.signals.length > 0);
    expect(instance.signals).toEqual(['SIGUSR2']);
  });

  test('an instance that the signal ends counts as a crash', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ edge: { command: 'sleep 300', onRotate: 'HUP' } });
    const { current } = await theatre.running('edge');
    await theatre.rotate('edge');
    await alternate.logged(/exited \(SIGHUP\)/);
    await theatre.service(
      'edge',
      (service) => service.current !== null && service.current.pid !== current?.pid,
    );
  });
});

describe('a rotation of all services', () => {
  const parameters: [string, string] = ['a', 'b'];

  test.each([
    ['without onRotate', {}, 'it has neither parameters nor onRotate, so a rotation would be a restart'],
    ['with onRotate: none', { onRotate: 'none' }, 'onRotate is none'],
  ])('leaves a service alone %s: USR1, and `rotate --all`, which says so', async (_with, keys, reason) => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({
      db: { command: Stage.command('db'), ...keys },
      web: { command: Stage.command('web-%alt'), parameters },
    });
    const db = await theatre.puppet('db');
    for (const name of ['db', 'web']) await theatre.running(name);
    alternate.signal('SIGUSR1');
    await theatre.puppet('web-b');
    await alternate.logged(new RegExp(`db: left alone by a rotation of all services: ${reason}`));
    await theatre.service('web', ({ rotations }) => rotations.completed === 1);
    const all = await alternate.command('rotate', '--all');
    expect(all).toMatchObject({ code: 0 });
    expect(all.stderr).toContain(`db: left alone: ${reason}\n`);
    expect(all.stderr).toMatch(/^web: rotated b -> a in /m);
    const json = await alternate.command('rotate', '--all', '--no-wait', '--json');
    expect(json.code).toBe(0);
    expect(json.stdout).toContain(
      `{"service":"db","error":{"code":"left-alone","message":${JSON.stringify(reason)}}}\n`,
    );
    expect(await theatre.running('db')).toMatchObject({
      current: { pid: db.pid },
      rotations: { completed: 0, failed: 0 },
    });
    expect(db.signals).toEqual([]);
  });

  test('by its name, or by a change of what it watches, the same service is restarted', async () => {
    const theatre = await Theatre.open();
    theatre.write('db.conf', '1');
    theatre.start({ db: { command: Stage.command('db'), watch: 'db.conf' } });
    await theatre.puppet('db');
    await theatre.running('db');
    expect(await theatre.rotate('db')).toMatchObject({ outcome: 'completed' });
    await theatre.puppet('db', 2);
    await theatre.running('db');
    theatre.write('db.conf', '2');
    await theatre.puppet('db', 3);
  });
});

test('onRotate: none refuses a rotation by name with 409 and the reason; restart works', async () => {
  const theatre = await Theatre.open();
  const alternate = theatre.start({ db: { command: Stage.command('db'), onRotate: 'none' } });
  const first = await theatre.puppet('db');
  await theatre.running('db');
  const reason = 'onRotate is none. To stop the service and start it again, with downtime, use restart';
  expect(await theatre.ask('POST', '/v1/services/db/rotate?wait=true')).toMatchObject({
    status: 409,
    body: { error: { code: 'conflict', message: reason } },
  });
  const { code, stderr } = await alternate.command('rotate', 'db');
  expect({ code, stderr }).toEqual({ code: 1, stderr: `db: not rotated: ${reason}\n` });
  expect(await theatre.running('db')).toMatchObject({ current: { pid: first.pid } });
  expect(await alternate.command('restart', 'db')).toMatchObject({ code: 0 });
  await theatre.puppet('db', 2);
});
