/** A manager that has no free descriptor for a while: what it cannot do or see then, it does and sees afterwards. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { isThere } from './fixtures/examples.ts';

const command = Stage.command();
const parameters: [string, string] = ['a', 'b'];

/** Fewer than the manager has open: it gets none from now on. */
function takeAway(pid: number): void {
  execFileSync('prlimit', ['--pid', String(pid), '--nofile=8:']);
}

function giveBack(pid: number): void {
  execFileSync('prlimit', ['--pid', String(pid), '--nofile=1024:']);
}

describe.skipIf(!isThere('prlimit'))('without a free descriptor (needs prlimit)', () => {
  test('a process group that lives on without its leader is followed to its end', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web: { command, parameters, stop: { timeout: '1s' } } });
    const a = await theatre.puppet('a');
    await a.do('fork', { ignoreTerm: true });
    await theatre.running('web');
    await theatre.rotate('web');
    await alternate.logged(/a \(pid \d+\) exited \(code 0\); other processes of its group still run/);
    takeAway(alternate.pid);
    await alternate.logged(/killed the process group of a/);
    giveBack(alternate.pid);
    await theatre.service('web', ({ retiring }) => retiring.length === 0);
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed', to: 'a' });
    expect(await alternate.stop()).toMatchObject({ code: 0 });
    expect(alternate.stderr).not.toContain('bug');
  });

  test('a hook that cannot be started fails the rotation, and the next rotation succeeds', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web: { command, parameters, hooks: { beforeStart: 'true' } } });
    await theatre.puppet('a');
    await theatre.running('web');
    takeAway(alternate.pid);
    alternate.signal('SIGUSR1');
    await alternate.logged(/rotation a -> b failed/);
    giveBack(alternate.pid);
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed', to: 'b' });
  });

  test('a current instance that dies meanwhile is not said to go on', async () => {
    const theatre = await Theatre.open();
    const alternate = theatre.start({ web: { command, parameters } });
    const a = await theatre.puppet('a');
    await theatre.running('web');
    takeAway(alternate.pid);
    alternate.signal('SIGUSR1');
    await alternate.logged(/rotating a -> b/);
    process.kill(a.pid, 'SIGKILL');
    await alternate.logged(/a \(pid \d+\) exited \(SIGKILL\)/);
    const failed = await until('the end of the rotation', () =>
      /rotation a -> b failed.*/.exec(alternate.stderr),
    );
    expect(failed[0]).not.toContain('keeps serving');
    giveBack(alternate.pid);
    await theatre.running('web');
  });
});
