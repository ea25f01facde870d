import { chmodSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { processFacts } from '../support/processes.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const command = Stage.command();

/** Signals that a puppet has heard, without the SIGCONT that follows a stop signal. */
function heard({ signals }: { signals: readonly string[] }): string[] {
  return signals.filter((signal) => signal !== 'SIGCONT');
}

describe('1. it starts with the first parameter', () => {
  test('and SIGUSR1 starts the command of the next one beside it', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.startClassic(command, 'a', 'b', '1h');
    const a = await theatre.puppet('a');
    alternate.signal('SIGUSR1');
    const b = await theatre.puppet('b');
    await Promise.all([a.do('cwd'), b.do('cwd')]);
    expect([a.signals, b.signals]).toEqual([[], []]);
    expect(theatre.stage.puppets).toHaveLength(2);
  });

  test('one parameter is enough', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.startClassic('echo only %alt', 'one', '0');
    expect(await until('the end', alternate.ended)).toMatchObject({ code: 0, stdout: 'only one\n' });
  });
});

describe('2. after the overlap', () => {
  test('the previous one gets TERM, and the new one is current: the next rotation goes on from it', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.startClassic(command, 'a', 'b', 'c', '50ms');
    const a = await theatre.puppet('a');
    alternate.signal('SIGUSR1');
    const b = await theatre.puppet('b');
    await until('a is gone', () => a.gone);
    expect([heard(a), heard(b)]).toEqual([['SIGTERM'], []]);
    alternate.signal('SIGUSR1');
    await theatre.puppet('c');
    await until('b is gone', () => b.gone);
  });

  test('a new command that has exited meanwhile cancels the rotation, the current one stays', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.startClassic(command, 'a', 'b', '1h');
    const a = await theatre.puppet('a');
    alternate.signal('SIGUSR1');
    (await theatre.puppet('b')).tell('exit', { code: 0 });
    await alternate.logged(/rotation a -> b failed: the instance exited with code 0/);
    await a.do('cwd');
    expect(a.signals).toEqual([]);
    // And the next request starts the same one again.
    alternate.signal('SIGUSR1');
    await theatre.puppet('b', 2);
  });
});

describe('3. a SIGUSR1 is refused with a line in the log', () => {
  test('during an overlap', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.startClassic(command, 'a', 'b', 'c', '1h');
    await theatre.puppet('a');
    alternate.signal('SIGUSR1');
    const b = await theatre.puppet('b');
    alternate.signal('SIGUSR1');
    await alternate.logged(/rotation refused: /);
    // It is not kept for later either.
    b.tell('exit');
    await alternate.logged(/rotation a -> b failed/);
    expect(theatre.stage.puppets).toHaveLength(2);
  });

  test('for a parameter whose command still runs', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.startClassic(command, 'a', 'b', '0');
    const a = await theatre.puppet('a');
    await a.do('ignore', { signal: 'SIGTERM' });
    alternate.signal('SIGUSR1');
    const b = await theatre.puppet('b');
    await until('TERM for a', () => heard(a).includes('SIGTERM'));
    alternate.signal('SIGUSR1');
    await alternate.logged(/rotation refused: the command with a still runs/);
    await b.do('cwd');
    expect(heard(b)).toEqual([]);
    a.tell('exit');
    await until('a is gone', () => a.gone);
    await alternate.logged(/a \(pid \d+\) exited/);
    alternate.signal('SIGUSR1');
    await theatre.puppet('a', 2);
  });
});

describe('4. a command that cannot be started', () => {
  test('leaves the current one alone', async () => {
    const theatre = await Theatre.open();
    const app = theatre.script('app', `exec ${Stage.command('"$1"')}`);
    const alternate = theatre.startClassic('./app %alt', 'a', 'b', '50ms');
    const a = await theatre.puppet('a');
    chmodSync(app, 0o644);
    alternate.signal('SIGUSR1');
    await alternate.logged(/rotation a -> b failed: .*app is not an executable file/);
    await a.do('cwd');
    expect(a.signals).toEqual([]);
    chmodSync(app, 0o755);
    alternate.signal('SIGUSR1');
    await theatre.puppet('b');
    rmSync(app);
  });

  test('is exit code 1 when it is the very first', async () => {
    const theatre = await Theatre.open();
    const { code, stdout, stderr } = await theatre.runClassic('./missing', 'a', 'b', '15s');
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(`cannot start a: ${path.join(theatre.folder, 'missing')} does not exist`);
  });
});

describe('5. the end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s is passed on to all as TERM, and all are waited for',
    async (signal) => {
      const theatre = await Theatre.open();
      const alternate = theatre.startClassic(command, 'a', 'b', '1h');
      const a = await theatre.puppet('a');
      await a.do('ignore', { signal: 'SIGTERM' });
      alternate.signal('SIGUSR1');
      const b = await theatre.puppet('b');
      alternate.signal(signal);
      await until('b is gone', () => b.gone);
      await until('TERM for a', () => heard(a).length > 0);
      expect([heard(a), heard(b)]).toEqual([['SIGTERM'], ['SIGTERM']]);
      expect(alternate.child.exitCode).toBeNull();
      a.tell('exit', { code: 0 });
      expect(await until('the end', alternate.ended)).toMatchObject({ code: 0 });
    },
  );

  test('it exits when all commands have exited by themselves: 0 when each exited with 0', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.startClassic(command, 'a', 'b', '50ms');
    const a = await theatre.puppet('a');
    alternate.signal('SIGUSR1');
    const b = await theatre.puppet('b');
    await until('a is gone', () => a.gone);
    b.tell('exit', { code: 0 });
    expect(await until('the end', alternate.ended)).toMatchObject({ code: 0 });
  });

  test.each([
    ['exit 3', 1],
    ['kill -9 $$', 1],
    ['exit 0', 0],
  ])('with one command that does "%s" the exit code is %i', async (text, wanted) => {
    const theatre = await Theatre.open();
    expect((await theatre.runClassic(`sh -c '${text}'`, 'a', 'b', '15s')).code).toBe(wanted);
  });

  test('the exit code is 1 when any of them had another one, the last or not', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.startClassic(command, 'a', 'b', '1h');
    const a = await theatre.puppet('a');
    alternate.signal('SIGUSR1');
    (await theatre.puppet('b')).tell('exit', { code: 5 });
    await alternate.logged(/rotation a -> b failed/);
    a.tell('exit', { code: 0 });
    expect(await until('the end', alternate.ended)).toMatchObject({ code: 1 });
  });

  test('the current one exits in an overlap: the new one goes on', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.startClassic(command, 'a', 'b', '1h');
    const a = await theatre.puppet('a');
    alternate.signal('SIGUSR1');
    const b = await theatre.puppet('b');
    a.tell('exit');
    await alternate.logged(/rotated a -> b/);
    await b.do('cwd');
    expect([b.signals, alternate.child.exitCode]).toEqual([[], null]);
  });
});

describe('6. output', () => {
  test("the commands' is the program's own, its log goes to stderr with a prefix", async () => {
    const theatre = await Theatre.open();
    const said = `sh -c 'echo to stderr >&2; printf %s "no newline %%alt %alt"'`;
    const { code, stdout, stderr } = await theatre.runClassic(said, 'a', 'b', '15s');
    expect(code).toBe(0);
    expect(stdout).toBe('no newline %alt a');
    const lines = stderr.trimEnd().split('\n');
    expect(lines.filter((line) => !line.startsWith('alternate | '))).toEqual(['to stderr']);
    expect(lines.length).toBeGreaterThan(2);
  });
});

describe('7. nothing else', () => {
  test('a command that crashes is not started again', async () => {
    const theatre = await Theatre.open();
    const { stderr } = await theatre.runClassic("sh -c 'kill -9 $$'", 'a', 'b', '15s');
    expect(stderr.match(/started/g)).toHaveLength(1);
  });

  test('no KILL after TERM', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.startClassic(command, 'a', 'b', '0');
    const a = await theatre.puppet('a');
    await a.do('ignore', { signal: 'SIGTERM' });
    alternate.signal('SIGUSR1');
    await theatre.puppet('b');
    await alternate.logged(/stopping a \(pid \d+\) \(SIGTERM\)\n/);
    expect(processFacts(a.pid)).not.toBeNull();
  });

  test.each([
    ['5', /15s|unit/],
    ['-5s', /negative/],
    ['', /overlap/],
  ])('an overlap of "%s" is exit code 2', async (overlap, why) => {
    const theatre = await Theatre.open();
    const { code, stdout, stderr } = await theatre.runClassic('touch started-%alt', 'a', 'b', overlap);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(why);
    expect(() => theatre.read('started-a')).toThrow();
  });

  test.each(['1m30s', '1.5h'])('an overlap of %s is one', async (overlap) => {
    const theatre = await Theatre.open();
    expect(await theatre.runClassic('echo %alt', 'a', 'b', overlap)).toMatchObject({
      code: 0,
      stdout: 'a\n',
    });
  });

  test('neither a control socket nor a configuration is looked for', async () => {
    const theatre = await Theatre.open();
    theatre.write('alternate.config.yaml', 'this: is: no: configuration');
    const { code, stderr } = await theatre.runClassic('echo "$ALTERNATE_SOCKET"', 'a', 'b', '1s');
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/configuration|socket/);
  });
});
