import { describe, expect, test } from 'vitest';
import { processGone } from '../support/processes.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const command = Stage.command();
const parameters: [string, string] = ['a', 'b'];
const NAMES = ['beforeStart', 'afterReady', 'beforeStop', 'afterRotate'] as const;

/** A hook that writes down what it is told: the event, its argument, and each variable. */
const NOTE = `echo "$ALTERNATE_EVENT $1: $ALTERNATE_SERVICE/$ALTERNATE_PARAMETER/$ALTERNATE_PID from $ALTERNATE_PREVIOUS_PARAMETER/$ALTERNATE_PREVIOUS_PID" >>notes`;

async function noted(theatre: Theatre, count: number): Promise<string[]> {
  await theatre.alternate.logged(/running the hook/, count);
  await theatre.alternate.logged(/rotated a -> b/);
  return theatre.read('notes').trim().split('\n');
}

test('the four of a rotation, in order, each with the instance that it is about', async () => {
  const theatre = await Theatre.open();
  theatre.script('note', NOTE);
  theatre.write('notes', '');
  // `afterRotate` also says that all is done.
  theatre.script('last', `${NOTE}; echo the last hook`);
  const hooks = {
    beforeStart: './note %alt',
    afterReady: ['./note', '%alt'] as [string, string],
    beforeStop: './note %alt',
    afterRotate: './last %alt',
  };
  const alternate = theatre.start({ web: { command, parameters, hooks } });
  const a = await theatre.puppet('a');
  await theatre.running('web');
  expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed' });
  const b = await theatre.puppet('b');
  await theatre.logged(/web:afterRotate \| the last hook/);
  expect(await noted(theatre, 6)).toEqual([
    'beforeStart a: web/a/ from /',
    `afterReady a: web/a/${a.pid} from /`,
    `beforeStart b: web/b/ from a/${a.pid}`,
    `afterReady b: web/b/${b.pid} from a/${a.pid}`,
    // About the old instance, which is about to stop.
    `beforeStop a: web/a/${a.pid} from a/${a.pid}`,
    `afterRotate b: web/b/${b.pid} from a/${a.pid}`,
  ]);
  expect(alternate.stderr).not.toContain('failed');
});

test('a hook shares folder and environment with the instance, and no shell reads its words', async () => {
  const theatre = await Theatre.open();
  theatre.write('run/a/here', '');
  theatre.write('run/b/here', '');
  theatre.script('note', 'echo "$(ls) $EXTRA $FILE $ALTERNATE_CONFIG $ALTERNATE_SOCKET <$*>"');
  theatre.write('values.env', 'FILE=from the file');
  theatre.start({
    web: {
      command: 'sleep 300',
      parameters,
      cwd: 'run/%alt',
      env: { EXTRA: 'x-%alt' },
      envFile: 'values.env',
      hooks: { afterReady: './note $HOME %%alt ; echo' },
    },
  });
  const { folder } = theatre;
  await theatre.logged(
    `web:afterReady | here x-a from the file ${folder}/alternate.config.yaml ${folder}/control.sock <$HOME %alt ; echo>\n`,
  );
});

describe.each(['beforeStart', 'afterReady'] as const)('%s', (name) => {
  test('failing, it fails the rotation and leaves the old instance alone', async () => {
    const theatre = await Theatre.open();
    theatre.script('hook', 'test "$1" = a || { echo "not with $1" >&2; exit 3; }');
    theatre.start({ web: { command, parameters, overlap: '1h', hooks: { [name]: './hook %alt' } } });
    const a = await theatre.puppet('a');
    await theatre.running('web');
    expect(await theatre.rotate('web')).toMatchObject({
      outcome: 'failed',
      to: 'b',
      reason: `the hook ${name} failed: exit code 3`,
    });
    expect(await theatre.service('web', ({ retiring }) => retiring.length === 0)).toMatchObject({
      state: 'running',
      current: { parameter: 'a', pid: a.pid },
      next: null,
    });
    await a.do('cwd');
    expect(a.signals).toEqual([]);
    // Before the start there is nothing to stop; after it, what was started is gone.
    const started = theatre.alternate.stderr.match(/web: started b/g) ?? [];
    expect(started).toHaveLength(name === 'beforeStart' ? 0 : 1);
    await theatre.logged('web:' + name + ' | not with b\n', 'stderr');
  });

  test('failing at the very first start, it is tried again with the instance', async () => {
    const theatre = await Theatre.open();
    theatre.script('hook', 'test -e fixed');
    const restart = { delay: '1ms', maxAttempts: 1000 };
    const hooks = { [name]: './hook' };
    const alternate = theatre.start({ web: { command: 'sleep 300', parameters, restart, hooks } });
    await alternate.logged(new RegExp(`the hook ${name} failed: exit code 1`), 2);
    theatre.write('fixed', '');
    expect(await theatre.running('web')).toMatchObject({ current: { parameter: 'a' } });
  });
});

test('a failing beforeStop is only reported', async () => {
  const theatre = await Theatre.open();
  const alternate = theatre.start({ web: { command, parameters, hooks: { beforeStop: 'false' } } });
  await theatre.running('web');
  expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed', to: 'b' });
  expect(alternate.stderr).toContain('web: the hook beforeStop failed: exit code 1\n');
});

test('the old instance is not stopped before beforeStop has ended', async () => {
  const theatre = await Theatre.open();
  theatre.script('hook', 'echo draining; until test -e drained; do sleep 0.02; done');
  theatre.start({ web: { command, parameters, overlap: 0, hooks: { beforeStop: './hook' } } });
  const a = await theatre.puppet('a');
  await theatre.running('web');
  const rotation = theatre.rotate('web');
  await theatre.logged(/web:beforeStop \| draining/);
  await a.do('cwd');
  expect(a.signals).toEqual([]);
  expect(await theatre.service('web')).toMatchObject({
    state: 'rotating',
    detail: 'running the hook beforeStop',
  });
  theatre.write('drained', '');
  expect(await rotation).toMatchObject({ outcome: 'completed' });
});

test.each(NAMES)('a program that is not there is a failure of %s like any other', async (name) => {
  const theatre = await Theatre.open();
  const alternate = theatre.start({
    web: { command: 'sleep 300', parameters, hooks: { [name]: 'no-such-program' }, restart: 'never' },
    other: { command: 'sleep 300' },
  });
  if (name === 'beforeStop' || name === 'afterRotate') {
    await theatre.running('web');
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed' });
  }
  await alternate.logged(
    new RegExp(`the hook ${name} failed: there is no program no-such-program in PATH\n`),
  );
});

test('a hook under way is killed, with all it has started, when the service is stopped', async () => {
  const theatre = await Theatre.open();
  theatre.script('hook', 'sleep 300 & echo $! >child; echo hanging; wait');
  const alternate = theatre.start({ web: { command, parameters, hooks: { afterReady: './hook' } } });
  await theatre.logged(/hanging/);
  expect((await alternate.stop()).code).toBe(0);
  await processGone(Number(theatre.read('child')));
});

describe('a hook that is under way when the service stops', () => {
  /** A migration that takes a moment to come to an end, and says when it has. */
  const MIGRATION = `trap 'echo tidying; until test -e tidied; do sleep 0.05; done; echo tidied up; exit 1' TERM
echo migrating; while :; do sleep 0.05; done`;

  test('gets TERM, and the manager ends after it', async () => {
    const theatre = await Theatre.open();
    theatre.script('migrate', MIGRATION);
    const alternate = theatre.start({ web: { command, parameters, hooks: { beforeStart: './migrate' } } });
    await theatre.logged('migrating');
    alternate.signal('SIGTERM');
    await theatre.logged('tidying');
    theatre.write('tidied', '');
    expect(await until('its end', alternate.ended)).toMatchObject({ code: 0 });
    expect(alternate.stdout).toContain('web:beforeStart | tidied up');
  });

  test('is killed by a second stop signal', async () => {
    const theatre = await Theatre.open();
    theatre.script('migrate', `echo $$ >pid; ${MIGRATION}`);
    const alternate = theatre.start({ web: { command, parameters, hooks: { beforeStart: './migrate' } } });
    await theatre.logged('migrating');
    alternate.signal('SIGTERM');
    await theatre.logged('tidying');
    alternate.signal('SIGINT');
    expect(await until('its end', alternate.ended)).toMatchObject({ code: 0 });
    await processGone(Number(theatre.read('pid')));
    expect(alternate.stdout).not.toContain('tidied up');
  });

  test('is waited for by the next one', async () => {
    const theatre = await Theatre.open();
    theatre.script('migrate', MIGRATION);
    theatre.start({ web: { command, parameters, hooks: { beforeStart: './migrate' } } });
    await theatre.logged('migrating');
    await theatre.ask('POST', '/v1/services/web/stop');
    void theatre.ask('POST', '/v1/services/web/start');
    await theatre.logged('tidying');
    await theatre.service('web', ({ state }) => state === 'starting');
    expect(theatre.alternate.stdout.match(/migrating/g)).toHaveLength(1);
    theatre.write('tidied', '');
    await theatre.logged(/migrating[^]*tidied up[^]*migrating/);
  });
});
