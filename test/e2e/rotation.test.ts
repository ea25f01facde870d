import { renameSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExecCheck } from '../support/exec-check.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const command = Stage.command();
const parameters: [string, string] = ['a', 'b'];

describe('a rotation that goes well', () => {
  test('the next starts beside the current one, which is told to stop only after the overlap', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web: { command, parameters } });
    const a = await theatre.puppet('a');
    await a.do('ignore', { signal: 'SIGTERM' });
    const outcome = await theatre.rotate('web');
    expect(outcome).toMatchObject({ service: 'web', outcome: 'completed', from: 'a', to: 'b' });
    const b = await theatre.puppet('b');
    await until('TERM for a', () => a.signals.includes('SIGTERM'));
    expect(await theatre.service('web')).toMatchObject({
      state: 'running',
      current: { parameter: 'b', pid: b.pid, state: 'ready' },
      next: null,
      retiring: [{ parameter: 'a', pid: a.pid, state: 'retiring' }],
      rotations: { completed: 1, failed: 0 },
      lastRotation: { outcome: 'completed', from: 'a', to: 'b' },
    });
    a.tell('exit');
    await alternate.logged(/web: a \(pid \d+\) exited \(code 0\)/);
    expect(b.signals).toEqual([]);
  });

  test('parameters are taken round and round', async () => {
    const theatre = await Theatre.open();
    theatre.start({ web: { command: 'sleep 300', parameters: ['a', 'b', 'c'], overlap: 0 } });
    await theatre.running('web');
    const taken = [];
    for (let count = 0; count < 4; count++) taken.push((await theatre.rotate('web')).to);
    expect(taken).toEqual(['b', 'c', 'a', 'b']);
  });

  test('the overlap counts from readiness to TERM, not from the launch', async () => {
    const theatre = await Theatre.open();
    const health = new ExecCheck(theatre.folder);
    health.healthy('a');
    const ready = { exec: health.exec, interval: '30ms' };
    theatre.start({ web: { command, parameters, overlap: '200ms', ready } });
    const a = await theatre.puppet('a');
    await theatre.running('web');
    await theatre.followEvents();
    const rotation = theatre.rotate('web');
    // Ten tries take longer than the overlap.
    await health.asked('b', 10);
    await a.do('cwd');
    expect(a.signals).toEqual([]);
    health.healthy('b');
    expect(await rotation).toMatchObject({ outcome: 'completed' });
    const ready2 = Date.parse((await theatre.event('instance-ready')).at);
    const stopping = Date.parse((await theatre.event('instance-stopping')).at);
    expect(stopping - ready2).toBeGreaterThanOrEqual(199);
  });

  test('SIGUSR1 rotates every service, and no instance gets it', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({
      web: { command: Stage.command('web-%alt'), parameters },
      api: { command: Stage.command('api-%alt'), parameters },
    });
    const first = [await theatre.puppet('web-a'), await theatre.puppet('api-a')];
    await theatre.running('web');
    await theatre.running('api');
    alternate.signal('SIGUSR1');
    await theatre.service('web', ({ current }) => current?.parameter === 'b');
    await theatre.service('api', ({ current }) => current?.parameter === 'b');
    await until('the old ones are gone', () => first.every((puppet) => puppet.gone));
    expect(first.map(({ signals }) => signals.filter((signal) => signal !== 'SIGCONT'))).toEqual([
      ['SIGTERM'],
      ['SIGTERM'],
    ]);
  });
});

describe('a rotation that fails leaves the old instance alone', () => {
  /** The service runs on `a`, and `break` has just been done to what `b` will be. */
  async function failing(
    breakIt: (theatre: Theatre) => void,
    service: { ready?: { output: string; timeout: string }; overlap?: string } = {},
  ) {
    const theatre = await Theatre.open();
    theatre.script('app', `echo "up $1"; exec ${Stage.command('"$1"')}`);
    theatre.start({ web: { command: './app %alt', parameters, ...service } });
    const a = await theatre.puppet('a');
    await theatre.running('web');
    breakIt(theatre);
    return { theatre, a };
  }

  async function stillServes({ theatre, a }: Awaited<ReturnType<typeof failing>>): Promise<void> {
    const status = await theatre.service('web', ({ retiring }) => retiring.length === 0);
    expect(status).toMatchObject({
      state: 'running',
      current: { parameter: 'a', pid: a.pid },
      next: null,
      rotations: { completed: 0, failed: 1 },
      lastRotation: { outcome: 'failed', from: 'a', to: 'b' },
    });
    // An answer comes after every signal that was sent before.
    await a.do('cwd');
    expect(a.signals).toEqual([]);
  }

  test('the next cannot be started; the rotation after it tries the same parameter', async () => {
    const setting = await failing(({ folder }) => {
      renameSync(path.join(folder, 'app'), path.join(folder, 'gone'));
    });
    const { theatre } = setting;
    const outcome = await theatre.rotate('web');
    expect(outcome).toMatchObject({ outcome: 'failed', from: 'a', to: 'b' });
    expect(outcome.reason).toBe(`${path.join(theatre.folder, 'app')} does not exist`);
    await stillServes(setting);
    renameSync(path.join(theatre.folder, 'gone'), path.join(theatre.folder, 'app'));
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed', from: 'a', to: 'b' });
  });

  test('the next exits at once', async () => {
    const setting = await failing((theatre) => theatre.script('app', 'exit 3'), { overlap: '1h' });
    const outcome = await setting.theatre.rotate('web');
    expect(outcome.reason).toBe('the instance exited with code 3');
    await stillServes(setting);
  });

  test('the next is not ready in time: it is stopped', async () => {
    const setting = await failing((theatre) => theatre.script('app', 'exec sleep 300'), {
      ready: { output: '^up %alt$', timeout: '300ms' },
    });
    const outcome = await setting.theatre.rotate('web');
    expect(outcome.reason).toBe('not ready within 300ms: no line of its output matched /^up b$/');
    await stillServes(setting);
    expect(setting.theatre.alternate.stderr).toMatch(/web: b \(pid \d+\) exited \(SIGTERM\)/);
  });

  test('the next dies in the overlap', async () => {
    const setting = await failing(() => undefined, { overlap: '1h' });
    const { theatre } = setting;
    const rotation = theatre.rotate('web');
    await theatre.alternate.logged(/overlap of/);
    (await theatre.puppet('b')).tell('exit', { code: 9 });
    expect((await rotation).reason).toBe('the instance exited with code 9');
    await stillServes(setting);
    expect(theatre.alternate.stderr).toMatch(
      /web: rotation a -> b failed: the instance exited with code 9; a \(pid \d+\) keeps serving\n/,
    );
    void theatre.rotate('web');
    expect((await theatre.puppet('b', 2)).name).toBe('b');
  });
});

describe('the current one dies during a rotation', () => {
  test('before the next is ready: the next is promoted as soon as it is, whatever the overlap', async () => {
    const theatre = await Theatre.open();
    const health = new ExecCheck(theatre.folder);
    health.healthy('a');
    theatre.start({
      web: { command, parameters, overlap: '1h', ready: { exec: health.exec, interval: '20ms' } },
    });
    await theatre.running('web');
    const rotation = theatre.rotate('web');
    await health.asked('b');
    (await theatre.puppet('a')).tell('kill', { signal: 'SIGKILL' });
    await theatre.alternate.logged(/web: a \(pid \d+\) exited \(SIGKILL\)/);
    expect(await theatre.service('web')).toMatchObject({ state: 'rotating', current: null });
    health.healthy('b');
    expect(await rotation).toMatchObject({ outcome: 'completed', from: 'a', to: 'b' });
  });

  test('in the overlap: the next is promoted at once', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web: { command, parameters, overlap: '1h' } });
    const a = await theatre.puppet('a');
    await theatre.running('web');
    const rotation = theatre.rotate('web');
    await alternate.logged(/overlap of/);
    a.tell('exit', { code: 1 });
    expect(await rotation).toMatchObject({ outcome: 'completed', from: 'a', to: 'b' });
    expect(await theatre.running('web')).toMatchObject({ current: { parameter: 'b' }, restarts: 0 });
  });
});

describe('requests during a rotation', () => {
  test('three of them become one more rotation, and each is answered', async () => {
    const theatre = await Theatre.open();
    const health = new ExecCheck(theatre.folder);
    health.healthy('a');
    health.healthy('c');
    const ready = { exec: health.exec, interval: '20ms' };
    theatre.start({ web: { command: 'sleep 300', parameters: ['a', 'b', 'c'], ready } });
    await theatre.running('web');
    const first = theatre.rotate('web');
    await health.asked('b');
    const three = [theatre.rotate('web'), theatre.rotate('web'), theatre.rotate('web')];
    await theatre.alternate.logged(/one more rotation follows/, 3);
    expect(await theatre.service('web')).toMatchObject({ state: 'rotating', pendingRotation: true });
    health.healthy('b');
    expect(await first).toMatchObject({ outcome: 'completed', to: 'b' });
    for (const outcome of await Promise.all(three))
      expect(outcome).toMatchObject({ outcome: 'completed', from: 'b', to: 'c' });
    expect(await theatre.service('web', ({ retiring }) => retiring.length === 0)).toMatchObject({
      state: 'running',
      pendingRotation: false,
      rotations: { completed: 2, failed: 0 },
    });
    expect(theatre.alternate.stderr.match(/web: started \w/g)).toHaveLength(3);
  });

  test('the parameter of an instance that is still on its way out is waited for', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web: { command, parameters, overlap: 0, stop: { timeout: 'never' } } });
    const a = await theatre.puppet('a');
    await a.do('ignore', { signal: 'SIGTERM' });
    await theatre.running('web');
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed', to: 'b' });
    const second = theatre.rotate('web');
    await alternate.logged(/waiting for a \(pid \d+\), which still uses the parameter/);
    expect(await theatre.service('web')).toMatchObject({
      state: 'rotating',
      current: { parameter: 'b' },
      next: null,
      retiring: [{ parameter: 'a' }],
    });
    expect(theatre.stage.puppets.filter(({ name }) => name === 'a')).toHaveLength(1);
    a.tell('exit');
    expect(await second).toMatchObject({ outcome: 'completed', from: 'b', to: 'a' });
  });
});
