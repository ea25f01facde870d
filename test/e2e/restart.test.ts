import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const command = Stage.command();
const parameters: [string, string] = ['a', 'b'];
/** A service that keeps the manager running when another has failed. */
const healthy = { command: 'sleep 300' };

/** What the log says about starting again, in order. */
function delays(stderr: string): string[] {
  return [...stderr.matchAll(/web: starting a again( in \S+ \(consecutive restart \d+\))?\n/g)].map(
    ([, delay = ' at once']) => delay.slice(1),
  );
}

describe('an instance that exits outside a rotation', () => {
  test('is started again with the same parameter, at once the first time', async () => {
    const theatre = await Theatre.open();
    const restart = { delay: '1h', maxDelay: '1h' };
    theatre.start({ web: { command, parameters, restart } });
    const first = await theatre.puppet('a');
    await theatre.running('web');
    first.tell('kill', { signal: 'SIGKILL' });
    const second = await theatre.puppet('a', 2);
    expect(await theatre.running('web')).toMatchObject({
      current: { parameter: 'a', pid: second.pid },
      restarts: 1,
      rotations: { completed: 0, failed: 0 },
    });
    // The second in a row has to wait; somebody who asks does not.
    second.tell('exit', { code: 1 });
    await theatre.alternate.logged(/starting a again in 1h \(consecutive restart 2\)/);
    expect(await theatre.service('web')).toMatchObject({ state: 'backoff', current: null });
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed', to: 'b' });
  });

  test('waits twice as long each time, up to maxDelay; after maxAttempts the service has failed', async () => {
    const theatre = await Theatre.open();
    const restart = { delay: '10ms', maxDelay: '50ms', maxAttempts: 6 };
    const { ended } = theatre.start({ web: { command: "sh -c 'exit 7'", parameters, restart } });
    const { code, stderr } = await until('the end of the manager', ended);
    expect(delays(stderr)).toEqual([
      'at once',
      'in 10ms (consecutive restart 2)',
      'in 20ms (consecutive restart 3)',
      'in 40ms (consecutive restart 4)',
      'in 50ms (consecutive restart 5)',
      'in 50ms (consecutive restart 6)',
    ]);
    expect(stderr).toContain('web: failed: the instance exited with code 7 (6 consecutive restarts).');
    // Nothing is left that could run.
    expect(stderr).toContain('stopping: every service has failed');
    expect(code).toBe(1);
  });

  test('having run for resetAfter ends the row', async () => {
    const theatre = await Theatre.open();
    const restart = { delay: '1h', maxDelay: '1h', resetAfter: '200ms' };
    const alternate = theatre.start({ web: { command, parameters, restart } });
    for (const count of [1, 2, 3]) {
      const puppet = await theatre.puppet('a', count);
      const { current } = await theatre.running('web');
      const startedAt = Date.parse(current?.startedAt ?? '');
      await until('a long run', () => Date.now() > startedAt + 250);
      puppet.tell('exit', { code: 1 });
    }
    await theatre.puppet('a', 4);
    expect(delays(alternate.stderr)).toEqual(['at once', 'at once', 'at once']);
  });

  test('one that cannot be started is tried again in the same way', async () => {
    const theatre = await Theatre.open();
    const restart = { delay: '1ms', maxAttempts: 100 };
    const alternate = theatre.start({ web: { command: './app', parameters, restart } });
    await alternate.logged(/cannot start a: .*\/app does not exist/, 2);
    theatre.script('app', 'exec sleep 300');
    expect(await theatre.running('web')).toMatchObject({ current: { parameter: 'a' } });
    expect(delays(alternate.stderr).slice(0, 2)).toEqual(['at once', 'in 1ms (consecutive restart 2)']);
  });
});

describe('a service that has failed', () => {
  async function failed() {
    const theatre = await Theatre.open();
    theatre.script('app', 'test -e fixed || exit 1; exec sleep 300');
    const restart = { delay: '1ms', maxAttempts: 1 };
    const alternate = theatre.start({ web: { command: './app', parameters, restart }, other: healthy });
    await theatre.service('web', ({ state }) => state === 'failed');
    expect(alternate.child.exitCode).toBeNull();
    return theatre;
  }

  test('says so in its status, and runs again when a rotation asks for it', async () => {
    const theatre = await failed();
    expect(await theatre.service('web')).toMatchObject({
      current: null,
      next: null,
      detail: 'the instance exited with code 1 (1 consecutive restart)',
    });
    theatre.write('fixed', '');
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed', from: 'a', to: 'b' });
    await theatre.running('web');
  });

  test('runs again when it is started, and has all its attempts again', async () => {
    const theatre = await failed();
    const first = await theatre.ask('POST', '/v1/services/web/start');
    expect(first.body).toMatchObject({ name: 'web' });
    await theatre.alternate.logged(/web: failed:/, 2);
    expect(delays(theatre.alternate.stderr)).toEqual(['at once', 'at once']);
    theatre.write('fixed', '');
    await theatre.ask('POST', '/v1/services/web/start');
    expect(await theatre.running('web')).toMatchObject({ current: { parameter: 'a' } });
  });
});

describe('restart policies', () => {
  test('always: an exit with 0 is followed by a restart', async () => {
    const theatre = await Theatre.open();
    theatre.start({ web: { command, parameters, restart: 'always' } });
    (await theatre.puppet('a')).tell('exit', { code: 0 });
    await theatre.puppet('a', 2);
  });

  test('on-failure: an exit with 0 is not, the service has stopped; a signal is', async () => {
    const theatre = await Theatre.open();
    theatre.start({ web: { command, parameters, restart: 'on-failure' } });
    (await theatre.puppet('a')).tell('kill', { signal: 'SIGKILL' });
    const second = await theatre.puppet('a', 2);
    await theatre.running('web');
    second.tell('exit', { code: 0 });
    expect(await theatre.service('web', ({ state }) => state === 'stopped')).toMatchObject({
      current: null,
      restarts: 1,
    });
    // Nothing has failed: the manager waits to be asked, and a rotation is not the way to ask.
    expect(await theatre.ask('POST', '/v1/services/web/rotate?wait=true')).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringContaining('stopped') as string } },
    });
    await theatre.ask('POST', '/v1/services/web/start');
    expect(await theatre.running('web')).toMatchObject({ current: { parameter: 'a' } });
  });

  test('never: a service whose instance exits with 0 has stopped, with anything else it has failed', async () => {
    const theatre = await Theatre.open();
    theatre.start({
      web: { command: 'false', parameters, restart: 'never' },
      job: { command: 'true', parameters, restart: 'never' },
    });
    expect(await theatre.service('web', ({ state }) => state === 'failed')).toMatchObject({
      restarts: 0,
      detail: 'the instance exited with code 1',
    });
    await theatre.service('job', ({ state }) => state === 'stopped');
  });

  test('the next one is not restarted when it dies in a rotation, whatever the policy', async () => {
    const theatre = await Theatre.open();
    theatre.script('app', 'test "$1" = a || exit 1; exec sleep 300');
    const alternate = theatre.start({ web: { command: './app %alt', parameters, overlap: '1h' } });
    await theatre.running('web');
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'failed', to: 'b' });
    expect(await theatre.service('web')).toMatchObject({ state: 'running', restarts: 0 });
    expect(alternate.stderr).not.toContain('again');
  });
});

test('the exit code is 1 when all services have failed, whatever the reason', async () => {
  const theatre = await Theatre.open();
  const missing = path.join(theatre.folder, 'missing');
  const restart = { maxAttempts: 1, delay: '1ms' };
  const { ended } = theatre.start({
    one: { command: missing, parameters, restart },
    two: { command: 'false', restart },
  });
  const { code, stderr } = await until('the end of the manager', ended);
  expect(code).toBe(1);
  expect(stderr).toContain(`one: failed: ${missing} does not exist (1 consecutive restart)`);
});
